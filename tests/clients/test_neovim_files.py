"""The plugin's files, and its code without a server: the help file, and how text is split."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from clients.neovim import PLUGIN, nvim_path


def run_lua(code: str) -> str:
    """What a piece of Lua prints, run by a Neovim that has the plugin on its path."""
    done = subprocess.run(
        [str(nvim_path()), "--clean", "--cmd", f"set rtp^={PLUGIN}", "-l", "-"],
        input=code,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize("path", sorted(PLUGIN.rglob("*.lua")), ids=lambda path: str(path.relative_to(PLUGIN)))
def test_each_file_is_lua(path: Path) -> None:
    run_lua(f"assert(loadfile({str(path)!r}))")


@pytest.mark.parametrize(
    ("text", "part", "taken"),
    [
        pytest.param("number * 2", "word", "number", id="word"),
        pytest.param(" * 2", "word", " *", id="space-and-mark"),
        pytest.param("\n    return", "word", "\n    return", id="over-a-line-end"),
        pytest.param("):\n", "word", "):", id="marks"),
        pytest.param("größe = 1", "word", "größe", id="umlauts"),
        pytest.param("名前 = 1", "word", "名前", id="cjk"),
        pytest.param("   ", "word", "   ", id="only-space"),
        pytest.param("one\ntwo", "line", "one", id="line"),
        pytest.param("\n\ntwo\nthree", "line", "\n\ntwo", id="line-after-line-ends"),
        pytest.param("\n", "line", "\n", id="only-a-line-end"),
        pytest.param("one\ntwo", None, "one\ntwo", id="whole"),
    ],
)
def test_splitting(text: str, part: str | None, taken: str) -> None:
    """What is taken and what is left are the text; something is always taken."""
    wanted = "nil" if part is None else f"'{part}'"
    split = f"require('cachewise.ghost').split(vim.json.decode([==[{json.dumps(text)}]==]), {wanted})"
    got, rest = json.loads(run_lua(f"io.write(vim.json.encode({{ {split} }}))"))
    assert got == taken
    assert got + rest == text


def test_help_file() -> None:
    """Its tags generate, are unique, and every command, key, option and function is in it."""
    run_lua(f"vim.cmd.helptags('{PLUGIN}/doc'); os.remove('{PLUGIN}/doc/tags')")
    text = (PLUGIN / "doc" / "cachewise.txt").read_text()
    assert max(map(len, text.splitlines())) <= 80
    assert text.splitlines()[-1].startswith(" vim:")
    tags = set(re.findall(r"\*(\S+)\*", text))
    for link in re.findall(r"\|(:?cachewise[^|]*)\|", text, re.IGNORECASE):
        assert link in tags, f"|{link}| leads nowhere"
    init = (PLUGIN / "lua" / "cachewise" / "init.lua").read_text()
    for function in re.findall(r"^function M\.(\w+)", init, re.MULTILINE):
        assert f"cachewise.{function}()" in tags
    command = (PLUGIN / "lua" / "cachewise" / "command.lua").read_text()
    for part in re.findall(r"^function parts\.(\w+)", command, re.MULTILINE):
        assert f":Cachewise-{part}" in tags
    options = (PLUGIN / "lua" / "cachewise" / "options.lua").read_text()
    for option in re.findall(r"^---@field (\w+)\?", options, re.MULTILINE):
        assert re.search(rf"\b{option}\b", text), f"the option {option} is not explained"
    defaults = json.loads(run_lua("io.write(vim.json.encode(require('cachewise.options').defaults))"))
    for name, key in [*defaults["keys"].items(), *defaults["window"].items()]:
        assert f"{name} = " in text, f"{name} is not among the options"
        if name in defaults["keys"] | {"close": "", "stop": "", "follow_up": "", "allow_once": ""} and key:
            assert re.search(rf"(?m)^    {re.escape(key)}  ", text), f"the key {key} is not explained"
    events = re.findall(r"pattern = '(Cachewise\w+)'", "".join(path.read_text() for path in PLUGIN.rglob("*.lua")))
    assert set(events) == set(re.findall(r"^User (Cachewise\w+)", text, re.MULTILINE))


def test_packadd(tmp_path: Path) -> None:
    """As a package that is added by hand: command, module, the server's configuration and help are there."""
    package = tmp_path / "pack" / "any" / "opt" / "cachewise"
    shutil.copytree(PLUGIN, package)
    code = """
        assert(vim.fn.exists(':Cachewise') == 0)
        vim.cmd.packadd('cachewise')
        assert(vim.fn.exists(':Cachewise') == 2)
        require('cachewise').setup()
        assert(vim.lsp.config.cachewise.cmd[1] == 'cachewise')
        assert(vim.lsp.is_enabled('cachewise'))
        vim.cmd('helptags ALL')
        vim.cmd.help(':Cachewise-explain')
        io.write(vim.fn.expand('%:t'))
    """
    command = [str(nvim_path()), "--clean", "--headless", "--cmd", f"set packpath^={tmp_path}", "-l", "-"]
    done = subprocess.run(command, input=code, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stderr or done.stdout) == (0, "cachewise.txt"), done.stderr


def test_lualine_recipe() -> None:
    """What the help file shows gives lualine the status text, with its percent signs doubled for the status line."""
    text = (PLUGIN / "doc" / "cachewise.txt").read_text()
    (recipe,) = re.findall(r"(?ms)^For lualine.*?>lua\n(.*?)^<", text)
    code = f"""
        local given
        package.preload.lualine = function() return {{ setup = function(options) given = options end }} end
        require('cachewise').status = function() return '$0.0100 · 96% cached' end
        {recipe}
        local shown = given.sections.lualine_x[1]()
        assert(shown == '$0.0100 · 96%% cached', shown)
        io.write(vim.api.nvim_eval_statusline(shown, {{}}).str)
    """
    assert run_lua(code) == "$0.0100 · 96% cached"


@pytest.mark.parametrize("name", ["README.md", "doc/cachewise.txt", "lsp/cachewise.lua"])
def test_configuration_that_is_shown_runs(name: str) -> None:
    """Each Lua example compiles."""
    text = (PLUGIN / name).read_text()
    text = re.sub(r"(?m)^--- ?", "", text) if name.endswith(".lua") else text
    blocks = re.findall(r"(?ms)^```lua\n(.*?)^```", text) + re.findall(r"(?m)^.*>lua\n((?:[ \t]+.*\n|\n)+)", text)
    assert blocks
    for block in blocks:
        run_lua(f"assert(load([==[{block}]==]))")

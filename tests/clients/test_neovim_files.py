"""The plugin's files, and its code without a server: generated types, the help file, and how text is split."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from cachewise.settings.editors import lua_types
from clients.neovim import PLUGIN, nvim_path

WRITE = (
    "python -c 'from cachewise.settings.editors import lua_types; print(lua_types(), end=str())'"
    " > nvim-client/lua/cachewise/settings.lua"
)


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


def test_settings_types_are_those_of_the_server() -> None:
    written = (PLUGIN / "lua" / "cachewise" / "settings.lua").read_text()
    assert written == lua_types(), f"out of date; write it anew: {WRITE}"


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


@pytest.mark.parametrize("name", ["README.md", "doc/cachewise.txt", "lsp/cachewise.lua"])
def test_configuration_that_is_shown_runs(name: str) -> None:
    """Each Lua example compiles."""
    text = (PLUGIN / name).read_text()
    text = re.sub(r"(?m)^--- ?", "", text) if name.endswith(".lua") else text
    blocks = re.findall(r"(?ms)^```lua\n(.*?)^```", text) + re.findall(r"(?m)^.*>lua\n((?:[ \t]+.*\n|\n)+)", text)
    assert blocks
    for block in blocks:
        run_lua(f"assert(load([==[{block}]==]))")

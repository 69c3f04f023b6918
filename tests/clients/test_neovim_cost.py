"""What the plugin costs Neovim: its start, and typing with the server at work."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from clients.desk import TEXT, Desk
from clients.neovim import PLUGIN, nvim_path

LINE = re.compile(r"^[\d.]+ +[\d.]+ +([\d.]+): (?:sourcing .*nvim-client/|require\('cachewise)", re.MULTILINE)
STARTED = re.compile(r"^([\d.]+) .*--- NVIM STARTED ---", re.MULTILINE)
SHARE = 0.05
RUNS = 5


def test_start(tmp_path: Path) -> None:
    """The plugin is a small share of an empty Neovim's start, and nothing is loaded that is not needed yet."""
    init, loaded = tmp_path / "init.lua", tmp_path / "loaded"
    init.write_text(f"vim.opt.runtimepath:prepend({str(PLUGIN)!r})\nrequire('cachewise').setup()\n")
    tell = (
        "lua vim.fn.writefile(vim.tbl_filter(function(name) return name:find('cachewise') or name:find('^vim.lsp')"
        f" end, vim.tbl_keys(package.loaded)), {str(loaded)!r})"
    )
    shares = []
    for run in range(RUNS):
        times = tmp_path / f"times{run}"
        command = [str(nvim_path()), "--headless", "--clean", "-u", str(init), "--startuptime", str(times), "-c", tell]
        subprocess.run([*command, "-c", "qall"], check=True, timeout=30, cwd=tmp_path)
        text = times.read_text()
        own = [float(self) for self in LINE.findall(text)]
        assert own, text
        (started,) = STARTED.findall(text)[-1:]
        shares.append(sum(own) / float(started))
    assert min(shares) < SHARE, shares
    assert sorted(loaded.read_text().split()) == ["cachewise", "cachewise.options"]


@pytest.mark.asyncio(loop_scope="module")
async def test_a_thousand_keys(shared: Desk) -> None:
    """None is lost or changed, and the server's text is the editor's to the last key."""
    words = "".join(f"x{n} = {n}\n" for n in range(1000))[:1000]
    await shared.nvim.edit("a.py", "")
    await shared.nvim.type("i")
    for key in words:
        await shared.nvim.type("<CR>" if key == "\n" else key)
    await shared.text(words)
    await shared.nvim.type("<Esc>")
    mark = len(shared.records)
    await shared.nvim.call("nvim_command", "1,2Cachewise ask Is it all there?")
    await shared.nvim.until(TEXT, lambda text: len(text) > 0)
    await shared.quiet()
    (record,) = (record for record in shared.records[mark:] if "Is it all there?" in str(record.body))
    assert record.body is not None
    sent = "".join(block["text"] for message in record.body["messages"] for block in _blocks(message["content"]))
    assert words in sent


def _blocks(content: str | list[dict[str, str]]) -> list[dict[str, str]]:
    """A message's content as blocks, whichever of its two forms it has."""
    return [{"text": content}] if isinstance(content, str) else content

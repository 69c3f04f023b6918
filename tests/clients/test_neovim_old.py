"""Neovim 0.10, which neither shows inline completions nor reads `lsp/`: everything else works."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from cachewise.simulator.script import Script
from cachewise.simulator.server import Simulator
from clients.desk import SETUP, SOURCE, STATUS_LINE, TEXT, TRIPLE
from clients.neovim import Neovim, neovim, nvim_environment, old_nvim_path


@asynccontextmanager
async def old_desk(home: Path) -> AsyncIterator[tuple[Neovim, Simulator]]:
    """Neovim 0.10 with the plugin and a file open, its server ready."""
    project = home / "project"
    async with Simulator(Script(answer="It doubles.")) as simulator:
        env = nvim_environment(home, simulator)
        async with neovim(home, project, env, SETUP, program=old_nvim_path()) as nvim:
            (project / "a.py").write_text(SOURCE)
            await nvim.call("nvim_command", "edit a.py")
            await nvim.until("local c = vim.lsp.get_clients({ bufnr = 0 })[1]; return c and c.initialized or nil")
            yield nvim, simulator


async def test_explanations_cost_and_health(tmp_path: Path) -> None:
    async with old_desk(tmp_path) as (nvim, _):
        await nvim.type("Gox<Tab>y<Esc>")
        await nvim.call("nvim_command", "1,2Cachewise explain")
        assert await nvim.until(TEXT, lambda text: text == "It doubles.")
        assert "$0.00" in await nvim.until(STATUS_LINE, lambda line: "today $" in line)
        await nvim.type("q")
        assert "x   y" in (await nvim.until(TEXT, lambda text: text.startswith("def double")))
        await nvim.call("nvim_command", "checkhealth cachewise")
        health = await nvim.until(TEXT, lambda text: "client 1" in text)
        assert "WARNING Neovim 0.10 shows no inline completions" in health
        assert "ERROR" not in health


async def test_code_actions_and_completion_items(tmp_path: Path) -> None:
    """Suggestions are among the completions, since this Neovim announces no inline completion."""
    async with old_desk(tmp_path) as (nvim, simulator):
        await nvim.type("ggVj")
        await nvim.until("return vim.api.nvim_get_mode().mode", lambda mode: mode == "V")
        only = "function(action) return action.title:find('^Explain') end"
        await nvim.lua(f"vim.lsp.buf.code_action({{ apply = true, filter = {only} }})")
        await nvim.until(TEXT, lambda text: text == "It doubles.")
        await nvim.type("q")
        await nvim.until(TEXT, lambda text: text.startswith("def double"))

        simulator.follow(Script(answer=TRIPLE))
        await nvim.type("<Esc>Godef triple<C-x><C-o>")
        await nvim.until("return vim.fn.pumvisible() == 1 or vim.fn.getline('.'):find('number') ~= nil")
        await nvim.type("<C-y>")
        await nvim.until(TEXT, lambda text: "def triple(number):" in text)

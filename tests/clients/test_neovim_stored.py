"""Neovim with the plugin, where the server gives an old answer, or none for the budget: there is a way on."""

from __future__ import annotations

from pathlib import Path

from cachewise.simulator.script import Script
from cachewise.simulator.server import Simulator
from clients.desk import SETUP, SOURCE, TEXT
from clients.neovim import Neovim, neovim, nvim_environment

PRICES = "def vat(net):\n    return net // 5\n"
BILL = "from prices import vat\n\n\ndef total(net):\n    return net + vat(net)\n"
FOOTER = """
local footer = vim.api.nvim_win_get_config(0).footer
return footer and vim.trim(table.concat(vim.tbl_map(function(chunk) return chunk[1] end, footer))) or ''
"""
LAST = "return Ends[#Ends] or ''"
"""What the progress of the last question ended with."""


CHANGE = """
local other = vim.fn.bufnr('prices.py')
vim.api.nvim_buf_set_lines(other, 1, 2, true, { '    return net // 4' })
-- Neovim keeps changes of other buffers back for a moment.
require('vim.lsp._changetracking').flush(vim.lsp.get_clients({ bufnr = other })[1], other)
"""


async def explain(nvim: Neovim, wanted: str) -> str:
    """Explain the function in a window, close that again, and return how the question ended."""
    await nvim.lua("Ends = {}")
    await nvim.call("nvim_command", "4,5Cachewise explain")
    ended = await nvim.until(LAST)
    await nvim.until(TEXT, lambda text: text == wanted)
    await nvim.type("q")
    await nvim.until("return #vim.api.nvim_list_wins()", lambda count: count == 1)
    return str(ended)


async def test_explaining_again_what_a_change_elsewhere_has_made_old(tmp_path: Path) -> None:
    """The kept answer is shown and says so; the code action asks the provider anew, and that answer is kept."""
    project = tmp_path / "project"
    (project / ".git").mkdir(parents=True)
    async with (
        Simulator(Script(answer="It adds a fifth.")) as simulator,
        neovim(tmp_path, project, nvim_environment(tmp_path, simulator), SETUP) as nvim,
    ):
        await nvim.edit("prices.py", PRICES)
        await nvim.edit("bill.py", BILL)
        assert "stored" not in await explain(nvim, "It adds a fifth.")
        assert "changed" not in await explain(nvim, "It adds a fifth.")
        await nvim.lua(CHANGE)
        assert "what it depends on has changed" in await explain(nvim, "It adds a fifth.")
        assert len(simulator.requests) == 1

        simulator.follow(Script(answer="It adds a quarter."))
        await nvim.call("nvim_win_set_cursor", 0, [4, 5])
        only = "filter = function(action) return action.title:find('again') ~= nil end"
        await nvim.lua(f"vim.lsp.buf.code_action({{ apply = true, {only} }})")
        await nvim.until(TEXT, lambda text: text == "It adds a quarter.")
        await nvim.type("q")
        await nvim.until("return #vim.api.nvim_list_wins()", lambda count: count == 1)
        assert "changed" not in await explain(nvim, "It adds a quarter.")
        assert len(simulator.requests) == 2


async def test_allowing_once_what_a_budget_forbids(tmp_path: Path) -> None:
    """Nothing is sent before the key is pressed, and the next question is forbidden again."""
    setup = SETUP.replace("setup()", "setup({ settings = { budget = { perRequestUsd = 0.0001 } } })")
    async with (
        Simulator(Script(answer="It doubles.")) as simulator,
        neovim(tmp_path, tmp_path / "project", nvim_environment(tmp_path, simulator), setup) as nvim,
    ):
        await nvim.edit("a.py", SOURCE)
        await nvim.call("nvim_command", "1,2Cachewise ask What does it do?")
        refused = await nvim.until(TEXT, lambda text: text.strip().endswith("*"))
        assert "budget.perRequestUsd" in refused
        await nvim.until(FOOTER, lambda text: text == "over budget · a sends it all the same, once")
        assert simulator.requests == []
        await nvim.type("a")
        await nvim.until(TEXT, lambda text: text == f"{refused}\nIt doubles.")
        await nvim.until(FOOTER, lambda text: text.startswith("ask · "))
        await nvim.type("a<CR>Why?<CR>")
        await nvim.until(FOOTER, lambda text: text.startswith("over budget"))
        assert len(simulator.requests) == 1

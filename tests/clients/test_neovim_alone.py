"""`lsp/cachewise.lua` alone, in the real Neovim: `vim.lsp.enable('cachewise')` and nothing else."""

from __future__ import annotations

from pathlib import Path

from cachewise.simulator.script import Script
from cachewise.simulator.server import Simulator
from clients.desk import REST, SOURCE, START, TEXT, TRIPLE
from clients.neovim import neovim, nvim_environment

INIT = """
vim.g.loaded_cachewise = true  -- keeps the plugin out
vim.lsp.enable('cachewise')
vim.keymap.set('i', '<Tab>', function()
  return vim.lsp.inline_completion.get() and '' or '<Tab>'
end, { expr = true })
Ends = {}
vim.api.nvim_create_autocmd('LspProgress', {
  pattern = 'end',
  callback = function(event) table.insert(Ends, event.data.params.value.message) end,
})
"""
EXPLANATION = """
local window = vim.fn.bufwinid('explanation.md')
return window < 0 and '' or table.concat(vim.fn.getbufline(vim.fn.winbufnr(window), 1, '$'), '\\n')
"""


async def test_one_file_is_enough(tmp_path: Path) -> None:
    """Ghost text, accepting it, an explanation by code action, the readout of its cost, and the status."""
    async with Simulator(Script(answer=TRIPLE)) as simulator:
        env = nvim_environment(tmp_path, simulator)
        async with neovim(tmp_path, tmp_path / "project", env, INIT) as nvim:
            await nvim.edit("a.py", SOURCE)
            await nvim.type("Godef triple")
            await nvim.ghost(lambda ghost: ghost == REST)
            await nvim.type("<Tab>")
            await nvim.until(TEXT, lambda text: text == START + REST)
            await nvim.status(lambda status: status["session"]["accepted"] == 1)

            simulator.follow(Script(answer="It **doubles** a number."))
            await nvim.type("<Esc>ggVj")
            await nvim.until("return vim.api.nvim_get_mode().mode", lambda mode: mode == "V")
            only = "function(action) return action.title:find('^Explain') end"
            await nvim.lua(f"vim.lsp.buf.code_action({{ apply = true, filter = {only} }})")
            await nvim.until(EXPLANATION, lambda text: "It **doubles** a number." in text)
            (end,) = await nvim.until("return Ends", lambda ends: len(ends) > 0)
            assert end.startswith("explain · ")
            assert "$" in end
            assert await nvim.lua("return package.loaded.cachewise == nil")


async def test_who_types_while_the_server_starts_gets_a_suggestion(tmp_path: Path) -> None:
    """Without a further key once it is there."""
    async with Simulator(Script(answer=TRIPLE)) as simulator:
        env = nvim_environment(tmp_path, simulator)
        async with neovim(tmp_path, tmp_path / "project", env, INIT) as nvim:
            path = tmp_path / "project" / "a.py"
            path.write_text(SOURCE)
            await nvim.call("nvim_command", f"edit {path}")
            await nvim.type("Godef triple")
            await nvim.until(TEXT, lambda text: text == START)
            await nvim.ghost(lambda ghost: ghost == REST)

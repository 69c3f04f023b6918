"""Neovim, the server it started and the provider behind it, with the gestures of a user."""

from __future__ import annotations

from dataclasses import dataclass

from cachewise.simulator.records import Record
from cachewise.simulator.script import Script
from cachewise.simulator.server import Simulator
from clients.neovim import Neovim

SETUP = """
require('cachewise').setup()
vim.o.statusline = "%f %{v:lua.require'cachewise'.status()}"
vim.o.laststatus = 3
Ends, Answers = {}, {}
vim.api.nvim_create_autocmd('LspProgress', {
  pattern = 'end',
  callback = function(event) table.insert(Ends, event.data.params.value.message) end,
})
vim.api.nvim_create_autocmd('User', {
  pattern = 'CachewiseAnswer',
  callback = function(event) table.insert(Answers, event.data.result) end,
})
"""
SOURCE = "def double(number):\n    return number * 2\n\n\n"
TRIPLE = "def triple(number):\n    return number * 3\n"
START = SOURCE + "def triple"
REST = "(number):\n    return number * 3"
"""What `Desk.suggest` types, and what is then suggested."""
TEXT = "return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\\n')"
OTHER = """
Executed = {}
vim.lsp.start({ name = 'other', root_dir = vim.fn.getcwd(), cmd = function()
  return {
    request = function(method, params, callback)
      local result = vim.NIL
      if method == 'initialize' then
        result = { capabilities = {
          inlineCompletionProvider = { other = true }, executeCommandProvider = { commands = { 'other.taken' } },
        } }
      elseif method == 'textDocument/inlineCompletion' then
        local command = { title = 'Taken', command = 'other.taken', arguments = { 'a', 'b' } }
        local place = { start = params.position, ['end'] = params.position }
        result = { items = { { insertText = '(other)', range = place, command = command } } }
      elseif method == 'workspace/executeCommand' then
        table.insert(Executed, params.arguments)
      end
      vim.schedule(function() callback(nil, result) end)
      Number = (Number or 0) + 1
      return true, Number
    end,
    notify = function() return true end,
    is_closing = function() return false end,
    terminate = function() end,
  }
end }, { bufnr = 0 })
"""
"""A second server, in Neovim itself, which always suggests the same."""
STATUS_LINE = "return vim.api.nvim_eval_statusline(vim.o.statusline, {}).str"


@dataclass
class Desk:
    """A user's desk."""

    nvim: Neovim
    simulator: Simulator
    _sources: int = 0

    def source(self) -> str:
        """Source that was not asked about before: a kept answer would stand in for the simulator's."""
        self._sources += 1
        return SOURCE.replace("number", f"number_{self._sources}")

    async def clear(self) -> None:
        """Close everything, and let the provider do nothing special."""
        self.simulator.follow(Script())
        await self.nvim.type("<Esc><Esc>")
        await self.nvim.until("return vim.api.nvim_get_mode().mode", lambda mode: mode == "n")
        await self.nvim.lua("vim.cmd('silent! only!'); vim.cmd('silent! %bwipeout!'); Ends, Answers = {}, {}")
        await self.nvim.lua("require('cachewise.options').set()")
        await self.quiet()

    async def quiet(self) -> None:
        """Wait until the provider has no request in work."""
        await self.simulator.until(lambda: all(record.ended_at is not None for record in self.records))

    async def suggest(self, wanted: str, source: str = SOURCE) -> str:
        """Type the head of a function into a new file, and wait until all of this is suggested behind it."""
        self.simulator.follow(Script(answer=TRIPLE))
        self._sources += 1  # the server keeps suggestions, by file
        await self.nvim.edit(f"a{self._sources}.py", source)
        await self.nvim.type("Godef triple")
        return await self.nvim.ghost(lambda ghost: ghost == wanted)

    async def text(self, wanted: str) -> None:
        """Wait until the buffer holds exactly this text."""
        await self.nvim.until(TEXT, lambda text: text == wanted)

    @property
    def records(self) -> list[Record]:
        return self.simulator.requests

    def cost(self) -> float:
        """What the simulator charged for everything so far, in dollars."""
        return float(self.simulator.account()["cost"])

"""The real Neovim, driven by its RPC: what its tests type, ask and wait for.

A Neovim here has the plugin's folder on its runtime path, a home of its own, and only the variables that the tests'
server gets; it starts the server itself, as a user's does.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cachewise.simulator.server import Simulator
from clients.msgpack import Incomplete, pack, unpack
from support.server import environment

ROOT = Path(__file__).parents[2]
PLUGIN = ROOT / "nvim-client"
DEADLINE = 15.0
"""Seconds until something that should happen counts as never happening."""
POLL = 0.01
GHOST = """
local found = {}
for _, name in ipairs({ 'nvim.lsp.inline_completion', 'cachewise.remainder' }) do
  local space = vim.api.nvim_get_namespaces()[name]
  for _, mark in ipairs(space and vim.api.nvim_buf_get_extmarks(0, space, 0, -1, { details = true }) or {}) do
    local lines = { mark[4].virt_text }
    vim.list_extend(lines, mark[4].virt_lines or {})
    local text = vim.tbl_map(function(line)
      return table.concat(vim.tbl_map(function(chunk) return chunk[1] end, line))
    end, lines)
    table.insert(found, table.concat(text, '\\n'))
  end
end
return table.concat(found, '|')
"""


class NvimError(Exception):
    """Neovim answered a call with an error."""


def nvim_path() -> Path:
    """The Neovim to drive.

    Raises:
        AssertionError: there is none; says how to get it.
    """
    path = Path(os.environ.get("CACHEWISE_NVIM") or ROOT / ".cache" / "neovim" / "usr" / "bin" / "nvim")
    assert path.exists(), f"There is no Neovim at {path}. Run tools/neovim.sh, which puts it there."
    return path


def old_nvim_path() -> Path:
    """A Neovim 0.10.

    Raises:
        AssertionError: there is none; says how to get it.
    """
    path = ROOT / ".cache" / "neovim-old" / "usr" / "bin" / "nvim"
    assert path.exists(), f"There is no Neovim at {path}. Run tools/neovim.sh --old, which puts it there."
    return path


@dataclass
class Neovim:
    """A running Neovim."""

    process: asyncio.subprocess.Process
    home: Path
    workspace: Path
    notified: Callable[[str, list[Any]], None] = lambda method, arguments: None
    """Called with what Neovim tells without being asked, such as changed lines of a buffer."""
    _calls: dict[int, asyncio.Future[Any]] = field(default_factory=dict)
    _number: int = 0

    async def call(self, method: str, *arguments: Any) -> Any:
        """One call of Neovim's API."""
        self._number += 1
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._calls[self._number] = answer
        assert self.process.stdin is not None
        self.process.stdin.write(pack([0, self._number, method, list(arguments)]))
        return await asyncio.wait_for(answer, DEADLINE)

    async def lua(self, code: str, *arguments: Any) -> Any:
        """The value that a piece of Lua returns."""
        return await self.call("nvim_exec_lua", code, list(arguments))

    async def until(self, code: str, fits: Callable[[Any], bool] = bool, *arguments: Any) -> Any:
        """The first value of a piece of Lua that fits.

        Raises:
            AssertionError: none did in time; shows the last one.
        """
        value: Any = None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DEADLINE):
                while True:
                    value = await self.lua(code, *arguments)
                    if fits(value):
                        return value
                    await asyncio.sleep(POLL)
        raise AssertionError(f"never so: {code.strip()}\nlast value: {value!r}\nmessages: {await self.messages()}")

    async def type(self, keys: str) -> None:
        """Press keys, written as in a mapping."""
        await self.call("nvim_input", keys)

    async def edit(self, name: str, text: str) -> Path:
        """Open a file of the workspace with this text, and wait until the server has taken it."""
        path = self.workspace / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        await self.call("nvim_command", f"edit {path}")
        await self.attached()
        return path

    async def attached(self) -> int:
        """The id of the server's client at the current buffer, once there is one that is ready."""
        client: int = await self.until(
            "local c = vim.lsp.get_clients({ bufnr = 0, name = 'cachewise' })[1]\n"
            "return c and c.initialized and not c:is_stopped() and c.id or nil"
        )
        return client

    async def status(self, fits: Callable[[dict[str, Any]], bool] = bool) -> dict[str, Any]:
        """The first status message of the server that fits."""
        found: dict[str, Any] = await self.until("return vim.g.cachewise_status", lambda s: bool(s) and fits(s))
        return found

    async def ghost(self, fits: Callable[[str], bool] = bool) -> str:
        """The first ghost text that fits: what is shown behind the cursor, lines and all."""
        text: str = await self.until(GHOST, fits)
        return text

    async def text(self) -> str:
        """The text of the current buffer."""
        return "\n".join(await self.call("nvim_buf_get_lines", 0, 0, -1, False))

    async def messages(self) -> str:
        """What Neovim has told its user."""
        told = await self.call("nvim_exec2", "messages", {"output": True})
        return str(told["output"])

    @property
    def log(self) -> str:
        """The log of Neovim's LSP clients, with all that the server wrote to its standard error."""
        path = self.home / "state" / "nvim" / "lsp.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def leave(self) -> None:
        """Tell Neovim to end. It answers by ending."""
        assert self.process.stdin is not None
        self.process.stdin.write(pack([2, "nvim_command", ["qall!"]]))

    async def read(self) -> None:
        """Take in answers until Neovim ends."""
        assert self.process.stdout is not None
        pending = b""
        while chunk := await self.process.stdout.read(65536):
            pending += chunk
            with contextlib.suppress(Incomplete):
                while pending:
                    message, end = unpack(pending)
                    pending = pending[end:]
                    self._take(message)

    def _take(self, message: list[Any]) -> None:
        if message[0] == 1:
            _, number, error, value = message
            answer = self._calls.pop(number)
            if answer.done():
                return
            if error is None:
                answer.set_result(value)
            else:
                answer.set_exception(NvimError(str(error)))
        elif message[0] == 2:
            self.notified(message[1], message[2])


def nvim_environment(
    home: Path, simulator: Simulator | None, more: Mapping[str, str | None] | None = None
) -> dict[str, str]:
    """The variables of a Neovim whose server is this checkout's."""
    env = environment(home, simulator, more)
    env["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{env['PATH']}"
    return {**env, "NVIM_LOG_FILE": str(home / "nvim.log"), "LANG": "C.UTF-8", "TERM": "xterm-256color"}


@asynccontextmanager
async def neovim(
    home: Path, workspace: Path, env: Mapping[str, str], init: str, *, program: Path | None = None
) -> AsyncIterator[Neovim]:
    """A Neovim without a screen. `init` is its `init.lua`, after the plugin is on the runtime path."""
    workspace.mkdir(parents=True, exist_ok=True)
    script = home / "init.lua"
    script.parent.mkdir(parents=True, exist_ok=True)
    script.write_text(f"vim.opt.runtimepath:prepend({str(PLUGIN)!r})\nvim.o.swapfile = false\n{init}\n")
    process = await asyncio.create_subprocess_exec(
        *(str(program or nvim_path()), "--embed", "--headless", "--clean", "-u", str(script)),
        stdin=PIPE,
        stdout=PIPE,
        env=dict(env),
        cwd=workspace,
    )
    nvim = Neovim(process=process, home=home, workspace=workspace)
    reading = asyncio.create_task(nvim.read())
    try:
        yield nvim
        told = await nvim.messages()
        assert not re.search(r"Error|\bE\d+:", told), told
    except BaseException:
        print(f"--- Neovim's LSP log\n{nvim.log[-6000:]}\n---")  # noqa: T201
        raise
    finally:
        if process.returncode is None:
            nvim.leave()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), 5)
        if process.returncode is None:
            process.kill()
            await process.wait()
        await reading
    for sign in ("Traceback", "was never awaited", "never retrieved", "ResourceWarning"):
        assert sign not in nvim.log, nvim.log[-6000:]

"""A terminal of tmux's, in which a program runs and whose screen can be looked at."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

POLL = 0.02
DEADLINE = 40.0
CONFIG = """
set -g default-terminal tmux-256color
set -ga terminal-features ",*:RGB"
set -g status off
set -sg escape-time 5
"""


@dataclass
class Terminal:
    """A running terminal."""

    socket: Path

    async def tmux(self, *arguments: str) -> str:
        """The output of a command to tmux."""
        process = await asyncio.create_subprocess_exec(
            *("tmux", "-S", str(self.socket), *arguments),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        assert process.returncode == 0, err.decode()
        return out.decode()

    async def type(self, *keys: str) -> None:
        """Press keys, in tmux's names; other words are typed as they are."""
        await self.tmux("send-keys", *keys)

    async def screen(self, *, colours: bool = False) -> str:
        """What is to be seen; with the escape sequences of its colours if wanted."""
        return await self.tmux("capture-pane", "-p", *(["-e"] if colours else []))

    async def pid(self) -> int:
        """The process in the terminal."""
        return int(await self.tmux("display-message", "-p", "#{pane_pid}"))

    async def until(self, fits: Callable[[str], bool], *, colours: bool = False) -> str:
        """The first screen that fits.

        Raises:
            AssertionError: none did in time; shows the last one.
        """
        screen = ""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DEADLINE):
                while True:
                    screen = await self.screen(colours=colours)
                    if fits(screen):
                        return screen
                    await asyncio.sleep(POLL)
        raise AssertionError(f"the screen never looked so; it is:\n{screen}")


@asynccontextmanager
async def terminal(
    folder: Path, env: Mapping[str, str], cwd: Path, *command: str, columns: int = 100
) -> AsyncIterator[Terminal]:
    """A terminal of 30 lines with a program in it, and nothing of the user's own tmux."""
    assert shutil.which("tmux"), "There is no tmux. Run tools/system.sh, which installs it."
    config = folder / "tmux.conf"
    config.write_text(CONFIG)
    t = Terminal(socket=folder / "tmux.sock")
    process = await asyncio.create_subprocess_exec(
        *("tmux", "-S", str(t.socket), "-f", str(config), "new-session", "-d"),
        *("-x", str(columns), "-y", "30", "-c", str(cwd)),
        *command,
        env={**env, "COLORTERM": "truecolor"},
    )
    assert await process.wait() == 0
    try:
        yield t
    finally:
        with contextlib.suppress(AssertionError):
            await t.tmux("kill-server")

"""A Neovim with the plugin in a terminal, as its user sees it: what stands there, and what of it is ghost text."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from cachewise.simulator.server import Simulator
from clients.desk import SETUP, SOURCE
from clients.neovim import PLUGIN, nvim_environment, nvim_path
from clients.terminal import DEADLINE, Terminal, terminal

GHOST_COLOUR = "38;2;18;52;86"
"""Of nothing else on the screen."""
INIT = f"""
vim.opt.runtimepath:prepend({str(PLUGIN)!r})
vim.o.swapfile = false
vim.o.termguicolors = true
"""
COLOUR = "vim.api.nvim_set_hl(0, 'ComplHint', { fg = '#123456' })\n"
SEQUENCE = re.compile(r"\x1b\[([0-9;]*)m|\x1b\([AB0]|[\x0e\x0f]")


def in_colour(screen: str, colour: str = GHOST_COLOUR) -> str:
    """What a captured screen shows in a foreground colour, line by line, without lines that have none of it."""
    found, now = [], ""
    for line in screen.split("\n"):
        shown, at = "", 0
        for sequence in [*SEQUENCE.finditer(line), None]:
            end = len(line) if sequence is None else sequence.start()
            shown += line[at:end] if now == colour else ""
            if sequence is not None:
                at, now = sequence.end(), _foreground(now, sequence[1])
        found += [shown.rstrip()] if shown.strip() else []
    return "\n".join(found)


def _foreground(now: str, codes: str | None) -> str:
    """The foreground colour after a sequence of escape codes."""
    if codes is None:
        return now
    parts = codes.split(";") if codes else ["0"]
    while parts:
        code = parts.pop(0)
        if code in ("38", "48"):
            count = 4 if parts[:1] == ["2"] else 2
            rest, parts = parts[:count], parts[count:]
            now = ";".join([code, *rest]) if code == "38" else now
        elif code in ("0", "39"):
            now = ""
        elif code.isdigit() and (30 <= int(code) <= 37 or 90 <= int(code) <= 97):
            now = code
    return now


@dataclass
class Screen:
    """The terminal, and the provider behind its Neovim."""

    t: Terminal
    simulator: Simulator
    project: Path

    async def ghost(self, fits: Callable[[str], bool]) -> str:
        """The first ghost text that fits."""
        return in_colour(await self.t.until(lambda screen: fits(in_colour(screen)), colours=True))

    async def shows(self, *texts: str) -> str:
        """The first screen that has all of these."""
        return await self.t.until(lambda screen: all(text in screen for text in texts))

    async def command(self, text: str) -> None:
        """Run a command of Neovim's from any mode."""
        await self.t.type("Escape")
        await self.t.type(f":{text}", "Enter")

    async def reload(self) -> None:
        """Begin with the file anew."""
        (self.project / "a.py").write_text(SOURCE)
        await self.command("edit!")
        await self.t.until(lambda shown: "def triple" not in shown)

    async def written(self) -> str:
        """What the file holds once it is saved. The screen is the same, with the ghost text in it."""
        await self.command("write")
        await self.shows("written")
        return (self.project / "a.py").read_text()

    async def bill(self) -> Decimal:
        """What the provider billed, once the status line shows exactly that for this server."""
        await self.quiet()
        billed = Decimal(self.simulator.account()["cost"])
        await self.t.until(lambda screen: f"${billed:.4f} ·" in screen.splitlines()[-2])
        return billed

    async def quiet(self) -> None:
        """Wait until the provider has no request in work."""
        requests = self.simulator.requests
        await self.simulator.until(lambda: all(record.ended_at is not None for record in requests), DEADLINE)


@asynccontextmanager
async def screen(
    home: Path,
    simulator: Simulator,
    *,
    name: str = "one",
    text: str = SOURCE,
    init: str = SETUP,
    env: Mapping[str, str | None] | None = None,
    columns: int = 100,
) -> AsyncIterator[Screen]:
    """A Neovim that has opened `a.py` of the project, whose server has told its status.

    Args:
        home: Of the user.
        simulator: The provider.
        name: Tells two Neovims of one user apart.
        text: Of the file.
        init: What is in `init.lua` behind the plugin's folder.
        env: Further variables; None takes one out.
        columns: Of the terminal.
    """
    project, folder = home / "project", home / name
    for made in (project, folder):
        made.mkdir(parents=True, exist_ok=True)
    (project / "a.py").write_text(text)
    script = folder / "init.lua"
    script.write_text(INIT + init + COLOUR)
    command = (str(nvim_path()), "--clean", "-u", str(script), "a.py")
    async with terminal(folder, nvim_environment(home, simulator, env), project, *command, columns=columns) as t:
        shown = Screen(t, simulator, project)
        await t.until(lambda text: "today $" in text.splitlines()[-2])
        yield shown

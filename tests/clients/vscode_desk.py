"""VS Code, the server it started and the provider behind it, with what its tests do again and again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from cachewise.simulator.records import Record
from cachewise.simulator.script import Script
from cachewise.simulator.server import Simulator
from clients.vscode import vscode, vscode_environment
from clients.workbench import DEADLINE, Workbench, workbench

SOURCE = "def double(number):\n    return number * 2\n\n\n"
TRIPLE = "def triple(number):\n    return number * 3\n"
HEAD, REST = "def triple", "(number):\n    return number * 3"
"""What `Desk.suggest` types, and what is then suggested."""
PATIENCE = 4.0
"""Seconds without a sign until the last key is pressed again."""
_numbers = count()


@dataclass
class Desk:
    """A user's desk."""

    window: Workbench
    simulator: Simulator

    async def clear(self) -> None:
        """Close everything, and let the provider do nothing special."""
        await self.window.close_all()
        self.simulator.follow(Script())
        await self.quiet()

    async def quiet(self) -> None:
        """Wait until the provider has no request in work."""
        await self.until(lambda: all(record.ended_at is not None for record in self.records))

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait for something at the provider, as long as a busy machine may need."""
        await self.simulator.until(holds, DEADLINE)

    async def source(self) -> Path:
        """Open a file with source that was not asked about before: a kept answer would stand in for the provider's."""
        number = next(_numbers)
        return await self.window.open(f"s{number}.py", SOURCE.replace("number", f"number_{number}"))

    async def suggest(self, script: Script | None = None, wanted: str = REST) -> Path:
        """Type the head of a function into a new file, and wait until all of this is suggested behind it."""
        self.simulator.follow(script or Script(answer=TRIPLE))
        path = await self.window.open(f"g{next(_numbers)}.py", SOURCE)
        await self.type_until_asked(HEAD)
        await self.window.ghost(lambda ghost: ghost == wanted)
        return path

    async def type_until_asked(self, text: str, sign: Callable[[], Awaitable[object]] | None = None) -> None:
        """Type into a file that was just opened, the last key again until there is a suggestion, or another sign.

        VS Code makes the part of an editor that asks for suggestions when it has time, and until then asks nobody.
        """
        await self.window.type(text)
        while not await self.window.soon(sign or self.window.shown, within=PATIENCE):
            await self.window.press("Backspace")
            await self.window.type(text[-1])

    async def explain(self, script: Script) -> Path:
        """Ask by key for an explanation of the first definition of a new file."""
        self.simulator.follow(script)
        path = await self.source()
        await self.window.press("Control+Home", "Control+Alt+e")
        return path

    async def paid(self) -> str:
        """The status item, once it shows what the simulator charged, to the digit."""
        await self.quiet()
        try:
            return await self.window.status(lambda text: self.bill in text)
        except AssertionError as error:
            bills = "\n".join(f"{record.number}: {record.outcome}, {record.charge}" for record in self.records)
            raise AssertionError(f"{error}\nThe bill is {self.bill}:\n{bills}") from None

    @property
    def bill(self) -> str:
        """All that the simulator charged, as it is shown."""
        return f"${float(self.simulator.account()['cost']):.4f}"

    @property
    def records(self) -> list[Record]:
        return self.simulator.requests


@asynccontextmanager
async def vscode_desk(home: Path, settings: Mapping[str, Any] | None = None, **more: str | None) -> AsyncIterator[Desk]:
    """A VS Code beside a simulated provider. `more` are variables; one that is None is left out."""
    async with (
        Simulator() as simulator,
        vscode(home, vscode_environment(home, simulator, more), settings=settings) as editor,
    ):
        async with workbench(editor, ready=lambda text: "$" in text) as window:
            yield Desk(window, simulator)
        ended = [line for line in editor.server_log.splitlines() if "Traceback" in line or "never awaited" in line]
        assert not ended, editor.server_log
    await asyncio.sleep(0)
    assert not editor.servers(), "a server outlives its editor"

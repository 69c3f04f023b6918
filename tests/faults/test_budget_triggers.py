"""An editor gone wild: completions asked for as fast as two servers take them, before and after a restart.

Whatever comes in, the provider never bills more than the day's budget. `CACHEWISE_TRIGGERS` sets how many; 10,000 for
the long run.
"""

from __future__ import annotations

import asyncio
import os
from decimal import Decimal
from pathlib import Path

import pytest

from cachewise.simulator.script import Script
from support.server import Desk, desk, python_module

TRIGGERS = int(os.environ.get("CACHEWISE_TRIGGERS", "300"))
CAP = 0.06
DOCUMENTS = 6
FUNCTIONS = 40
OPTIONS = {"budget": {"perDayUsd": CAP}, "completion": {"debounceMs": 0, "offline": "off"}}


async def fire(d: Desk, name: str, triggers: int) -> None:
    """Ask at so many places, in several documents at once, by typing and by hand in turn."""
    uris = [d.open(f"{name}{number}.py", python_module(FUNCTIONS, f"{name}{number}")) for number in range(DOCUMENTS)]

    async def type_in(uri: str, count: int) -> None:
        for number in range(count):
            line = 4 + 8 * (number % FUNCTIONS) + 2 + number % 3
            d.edit(uri, line, 4, "xyz"[number % 3])
            await d.complete(uri, line, 5, kind=1 + number % 2)

    await asyncio.gather(*(type_in(uri, triggers // DOCUMENTS) for uri in uris))
    await d.quiet()


def billed(d: Desk) -> Decimal:
    """What the provider charged for everything that reached it."""
    return sum((record.cost for record in d.records if record.cost is not None), Decimal(0))


@pytest.mark.timeout(120 + TRIGGERS // 5)
async def test_no_number_of_triggers_spends_more_than_the_budget(tmp_path: Path) -> None:
    script = Script(answer="result = 1\n")
    async with (
        desk(script, home=tmp_path, options=OPTIONS) as one,
        desk(script, home=tmp_path, options=OPTIONS) as other,
    ):
        await asyncio.gather(fire(one, "one", TRIGGERS * 2 // 5), fire(other, "other", TRIGGERS * 2 // 5))
        spent = billed(one) + billed(other)
        sent = len(one.records) + len(other.records)
        assert Decimal(CAP) / 4 < spent <= Decimal(CAP)
        assert sent < TRIGGERS * 2 // 5, "nothing was refused"
        status = await one.status(lambda s: "budget" in s["message"])
        assert status["health"] != "ok"
    async with desk(script, home=tmp_path, options=OPTIONS) as again:
        await fire(again, "again", TRIGGERS // 5)
        assert spent + billed(again) <= Decimal(CAP)
        status = await again.status(lambda s: s["today"]["costUsd"] > 0)
        assert status["today"]["costUsd"] <= CAP

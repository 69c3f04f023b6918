"""Two processes write to one ledger and are killed at any moment: what was acknowledged is there, and the sums fit.

`CACHEWISE_KILLS` sets how many kills; 200 for the long run.
"""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
import sys
from decimal import Decimal
from pathlib import Path

from cachewise.ledger.journal import FILE_NAME, Journal

TESTS = Path(__file__).parents[1]


async def start(path: Path, seed: int) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "support.ledger_writer", str(path), str(seed)),
        cwd=TESTS,
        stdout=asyncio.subprocess.PIPE,
    )


async def kill_after(process: asyncio.subprocess.Process, lines: int) -> list[str]:
    """Kill the process once it has acknowledged so many entries; whatever it acknowledged counts."""
    assert process.stdout is not None
    acknowledged = [await process.stdout.readline() for _ in range(lines)]
    process.kill()
    acknowledged += (await process.stdout.read()).splitlines(keepends=True)
    await process.wait()
    # The kill may have cut the last line off in the middle.
    return [line.decode() for line in acknowledged if line.endswith(b"\n")]


async def test_kills_lose_no_acknowledged_entry(tmp_path: Path) -> None:
    path = tmp_path / "state" / FILE_NAME
    acknowledged: dict[str, Decimal] = {}
    for number in range(max(int(os.environ.get("CACHEWISE_KILLS", "20")) // 2, 1)):
        chance = random.Random(number)
        pair = [await start(path, 2 * number), await start(path, 2 * number + 1)]
        for lines in await asyncio.gather(*(kill_after(process, chance.randint(1, 30)) for process in pair)):
            assert lines, f"round {number} acknowledged nothing"
            for line in lines:
                name, cost = line.split()
                acknowledged[name] = Decimal(cost)

    journal = Journal(path)
    assert await journal.sync(10)
    assert journal.problem is None
    totals = journal.sums().whole.totals
    assert await journal.aclose(10)

    connection = sqlite3.connect(path)
    found = {name: Decimal(pico).scaleb(-12) for name, pico in connection.execute("SELECT id, cost_pico FROM entries")}
    checked = connection.execute("PRAGMA integrity_check").fetchone()
    connection.close()
    assert checked == ("ok",)
    assert {name: found.get(name) for name in acknowledged} == acknowledged
    assert totals.requests == len(found)
    assert abs(totals.cost - sum(found.values())) < Decimal("1e-9")

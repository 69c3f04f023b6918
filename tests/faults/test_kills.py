"""Two processes write to one answer cache and one ledger, and are killed at any moment, again and again.

What was acknowledged is there, nothing is wrong, and the ledger's sums are those of its entries. `CACHEWISE_KILLS` sets
how many kills; 200 for the long run.
"""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
import sys
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import pytest

from cachewise.answers.disk import DiskStore
from cachewise.answers.memory import MemoryStore
from cachewise.answers.tiers import Tiers
from cachewise.ledger.journal import Journal
from support.writer import folders, text

TESTS = Path(__file__).parents[1]
KILLS = int(os.environ.get("CACHEWISE_KILLS", "20"))
PATIENT = 30.0

pytestmark = pytest.mark.usefixtures("patient")


@dataclass
class Pair:
    """Two lanes of processes: in each, one writes until it is killed, and then the next one does."""

    home: Path
    kills: int = 0
    answers: set[str] = field(default_factory=set)
    entries: dict[str, Decimal] = field(default_factory=dict)
    killed: set[int] = field(default_factory=set)
    running: dict[str, asyncio.subprocess.Process] = field(default_factory=dict)

    async def lane(self, name: str) -> None:
        chance = random.Random(name)
        number = 0
        while self.kills < KILLS:
            process = self.running[name] = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "support.writer", str(self.home), f"{name}{number}"),
                cwd=TESTS,
                stdout=asyncio.subprocess.PIPE,
            )
            kind, count = chance.choice(("answer", "entry")), chance.randint(1, 20)
            await self.listen(process, kind, count, also_others=chance.random() < 0.3)
            # Nothing ends such a process but a kill: by this lane, or by the other one that took both along.
            assert process.returncode == -9, f"{name}{number} ended by itself ({process.returncode})"
            self.kills += 1
            number += 1

    async def listen(self, process: asyncio.subprocess.Process, kind: str, count: int, *, also_others: bool) -> None:
        """Kill the process once it has acknowledged so many of a kind; whatever it has acknowledged counts."""
        assert process.stdout is not None
        async for line in process.stdout:
            if not line.endswith(b"\n"):
                break  # the kill has cut it off in the middle
            self.take(line.decode().split())
            count -= line.startswith(kind.encode())
            if count == 0:
                for one in self.running.values() if also_others else (process,):
                    self.kill(one)
        await process.wait()

    def kill(self, process: asyncio.subprocess.Process) -> None:
        """Once only: `kill` would reap one that is dead already, before asyncio learns how it ended."""
        if process.pid not in self.killed:
            self.killed.add(process.pid)
            process.kill()

    def take(self, words: list[str]) -> None:
        if words[0] == "answer":
            self.answers.add(words[1])
        else:
            self.entries[words[1]] = Decimal(words[2])


@pytest.mark.timeout(120 + 3 * KILLS)
async def test_two_killed_writers_lose_no_acknowledged_entry_and_leave_none_wrong(tmp_path: Path) -> None:
    pair = Pair(tmp_path)
    await asyncio.gather(pair.lane("one"), pair.lane("other"))
    print(f"{pair.kills} kills, {len(pair.answers)} answers and {len(pair.entries)} entries acknowledged")  # noqa: T201
    assert pair.kills >= KILLS
    assert len(pair.answers) > KILLS
    assert len(pair.entries) > KILLS
    await check_answers(folders(tmp_path)[0], pair.answers)
    await check_ledger(folders(tmp_path)[1], pair.entries)


async def check_answers(folder: Path, acknowledged: set[str]) -> None:
    store = DiskStore(folder, size_limit=1 << 34)
    assert await store.check() == ()
    tiers = Tiers(MemoryStore(), (store,))
    connection = sqlite3.connect(folder / "cache.db")
    keys = {row[0] for row in connection.execute("SELECT key FROM Cache")}
    files = {row[0] for row in connection.execute("SELECT filename FROM Cache WHERE filename IS NOT NULL")}
    connection.close()
    assert acknowledged <= keys
    for key in keys:
        found = await tiers.get(key, deadline=PATIENT)
        assert found is not None, key
        assert found.envelope.answer == {"text": text(key)}, key
    await store.sweep(minimum_age=0)
    assert {str(path.relative_to(folder)) for path in folder.rglob("*.val")} == files, "the sweep takes orphans only"
    assert not list(folder.parent.glob("answers.broken-*"))
    await tiers.aclose()


async def check_ledger(path: Path, acknowledged: dict[str, Decimal]) -> None:
    journal = Journal(path)
    assert await journal.sync(PATIENT)
    assert journal.problem is None
    totals = journal.sums().whole.totals
    assert await journal.aclose(PATIENT)
    connection = sqlite3.connect(path)
    found = {name: Decimal(pico).scaleb(-12) for name, pico in connection.execute("SELECT id, cost_pico FROM entries")}
    checked = connection.execute("PRAGMA integrity_check").fetchone()
    connection.close()
    assert checked == ("ok",)
    assert {name: found.get(name) for name in acknowledged} == acknowledged
    assert totals.requests == len(found)
    assert totals.cost == sum(found.values())
    assert not list(path.parent.glob("*.damaged-*"))

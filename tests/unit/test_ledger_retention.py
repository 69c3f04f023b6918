"""How long the ledger keeps entries: what is forgotten when, and that nothing else goes with it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from cachewise.ledger.journal import Journal
from cachewise.ledger.meter import Entry
from cachewise.ledger.rows import Offer
from cachewise.ledger.store import Store
from support.ledger import HeldClock, rows, usage

WAIT = 10.0
DAY = 86_400.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "ledger.sqlite3"


@pytest.fixture
async def keeping(path: Path) -> AsyncIterator[Callable[[int, HeldClock], Journal]]:
    made: list[Journal] = []

    def one(days: int, clock: HeldClock) -> Journal:
        made.append(Journal(path, clock.clock, retention_days=days))
        return made[-1]

    yield one
    for journal in made:
        await journal.aclose(WAIT)


Keeping = Callable[[int, HeldClock], Journal]


async def fill(journal: Journal, clock: HeldClock, ages: tuple[float, ...]) -> None:
    with journal._inbox.wake:  # so that the thread finds them all at once, and not some before it prunes and some after
        for age in ages:
            moment = clock.moment - age * DAY
            journal.append(Entry(id=f"{age:g}", time=moment, usage=usage(cost="0.001")))
            journal.offer(Offer(id=f"o{age:g}", time=moment, shown=1))
    assert await journal.sync(WAIT)


def kept(path: Path, table: str = "entries") -> set[str]:
    return {row[0] for row in rows(path, f"SELECT id FROM {table}")}


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        pytest.param(0, {"0", "5", "29", "401", "4000"}, id="for ever"),
        pytest.param(1, {"0"}, id="a day"),
        pytest.param(5, {"0", "5"}, id="a day counts as a whole"),
        pytest.param(400, {"0", "5", "29"}, id="the default"),
    ],
)
async def test_old_entries_are_forgotten(path: Path, keeping: Keeping, days: int, expected: set[str]) -> None:
    clock = HeldClock()
    await fill(keeping(days, clock), clock, (0, 5, 29, 401, 4000))
    assert kept(path) == expected
    assert kept(path, "offers") == {f"o{age}" for age in expected}


async def test_pruning_is_done_once_a_day(path: Path, keeping: Keeping) -> None:
    clock = HeldClock()
    journal = keeping(5, clock)
    await fill(journal, clock, (0,))
    await fill(journal, clock, (8,))
    assert kept(path) == {"0", "8"}
    clock.tick(DAY)
    assert await journal.sync(WAIT)
    assert kept(path) == {"0"}


async def test_sums_of_the_days_that_stay_do_not_change(keeping: Keeping) -> None:
    clock = HeldClock()
    journal = keeping(10, clock)
    await fill(journal, clock, (0, 3, 10, 11, 29))
    assert journal.sums().whole.totals.requests == 3
    assert journal.today().requests == 1
    assert len(journal.sums().days) == 3


async def test_a_failure_to_prune_loses_nothing_and_is_tried_again(
    path: Path, keeping: Keeping, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = HeldClock()
    journal = keeping(5, clock)

    def fail(self: Store, before: float) -> int:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(Store, "prune", fail)
    await fill(journal, clock, (0, 8))
    assert journal.problem is None
    assert kept(path) == {"0", "8"}
    monkeypatch.undo()
    await asyncio.sleep(0)
    await fill(journal, clock, (1,))
    assert kept(path) == {"0", "1"}

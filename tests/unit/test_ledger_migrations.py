"""The ledger's file: from every earlier version to the newest, what an entry keeps, and what is forgotten when."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cachewise.ledger.journal import Journal
from cachewise.ledger.ledger import Ledger
from cachewise.ledger.meter import Entry
from cachewise.ledger.prices import Prices
from cachewise.ledger.rows import Offer
from cachewise.ledger.store import MIGRATIONS, Store
from cachewise.model.events import UsageReport
from cachewise.model.usage import Tokens
from support.ledger import HAIKU, HeldClock, plan, traits, usage

WAIT = 10.0
DAY = 86_400.0
FIRST_ROW = (
    *("old", HeldClock().moment, "p", "explain", "openai:a", "provider", "complete"),
    *(100, 50, 0, None, 10, 5_000_000_000, "billed", 1_000_000_000, 300.0, 1900.0, None, None),
)
"""An entry as version 1 wrote it: 19 columns."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "ledger.sqlite3"


def file_of(path: Path, version: int) -> None:
    """A file as that version of cachewise left it, with one entry."""
    path.parent.mkdir(mode=0o700)
    connection = sqlite3.connect(path)
    for script in MIGRATIONS[:version]:
        connection.executescript(script)
    if version:
        marks = ", ".join("?" * len(FIRST_ROW))
        columns = [row[1] for row in connection.execute("PRAGMA table_info(entries)")][: len(FIRST_ROW)]
        connection.execute(f"INSERT INTO entries ({', '.join(columns)}) VALUES ({marks})", FIRST_ROW)
    connection.execute(f"PRAGMA user_version={version}")
    connection.commit()
    connection.close()


def rows(path: Path, query: str) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


@pytest.mark.parametrize("version", range(len(MIGRATIONS) + 1))
async def test_every_earlier_version_is_read_and_written(path: Path, version: int) -> None:
    file_of(path, version)
    clock = HeldClock()
    journal = Journal(path, clock.clock)
    journal.append(Entry(id="new", time=clock.moment, usage=usage(cost="0.002"), workspace="app 1a2b3c", route="Azure"))
    assert await journal.sync(WAIT)
    assert journal.problem is None
    assert journal.today().cost == Decimal("0.002") + (Decimal("0.005") if version else 0)
    assert await journal.aclose(WAIT)
    assert rows(path, "PRAGMA user_version") == [(len(MIGRATIONS),)]
    found = rows(path, "SELECT id, workspace, route FROM entries ORDER BY id")
    assert found == [("new", "app 1a2b3c", "Azure")] + ([("old", None, None)] if version else [])


def test_migrations_in_one_step_or_in_many_make_the_same_tables(tmp_path: Path) -> None:
    schemas = []
    for version in range(len(MIGRATIONS) + 1):
        path = tmp_path / str(version) / "ledger.sqlite3"
        file_of(path, version)
        store = Store(path)
        store.open()
        store.close()
        schemas.append(sorted(rows(path, "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL")))
    assert all(schema == schemas[0] for schema in schemas)


def test_two_servers_may_migrate_at_once(path: Path) -> None:
    file_of(path, 1)
    failures: list[BaseException] = []
    start = threading.Barrier(4)

    def open_it() -> None:
        store = Store(path)
        start.wait()
        try:
            store.open()
            store.close()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert rows(path, "PRAGMA user_version") == [(len(MIGRATIONS),)]
    assert rows(path, "SELECT id FROM entries") == [("old",)]


def test_an_index_serves_what_is_asked_often(path: Path) -> None:
    file_of(path, len(MIGRATIONS))
    for query in (
        "SELECT SUM(cost_pico) FROM entries WHERE time >= 1 AND time < 2",
        "SELECT SUM(pico) FROM reservations WHERE day = 'x'",
        "DELETE FROM entries WHERE time < 1",
    ):
        [step] = rows(path, f"EXPLAIN QUERY PLAN {query}")
        assert "INDEX" in step[3], f"{query}: {step[3]}"


async def test_a_meters_entry_keeps_workspace_and_route_also_when_its_bill_comes_late(path: Path) -> None:
    clock = HeldClock()
    ledger = Ledger(Prices(clock.clock), Journal(path, clock.clock), clock.clock)
    meter = ledger.start(
        feature="explain", plan=plan(), traits=traits(), model=HAIKU, session_id="w", workspace="app 1a2b3c"
    )
    meter.delta("text")
    meter.finish("cancelled")
    assert await ledger.flush(WAIT)
    query = "SELECT workspace, route, cost_source FROM entries"
    assert rows(path, query) == [("app 1a2b3c", None, "estimated")]
    meter.amend(UsageReport(tokens=Tokens(input=9, output=1), billed=Decimal("0.1"), upstream="Amazon Bedrock"))
    ledger.record(usage(source="answers", cost="0"), "app 1a2b3c")
    assert await ledger.aclose()
    assert sorted(rows(path, query), key=str) == [
        ("app 1a2b3c", "Amazon Bedrock", "billed"),
        ("app 1a2b3c", None, "billed"),
    ]


async def test_names_from_outside_are_made_harmless(path: Path) -> None:
    clock = HeldClock()
    journal = Journal(path, clock.clock)
    name = "evil\x1b[31m\nname\udc80" + "x" * 500
    journal.append(Entry(id="e", time=clock.moment, usage=usage(model=name), workspace=name, route=name))
    assert await journal.aclose(WAIT)
    [(model, workspace, route)] = rows(path, "SELECT model, workspace, route FROM entries")
    assert model == workspace == route
    assert model.startswith("evil?[31m?name?")
    assert len(model) == 120


# Retention


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

"""The ledger's file: from every earlier version to the newest, what an entry keeps."""

from __future__ import annotations

import multiprocessing
import multiprocessing.synchronize
import os
import sqlite3
import time
from decimal import Decimal
from pathlib import Path

import pytest

from cachewise.ledger import migrations
from cachewise.ledger.journal import Journal
from cachewise.ledger.ledger import Ledger
from cachewise.ledger.meter import Entry
from cachewise.ledger.migrations import MIGRATIONS
from cachewise.ledger.prices import Prices
from cachewise.ledger.store import Store
from cachewise.model.events import UsageReport
from cachewise.model.usage import Tokens
from support.ledger import HAIKU, HeldClock, plan, rows, traits, usage

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


def open_all(start: multiprocessing.synchronize.Barrier, paths: list[Path]) -> None:
    """What each of many servers does: open every file at the moment when the others do."""
    for path in paths:
        store = Store(path)
        start.wait(60)
        store.open()
        store.close()


def test_many_servers_may_migrate_at_once(tmp_path: Path) -> None:
    """Of two that switch a file to WAL at once, SQLite refuses one without waiting; about one in 200 openings."""
    servers, rounds = 8, int(os.environ.get("CACHEWISE_KILLS", "40"))
    paths = [tmp_path / str(number) / "ledger.sqlite3" for number in range(rounds)]
    for number, path in enumerate(paths):
        file_of(path, number % len(MIGRATIONS))
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(servers)
    processes = [context.Process(target=open_all, args=(start, paths)) for _ in range(servers)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * servers
    for number, path in enumerate(paths):
        assert rows(path, "PRAGMA user_version") == [(len(MIGRATIONS),)]
        assert rows(path, "SELECT id FROM entries") == ([("old",)] if number % len(MIGRATIONS) else [])


def test_a_lock_that_sqlite_does_not_wait_for_is_waited_for(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file_of(path, 1)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    waited: list[float] = []

    def let_go(seconds: float) -> None:
        waited.append(seconds)
        other.rollback()

    monkeypatch.setattr(time, "sleep", let_go)
    monkeypatch.setattr(migrations, "BUSY_MS", 0)
    store = Store(path)
    store.open()
    store.close()
    assert len(waited) == 1
    other.close()


def test_a_lock_that_stays_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file_of(path, 1)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    monkeypatch.setattr(migrations, "BUSY_MS", 0)
    monkeypatch.setattr(migrations, "OPEN_SECONDS", 0)
    store = Store(path)
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        store.open()
    other.close()
    store.open()
    store.close()


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

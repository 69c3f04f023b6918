"""What can happen to the ledger's file, and that no figure and no caller suffers from it."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from cachewise.ledger import inbox as inbox_module
from cachewise.ledger import writer as writer_module
from cachewise.ledger.journal import Journal
from cachewise.ledger.meter import Entry
from cachewise.ledger.migrations import MIGRATIONS, Damaged
from cachewise.ledger.rows import Offer
from cachewise.ledger.store import Store
from cachewise.model.usage import Tokens, Totals
from support.ledger import HeldClock, usage

WAIT = 10.0


def entry(number: int = 0, *, at: float | None = None, **fields: Any) -> Entry:
    made = usage(**fields)
    return Entry(id=f"e{number}", time=HeldClock().moment if at is None else at, usage=made)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "ledger.sqlite3"


@pytest.fixture
async def make(path: Path) -> AsyncIterator[Callable[[], Journal]]:
    """Journals on one file, as servers of one user have them."""
    made: list[Journal] = []

    def one(clock: HeldClock | None = None) -> Journal:
        made.append(Journal(path, (clock or HeldClock()).clock))
        return made[-1]

    yield one
    for journal in made:
        await journal.aclose(WAIT)


Make = Callable[..., Journal]


def garbage(path: Path) -> None:
    path.write_bytes(b"this is no database, whatever its name says" * 100)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


def zeroed(path: Path) -> None:
    path.write_bytes(bytes(100) + path.read_bytes()[100:])


def no_tables(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.executescript("DROP TABLE entries")
    connection.close()


@pytest.mark.parametrize("damage", [garbage, cut, zeroed, no_tables])
async def test_a_damaged_file_is_put_aside(make: Make, path: Path, damage: Callable[[Path], None]) -> None:
    first = make()
    first.append(entry(1))
    assert await first.aclose(WAIT)
    damage(path)
    journal = make()
    journal.append(entry(2))
    assert await journal.sync(WAIT)
    assert journal.problem is not None
    assert "damaged" in journal.problem
    assert journal.today().requests == 1
    assert len([file for file in path.parent.iterdir() if "damaged" in file.name and file.suffix == ".sqlite3"]) == 1
    again = make()
    assert await again.sync(WAIT)
    assert again.today().requests == 1
    assert again.problem is None


async def test_two_servers_make_one_new_file_of_a_damaged_one(make: Make, path: Path) -> None:
    path.parent.mkdir()
    garbage(path)
    one, other = make(), make()
    one.append(entry(1))
    other.append(entry(2))
    assert all(await asyncio.gather(one.sync(WAIT), other.sync(WAIT)))
    again = make()
    assert await again.sync(WAIT)
    assert again.today().requests == 2


async def test_a_deleted_file_is_made_again(make: Make, path: Path) -> None:
    journal = make()
    journal.append(entry(1))
    assert await journal.sync(WAIT)
    for file in path.parent.iterdir():
        file.unlink()
    path.parent.rmdir()
    journal.append(entry(2))
    assert await journal.sync(WAIT)
    assert path.exists()


async def test_a_newer_file_is_left_alone(make: Make, path: Path) -> None:
    path.parent.mkdir()
    connection = sqlite3.connect(path)
    connection.executescript(f"CREATE TABLE future (x); PRAGMA user_version={len(MIGRATIONS) + 1}")
    connection.close()
    journal = make()
    journal.append(entry())
    assert not await journal.sync(WAIT)
    assert journal.problem is not None
    assert "newer" in journal.problem
    assert journal.today().requests == 1
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("future",)]
    connection.close()


async def test_a_locked_file_is_written_later(make: Make, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cachewise.ledger.migrations.BUSY_MS", 1)
    monkeypatch.setattr("cachewise.ledger.migrations.OPEN_SECONDS", 0.01)
    assert await make().sync(WAIT)
    lock = sqlite3.connect(path, isolation_level=None)
    lock.execute("BEGIN EXCLUSIVE")
    journal = make()
    journal.append(entry())
    assert not await journal.sync(WAIT)
    assert journal.problem is not None
    assert "locked" in journal.problem
    assert journal.today().requests == 1
    lock.execute("ROLLBACK")
    lock.close()
    assert await journal.sync(WAIT)
    assert journal.problem is None
    again = make()
    assert await again.sync(WAIT)
    assert again.today().requests == 1


async def test_a_locked_file_is_tried_again_without_being_asked(
    make: Make, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cachewise.ledger.migrations.BUSY_MS", 1)
    monkeypatch.setattr("cachewise.ledger.migrations.OPEN_SECONDS", 0.01)
    monkeypatch.setattr(writer_module, "RETRY_SECONDS", 0.01)
    assert await make().sync(WAIT)
    lock = sqlite3.connect(path, isolation_level=None)
    lock.execute("BEGIN EXCLUSIVE")
    journal = make()
    changes: asyncio.Queue[str | None] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def changed() -> None:
        loop.call_soon_threadsafe(changes.put_nowait, journal.problem)

    journal.when_changed(changed)
    journal.append(entry())
    assert "locked" in (await asyncio.wait_for(changes.get(), WAIT) or "")
    lock.execute("ROLLBACK")
    lock.close()
    while await asyncio.wait_for(changes.get(), WAIT) is not None:
        pass
    assert await journal.sync(WAIT)


@pytest.mark.parametrize("obstacle", ["a file", "a link"])
async def test_what_can_not_be_opened_costs_no_figures(make: Make, path: Path, obstacle: str) -> None:
    if obstacle == "a file":
        path.parent.write_text("in the way")
    else:
        path.parent.mkdir()
        path.symlink_to("/dev/full")
    journal = make()
    journal.append(entry(1))
    journal.append(entry(2))
    assert not await journal.sync(WAIT)
    assert journal.problem is not None
    assert journal.today().requests == 2
    assert not await journal.aclose(WAIT)


async def test_a_full_disk_is_survived(make: Make, path: Path) -> None:
    """SQLite's own page limit stands in for the disk's: the same error, at the same place."""
    journal = make()
    journal.append(entry(0))
    assert await journal.sync(WAIT)
    connection = sqlite3.connect(path)
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.close()
    store_open = Store.open

    def small(self: Store) -> None:
        store_open(self)
        assert self._connection is not None
        self._connection.execute(f"PRAGMA max_page_count={pages if full else 2**30}")

    full = True
    patch = pytest.MonkeyPatch()
    patch.setattr(Store, "open", small)
    try:
        for number in range(1, 400):
            journal.append(entry(number))
        assert not await journal.sync(WAIT)
        assert journal.problem is not None
        assert "full" in journal.problem
        assert journal.today().requests == 400
        full = False
        assert await journal.sync(WAIT)
        assert journal.problem is None
        assert journal.today().requests == 400
    finally:
        patch.undo()


async def test_memory_is_bounded_while_nothing_can_be_written(
    make: Make, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox_module, "KEPT_IN_MEMORY", 10)
    path.parent.write_text("in the way")
    journal = make()
    for number in range(50):
        journal.append(entry(number))
    assert not await journal.sync(WAIT)
    for number in range(50, 60):
        journal.append(entry(number))
    assert journal.today().requests == 60
    path.parent.unlink()
    assert await journal.sync(WAIT)
    assert journal.today().requests == 60
    again = make()
    assert await again.sync(WAIT)
    assert 10 <= again.today().requests < 60


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param({"cost": "1e30"}, lambda totals: totals.cost > 9000, id="a bill beyond all sense"),
        pytest.param(
            {"tokens": Tokens(input=10**30, cache_read=0)}, lambda totals: totals.input_tokens == 2**53, id="tokens"
        ),
        pytest.param({"model": "local:\ud800"}, lambda totals: totals.requests == 1, id="a name that is no text"),
    ],
)
async def test_nonsense_from_a_provider_does_no_harm(
    make: Make, fields: dict[str, Any], expected: Callable[[Totals], bool]
) -> None:
    journal = make()
    journal.append(entry(1, **fields))
    assert await journal.sync(WAIT)
    assert journal.problem is None
    assert expected(journal.today())


async def test_nothing_waits_for_a_file_that_hangs(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = threading.Event()
    store_open = Store.open

    def hang(self: Store) -> None:
        go_on.wait(WAIT)
        store_open(self)

    monkeypatch.setattr(Store, "open", hang)
    journal = make()
    journal.append(entry())
    assert not await journal.sync(0.01)
    assert journal.today().requests == 1
    go_on.set()
    assert await journal.sync(WAIT)


async def test_after_the_end_nothing_starts_again(make: Make) -> None:
    journal = make()
    assert await journal.aclose(WAIT)
    journal.append(entry())
    assert not await journal.sync(WAIT)
    assert journal.today().requests == 1
    for thread in threading.enumerate():
        if thread.name == "cachewise-ledger":
            thread.join(WAIT)  # it says that it is done just before it is
            assert not thread.is_alive()


async def test_what_is_being_written_is_not_given_up(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox_module, "KEPT_IN_MEMORY", 3)
    written, go_on = threading.Event(), threading.Event()
    store_write = Store.write

    def slow(self: Store, items: Sequence[Entry | Offer]) -> None:
        store_write(self, items)
        written.set()
        go_on.wait(WAIT)

    monkeypatch.setattr(Store, "write", slow)
    journal = make()
    journal.append(entry(0))
    assert await asyncio.to_thread(written.wait, WAIT)
    for number in range(1, 6):
        journal.append(entry(number))
    go_on.set()
    assert await journal.sync(WAIT)
    assert journal.today().requests == 6
    again = make()
    assert await again.sync(WAIT)
    assert again.today().requests == 6


def test_only_the_file_that_was_found_damaged_is_put_aside(path: Path) -> None:
    path.parent.mkdir()
    garbage(path)
    one, other = Store(path), Store(path)
    for store in (one, other):
        with pytest.raises(Damaged):
            store.open()
    assert one.quarantine() is not None
    one.write([entry(1)])
    assert other.quarantine() is None
    other.write([entry(2)])
    assert one.sums(0).whole.totals.requests == 2
    one.close()
    other.close()

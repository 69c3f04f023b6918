"""The ledger's SQLite file: its tables, writing entries, reading sums, and what to do when it is damaged.

Everything here blocks, and is called from one thread only (`journal.py`). An entry holds figures, the names of the
model, the feature, the route and the workspace folder, and nothing else: no text, no paths.
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cachewise.ledger.clock import local_day
from cachewise.ledger.meter import Entry
from cachewise.ledger.reservations import Reservation, Verdict, reserve
from cachewise.ledger.rows import ENTRY_COLUMNS, OFFERS, SUMS, Offer, Release, entry_row, merge_row, offer_row
from cachewise.ledger.totals import Sums

if TYPE_CHECKING:
    import sqlite3

BUSY_MS = 500
"""How long a write waits for another server's; after that it is tried again later."""
MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE entries (
        id TEXT PRIMARY KEY, time REAL NOT NULL, process TEXT NOT NULL,
        feature TEXT NOT NULL, model TEXT NOT NULL, source TEXT NOT NULL, outcome TEXT NOT NULL,
        input INTEGER, cache_read INTEGER, cache_write INTEGER, cache_write_1h INTEGER, output INTEGER,
        cost_pico INTEGER, cost_source TEXT NOT NULL, saved_pico INTEGER,
        first_token_ms REAL, total_ms REAL NOT NULL, miss_reason TEXT, miss_tokens INTEGER
    ) WITHOUT ROWID;
    CREATE INDEX entries_by_time ON entries (time);
    CREATE TABLE offers (
        id TEXT PRIMARY KEY, time REAL NOT NULL, process TEXT NOT NULL,
        shown INTEGER NOT NULL, accepted INTEGER NOT NULL, characters INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX offers_by_time ON offers (time);
    """,
    """
    ALTER TABLE entries ADD COLUMN workspace TEXT;
    ALTER TABLE entries ADD COLUMN route TEXT;
    CREATE TABLE reservations (
        id TEXT PRIMARY KEY, day TEXT NOT NULL, process TEXT NOT NULL, pico INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX reservations_by_day ON reservations (day);
    """,
    """
    ALTER TABLE offers ADD COLUMN typed INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE offers ADD COLUMN rejected INTEGER NOT NULL DEFAULT 0;
    """,
)
"""What leads from each version of the file to the next; the file's `user_version` counts them. Only ever append."""


class Damaged(Exception):
    """The file is no ledger any more."""


class TooNew(Exception):
    """The file was written by a later version of cachewise and is left alone."""


class Store:
    """The open file. Raises `sqlite3.OperationalError` or `OSError` for what may pass, `Damaged` for what won't."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._process = uuid.uuid4().hex
        self._connection: sqlite3.Connection | None = None
        self._inode = 0

    def open(self) -> None:
        """Open the file, or make it; open it anew if it was moved away or deleted under us."""
        import sqlite3

        if self._connection is not None and self._inode == _inode(self._path):
            return
        self.close()
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._path.parent.stat().st_mode & 0o077:
            self._path.parent.chmod(0o700)
        # SQLite gives the files beside it the mode of this one.
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600))
        self._inode = _inode(self._path)
        connection = sqlite3.connect(self._path, timeout=BUSY_MS / 1000, isolation_level=None)
        connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
        try:
            for pragma in ("mmap_size=0", "trusted_schema=OFF", "journal_mode=WAL", "synchronous=NORMAL"):
                connection.execute(f"PRAGMA {pragma}")
            _migrate(connection)
        except BaseException as error:
            connection.close()
            raise _named(error) from error
        self._connection = connection

    def close(self) -> None:
        """Close the file, if it is open."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def write(self, items: Sequence[Entry | Offer | Release]) -> None:
        """Commit them together. What has the id of an earlier one takes its place, and that of its reservation."""
        entries = [entry_row(item, self._process) for item in items if isinstance(item, Entry)]
        offers = [offer_row(item, self._process) for item in items if isinstance(item, Offer)]
        settled = [(item.id,) for item in items if not isinstance(item, Offer)]
        marks = ", ".join("?" * len(ENTRY_COLUMNS.split(",")))
        with self._transaction() as connection:
            connection.executemany(f"INSERT OR REPLACE INTO entries ({ENTRY_COLUMNS}) VALUES ({marks})", entries)  # noqa: S608
            connection.executemany("INSERT OR REPLACE INTO offers VALUES (?, ?, ?, ?, ?, ?, ?, ?)", offers)
            connection.executemany("DELETE FROM reservations WHERE id = ?", settled)

    def reserve(self, wanted: Sequence[Reservation]) -> list[Verdict]:
        """Grant or refuse them in their order, as one step that no other server can come between."""
        with self._transaction() as connection:
            return reserve(connection, wanted, self._process)

    def prune(self, before: float) -> int:
        """Forget entries and offers from before a moment; how many entries that were."""
        with self._transaction() as connection:
            gone = connection.execute("DELETE FROM entries WHERE time < ?", (before,)).rowcount
            connection.execute("DELETE FROM offers WHERE time < ?", (before,))
            return gone

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Hold the file's one write lock; commit at the end, or roll back."""
        connection = self._open_connection()
        try:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        except Exception as error:
            raise _named(error) from error

    def sums(self, start: float, end: float | None = None) -> Sums:
        """The sums of all servers' entries from `start` to before `end` (None: open), by local day."""
        sums = Sums()
        window = (start, 9e99 if end is None else end)
        # One day needs no date arithmetic per row, which is most of the work.
        day = "date(time, 'unixepoch', 'localtime')" if end is not None else f"'{local_day(start)}'"
        try:
            rows = self._open_connection().execute(SUMS.format(day=day), window).fetchall()
            offers = self._open_connection().execute(OFFERS.format(day=day), window).fetchall()
            for row in rows:
                merge_row(sums, row)
        except Exception as error:
            raise _named(error) from error
        for name, *counts in offers:
            sums.offer(str(name), *map(int, counts))
        return sums

    def version(self) -> tuple[int, int]:
        """What another server's writing changes: which file it is, and SQLite's count of the changes by others."""
        try:
            (count,) = self._open_connection().execute("PRAGMA data_version").fetchone()
        except Exception as error:
            raise _named(error) from error
        return self._inode, int(count)

    def rows(self, query: str, parameters: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
        """The rows of any other query, read as they are asked for."""
        try:
            yield from self._open_connection().execute(query, parameters)
        except Exception as error:
            raise _named(error) from error

    def quarantine(self) -> Path | None:
        """Move the damaged file aside, so that a new one can be made; None if another server has done so already."""
        seen = self._inode
        self.close()
        if _inode(self._path) != seen:
            return None
        stamp = time.strftime("%Y%m%dT%H%M%S")
        aside = self._path.with_name(f"{self._path.stem}.damaged-{stamp}-{uuid.uuid4().hex[:6]}{self._path.suffix}")
        for tail in ("", "-wal", "-shm"):
            source = Path(f"{self._path}{tail}")
            if source.exists():
                source.rename(f"{aside}{tail}")
        return aside

    def _open_connection(self) -> sqlite3.Connection:
        self.open()
        assert self._connection is not None  # open has set it
        return self._connection


def _migrate(connection: sqlite3.Connection) -> None:
    """Bring the file to the newest version. Two servers may do so at once: the version is read under the lock."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version == len(MIGRATIONS):
        return
    if version > len(MIGRATIONS):
        raise TooNew
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        for number, script in enumerate(MIGRATIONS[version:], version + 1):
            for statement in filter(str.strip, script.split(";")):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version={number}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _named(error: BaseException) -> BaseException:
    """Tell damage from what may pass: a lock, a full disk, missing rights."""
    import sqlite3

    if not isinstance(error, sqlite3.Error):
        return error
    # A plain SQLITE_ERROR is a missing table or column here: the statements themselves are right.
    damaged = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)
    return Damaged(str(error)) if getattr(error, "sqlite_errorcode", 0) & 0xFF in damaged else error


def _inode(path: Path) -> int:
    try:
        return path.stat().st_ino
    except OSError:
        return 0

"""The ledger's SQLite file: writing entries, reading sums, and what to do when it is damaged.

Everything here blocks, and is called from one thread only (`journal.py`). An entry holds figures, the names of the
model, the feature, the route and the workspace folder, and nothing else: no text, no paths. Not here: its tables
(`migrations.py`).
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
from cachewise.ledger.migrations import connect, named
from cachewise.ledger.reservations import Reservation, Verdict, reserve, verdicts_on
from cachewise.ledger.rows import ENTRY_COLUMNS, OFFERS, SUMS, Offer, Release, entry_row, merge_row, offer_row
from cachewise.ledger.totals import Sums

if TYPE_CHECKING:
    import sqlite3


class Store:
    """The open file. Raises `sqlite3.OperationalError` or `OSError` for what may pass, `Damaged` for what won't."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._process = uuid.uuid4().hex
        self._connection: sqlite3.Connection | None = None
        self._inode = 0

    def open(self) -> None:
        """Open the file, or make it; open it anew if it was moved away or deleted under us."""
        if self._connection is not None and self._inode == _inode(self._path):
            return
        self.close()
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._path.parent.stat().st_mode & 0o077:
            self._path.parent.chmod(0o700)
        # SQLite gives the files beside it the mode of this one.
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600))
        self._inode = _inode(self._path)
        self._connection = connect(self._path)

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
        # Of a spent budget nothing can be granted, and to see that needs no lock that other servers wait for.
        with self._transaction("BEGIN") as connection:
            verdicts = verdicts_on(connection, wanted)
        if not any(verdict.granted for verdict in verdicts):
            return verdicts
        with self._transaction() as connection:
            return reserve(connection, wanted, self._process)

    def prune(self, before: float) -> int:
        """Forget entries and offers from before a moment; how many entries that were."""
        with self._transaction() as connection:
            gone = connection.execute("DELETE FROM entries WHERE time < ?", (before,)).rowcount
            connection.execute("DELETE FROM offers WHERE time < ?", (before,))
            return gone

    @contextmanager
    def _transaction(self, begin: str = "BEGIN IMMEDIATE") -> Iterator[sqlite3.Connection]:
        """Hold the file's one write lock, or with `BEGIN` one view of it; commit at the end, or roll back."""
        connection = self._open_connection()
        try:
            connection.execute(begin)
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        except Exception as error:
            raise named(error) from error

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
            raise named(error) from error
        for name, *counts in offers:
            sums.offer(str(name), *map(int, counts))
        return sums

    def version(self) -> tuple[int, int]:
        """What another server's writing changes: which file it is, and SQLite's count of the changes by others."""
        try:
            (count,) = self._open_connection().execute("PRAGMA data_version").fetchone()
        except Exception as error:
            raise named(error) from error
        return self._inode, int(count)

    def rows(self, query: str, parameters: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
        """The rows of any other query, read as they are asked for."""
        try:
            yield from self._open_connection().execute(query, parameters)
        except Exception as error:
            raise named(error) from error

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


def _inode(path: Path) -> int:
    try:
        return path.stat().st_ino
    except OSError:
        return 0

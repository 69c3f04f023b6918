"""Opening the ledger's SQLite file: its tables, and the way to them from every earlier version.

Several servers may do so at once. Here is also what kinds of trouble a file may be in. Not here: the folder and the
rights of the file, reading and writing (`store.py`).
"""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

BUSY_MS = 500
"""How long a write waits for another server's; after that it is tried again later."""
OPEN_SECONDS = 1.0
"""How long opening is tried anew while other servers open, migrate or leave the same file."""
OPEN_PAUSE_SECONDS = 0.005
"""Between those attempts, more or less, so that two servers don't meet again and again."""
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


def connect(path: Path) -> sqlite3.Connection:
    """A connection to the file, in write-ahead mode and with all tables of this version.

    Raises:
        TooNew, Damaged: that won't pass.
        sqlite3.Error: that may; a lock is waited for, up to `OPEN_SECONDS`.
    """
    import sqlite3

    until = time.monotonic() + OPEN_SECONDS
    while True:
        try:
            return _connect_once(path)
        except sqlite3.OperationalError as error:
            # Of two that switch a file to WAL at once SQLite refuses one at once, whatever its busy timeout is.
            if getattr(error, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise named(error) from error
            time.sleep(OPEN_PAUSE_SECONDS * random.uniform(0.5, 1.5))  # noqa: S311  # spreads servers
        except Exception as error:
            raise named(error) from error


def _connect_once(path: Path) -> sqlite3.Connection:
    import sqlite3

    connection = sqlite3.connect(path, timeout=BUSY_MS / 1000, isolation_level=None)
    connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
    try:
        for pragma in ("mmap_size=0", "trusted_schema=OFF", "journal_mode=WAL", "synchronous=NORMAL"):
            connection.execute(f"PRAGMA {pragma}")
        _migrate(connection)
    except BaseException:
        connection.close()
        raise
    return connection


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


def named(error: BaseException) -> BaseException:
    """Tell damage from what may pass: a lock, a full disk, missing rights."""
    import sqlite3

    if not isinstance(error, sqlite3.Error):
        return error
    # A plain SQLITE_ERROR is a missing table or column here: the statements themselves are right.
    damaged = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)
    return Damaged(str(error)) if getattr(error, "sqlite_errorcode", 0) & 0xFF in damaged else error

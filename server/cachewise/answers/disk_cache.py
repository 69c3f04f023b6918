"""A diskcache that reads without writing, never waits long, and keeps locks beside the answers.

Imported in the disk tier's own thread only, because diskcache loads sqlite3. Not here: rows and files
(`disk_sealed.py`).
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import diskcache

from cachewise.answers.disk_sealed import SealedDisk

LOCK_TAG = "~lock"
"""The tag of rows that are locks and not answers."""
_OPEN_PATIENCE = 0.75
"""Seconds that opening waits for another process; diskcache's own figure is 60."""
_TOUCHES = 64

PRAGMAS = {"auto_vacuum": 1, "cache_size": 2048, "journal_mode": "wal", "mmap_size": 0, "synchronous": 1}
"""mmap is off because field reports tie it to damage when several processes share a database."""


class SealedCache(diskcache.Cache):  # type: ignore[misc]  # diskcache has no types
    """A `diskcache.Cache` whose reads write nothing, so that a lock held elsewhere can't stop them."""

    def __init__(self, directory: Path, *, size_limit: int, timeout: float) -> None:
        self._touched: dict[int, float] = {}
        settings = {f"sqlite_{name}": value for name, value in PRAGMAS.items()}
        super().__init__(
            str(directory),
            timeout=timeout,
            disk=SealedDisk,
            size_limit=size_limit,
            cull_limit=10,
            eviction_policy="least-recently-used",
            statistics=0,
            tag_index=1,
            disk_min_file_size=32 * 1024,
            disk_pickle_protocol=0,
            **settings,
        )
        self._sql("PRAGMA trusted_schema = OFF")

    @property
    def _sql_retry(self) -> Callable[..., Any]:
        sql = self._sql

        def execute(statement: str, *args: object) -> Any:
            deadline = time.monotonic() + _OPEN_PATIENCE
            while True:
                try:
                    return sql(statement, *args)
                except sqlite3.OperationalError as error:
                    if "locked" not in str(error) or time.monotonic() > deadline:
                        raise
                    time.sleep(0.002)

        return execute

    def read(self, key: str) -> bytes | None:
        """The value under `key`. That it was used is remembered, and written down with the next `keep`."""
        rows = self._sql(
            "SELECT rowid, mode, filename, value FROM Cache"
            " WHERE key = ? AND raw = 1 AND (expire_time IS NULL OR expire_time > ?)",
            (key, time.time()),
        ).fetchall()
        if not rows:
            return None
        rowid, mode, filename, value = rows[0]
        try:
            found: bytes = self._disk.fetch(mode, filename, value, False)
        except OSError:
            return None
        self._touched[rowid] = time.time()
        if len(self._touched) >= _TOUCHES:
            self.write_touches()
        return found

    def keep(self, key: str, value: bytes, ttl_seconds: float, tag: str) -> int:
        """Store a value and evict what has gone unused longest. Returns the number of rows."""
        if self._touched:
            self.write_touches()
        self.set(key, value, expire=ttl_seconds, tag=tag)
        return len(self)

    def write_touches(self) -> None:
        """Write down which rows were used, for the eviction. Best effort: a busy database just loses them."""
        touched, self._touched = self._touched, {}
        try:
            with self._transact() as (sql, _):
                for rowid, when in touched.items():
                    sql("UPDATE Cache SET access_time = ? WHERE rowid = ?", (when, rowid))
        except diskcache.Timeout:
            return

    def forget(self, task: str | None) -> int:
        """Remove the entries of one task, or all of them; locks stay. Returns how many went."""
        self._touched = {}
        if task is not None:
            return int(self.evict(task))
        select = "SELECT rowid, filename FROM Cache WHERE tag IS NOT ? AND rowid > ? ORDER BY rowid LIMIT ?"
        return int(self._select_delete(select, [LOCK_TAG, 0, 100], arg_index=1))

    def findings(self, whole: Callable[[str, bytes], bool]) -> tuple[str, ...]:
        """What is wrong in the database and its values, as sentences; `whole` says if a value is as it should be."""
        found = [f"The database says: {row[0]}." for row in self._sql("PRAGMA quick_check(5)") if row[0] != "ok"]
        bad = rows = 0
        for key, raw, mode, filename, value in self._sql(
            "SELECT key, raw, mode, filename, value FROM Cache WHERE tag IS NOT ?", (LOCK_TAG,)
        ):
            rows += 1
            try:
                bad += not whole(self._disk.get(key, raw), self._disk.fetch(mode, filename, value, False))
            except OSError:
                bad += 1
        if bad:
            found.append(f"{bad} of {rows} entries can't be read; each counts as a miss and goes when space is needed.")
        return tuple(found)

    def answers(self) -> int:
        """How many entries there are that are no locks."""
        ((count,),) = self._sql("SELECT COUNT(*) FROM Cache WHERE tag IS NOT ?", (LOCK_TAG,)).fetchall()
        return int(count)

    def take_lock(self, key: str, token: str, seconds: float) -> bool:
        """Take the lock on `key` unless somebody holds it."""
        return bool(self.add(f"lock:{key}", token.encode(), expire=seconds, tag=LOCK_TAG))

    def change_lock(self, key: str, token: str, seconds: float) -> bool:
        """Hold the lock `seconds` longer, or, with 0, give it up. False if `token` does not hold it."""
        with self._transact() as (sql, _):
            now = time.time()
            row = (f"lock:{key}", token.encode(), now)
            if seconds > 0:
                update = "UPDATE Cache SET expire_time = ? WHERE key = ? AND raw = 1 AND value = ? AND expire_time > ?"
                return bool(sql(update, (now + seconds, *row)).rowcount)
            delete = "DELETE FROM Cache WHERE key = ? AND raw = 1 AND value = ? AND expire_time > ?"
            return bool(sql(delete, row).rowcount)

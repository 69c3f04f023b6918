"""What happens in the disk tier's own thread: opening, reopening, carrying out, and telling faults apart.

Nothing here is awaited, and nothing here touches the event loop: an outcome with a sentence goes back to `disk.py`.
The heavy imports (diskcache, sqlite3) happen here, in that thread.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from cachewise.answers.store import Side

if TYPE_CHECKING:
    from cachewise.answers.disk_cache import SealedCache

T = TypeVar("T")

LOCKED = "The answer cache on disk is locked by another process; answers are asked for again until it lets go."
FULL = "The disk of the answer cache is full; new answers are not kept."
READ_ONLY = "The answer cache on disk is read-only; new answers are not kept."
UNUSABLE = "The folder of the answer cache can't be used; answers are kept in memory only."
BROKEN = "The answer cache on disk was broken; it was set aside and a new one begun."


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """What came of one operation; with a sentence where something went wrong."""

    value: T
    side: Side
    trouble: str | None = None


class DiskWorker:
    """Owns the open cache. Only ever used from one thread, except for `sweep`."""

    def __init__(self, folder: Path, *, size_limit: int, timeout: float, clock: Callable[[], float]) -> None:
        self._folder = folder
        self._size_limit = size_limit
        self._timeout = timeout
        self._clock = clock
        self._cache: SealedCache | None = None
        self._identity: tuple[int, int] | None = None

    def run(self, side: Side, operation: Callable[[SealedCache], T], default: T) -> Outcome[T]:
        """Carry the operation out. Whatever the database does, the outcome is a value."""
        opening = True
        try:
            cache = self._opened()
            opening = False
            return Outcome(operation(cache), side)
        except Exception as error:  # the database is input from outside: anything in it may raise anything
            trouble, broken = _diagnose(error)
            if broken:
                trouble = self._set_aside()
            elif opening:
                side = "open"
            return Outcome(default, side, trouble)

    def sweep(self, minimum_age: float | None) -> int:
        """Remove what killed processes left behind; nothing if the folder can't be read."""
        import sqlite3

        from cachewise.answers.disk_sweep import MINIMUM_AGE, sweep

        age = MINIMUM_AGE if minimum_age is None else minimum_age
        try:
            return sweep(self._folder, now=self._clock(), minimum_age=age)
        except (OSError, sqlite3.Error):
            return 0

    def close(self) -> None:
        """Close the database, if it is open."""
        cache, self._cache = self._cache, None
        if cache is None:
            return
        try:
            cache.write_touches()
        except Exception:  # noqa: S110  # only the order of eviction is lost
            pass
        finally:
            cache.close()

    def _opened(self) -> SealedCache:
        from cachewise.answers.disk_cache import SealedCache
        from cachewise.answers.disk_vet import vet

        if self._cache is not None and self._identity == self._look():
            return self._cache
        self._discard()
        self._identity = self._look()
        vet(self._folder, self._timeout)
        self._identity = self._look()
        self._cache = SealedCache(self._folder, size_limit=self._size_limit, timeout=self._timeout)
        return self._cache

    def _look(self) -> tuple[int, int] | None:
        """Which file the database is: another one once somebody removed or renamed the folder."""
        try:
            info = os.stat(self._folder / "cache.db")
        except OSError:
            return None
        return info.st_dev, info.st_ino

    def _discard(self) -> None:
        cache, self._cache = self._cache, None
        if cache is not None:
            with suppress(Exception):  # it is gone or broken anyway
                cache.close()

    def _set_aside(self) -> str:
        from cachewise.answers.disk_vet import set_aside

        known, self._identity = self._identity, None
        self._discard()
        if known is not None and known != self._look():
            return BROKEN  # another process was faster
        try:
            set_aside(self._folder, self._clock())
        except OSError:
            return UNUSABLE
        return BROKEN


def _diagnose(error: Exception) -> tuple[str, bool]:
    """A sentence for people, and whether the folder is beyond use."""
    import errno
    import sqlite3

    import diskcache

    from cachewise.answers.disk_vet import NotOurs

    if isinstance(error, NotOurs):
        return str(error), False
    if isinstance(error, diskcache.Timeout) and isinstance(error.__context__, sqlite3.OperationalError):
        error = error.__context__  # diskcache calls every failure to begin a transaction a timeout
    text = str(error)
    if isinstance(error, diskcache.Timeout) or (isinstance(error, sqlite3.OperationalError) and "locked" in text):
        return LOCKED, False
    if isinstance(error, sqlite3.OperationalError):
        if "full" in text:
            return FULL, False
        if "readonly" in text:
            return READ_ONLY, False
        if "unable to open" in text or "disk I/O" in text or "authorization" in text:
            return UNUSABLE, False
        return BROKEN, True
    if isinstance(error, OSError):
        if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", -1)):
            return FULL, False
        if error.errno == errno.EROFS:
            return READ_ONLY, False
        return UNUSABLE, False
    return BROKEN, True

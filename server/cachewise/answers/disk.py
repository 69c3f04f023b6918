"""The second tier: answers on this machine's disk, shared by every server of the user, in a sealed diskcache.

All of SQLite runs in one thread that belongs to the tier: connections are bound to threads, and a commit may take
milliseconds. Lookups only read, so that a lock held elsewhere does not stop them. A broken database is set aside and
a new one begun; a locked, full, read-only or vanished one is a miss.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from cachewise.answers import deadlines
from cachewise.answers.breaker import Breaker
from cachewise.answers.disk_worker import DiskWorker, Outcome
from cachewise.answers.envelope import unseal
from cachewise.answers.store import MAX_VALUE_BYTES, StoreInfo, Tier, Troubles

if TYPE_CHECKING:
    from cachewise.answers.disk_cache import SealedCache

T = TypeVar("T")

_SLOW = "The answer cache on disk takes too long; answers are asked for again until it recovers."


class DiskStore:
    """A folder of answers.

    Args:
        folder: Made with rights for the owner only; refused if others may write to it.
        size_limit: Bytes on disk, beyond which the least recently used entries go.
        tell: Called on the event loop with a sentence for people when something starts to go wrong.
        clock: Seconds since the epoch.
        cooldown: Seconds that reads, or writes, are left out after three of them failed in a row.
    """

    def __init__(
        self,
        folder: Path,
        *,
        size_limit: int = 256 * 1024 * 1024,
        tell: Callable[[str], None] | None = None,
        clock: Callable[[], float] = time.time,
        cooldown: float = 5.0,
    ) -> None:
        self._worker = DiskWorker(folder, size_limit=size_limit, timeout=deadlines.LOCK, clock=clock)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="cachewise-answers")
        self._troubles = Troubles(tell)
        self._breakers = {side: Breaker(cooldown=cooldown) for side in ("read", "write")}
        self._closed = False
        self._opened = False
        self._first_use = time.monotonic()
        self.entries: int | None = None
        """How many entries there were at the last write; None before the first."""

    @property
    def tier(self) -> Tier:
        return "disk"

    @property
    def problem(self) -> str | None:
        return self._troubles.sentence

    async def get(self, key: str, *, deadline: float | None = None) -> bytes | None:
        return await self._run(
            "read", lambda cache: cache.read(key), None, deadlines.LOOKUP if deadline is None else deadline
        )

    async def set(self, key: str, value: bytes, *, ttl_seconds: float, task: str) -> bool:
        if len(value) > MAX_VALUE_BYTES or ttl_seconds <= 0:
            return False

        def keep(cache: SealedCache) -> int:
            return cache.keep(key, value, ttl_seconds, task)

        count = await self._run("write", keep, None, deadlines.WRITE)
        if count is not None:
            self.entries = count
        return count is not None

    async def delete(self, key: str) -> None:
        await self._run("write", lambda cache: bool(cache.delete(key)), False, deadlines.WRITE)

    async def clear(self, task: str | None = None) -> int:
        removed = await self._run("write", lambda cache: cache.forget(task), 0, deadlines.WALK)
        await self.info()
        return removed

    async def info(self) -> StoreInfo:
        def look(cache: SealedCache) -> tuple[int, int]:
            return cache.answers(), int(cache.volume())

        found = await self._run("read", look, None, deadlines.WRITE)
        if found is None:
            return StoreInfo(tier="disk", entries=None, bytes=None)
        self.entries = found[0]
        return StoreInfo(tier="disk", entries=found[0], bytes=found[1])

    async def check(self) -> tuple[str, ...]:
        """Look through the whole folder. Returns what is wrong, one sentence each; may take seconds."""

        def look(cache: SealedCache) -> tuple[str, ...]:
            return cache.findings(lambda key, value: unseal(value, key) is not None)

        found = await self._run("read", look, None, deadlines.WALK)
        if found is None:
            return (self.problem or _SLOW,)
        return found

    async def sweep(self, *, minimum_age: float | None = None) -> int:
        """Remove value files that killed processes left behind. Returns how many went."""
        return await asyncio.to_thread(self._worker.sweep, minimum_age)

    async def acquire(self, key: str, token: str, seconds: float) -> bool | None:
        return await self._run("write", lambda cache: cache.take_lock(key, token, seconds), None, deadlines.LOOKUP)

    async def renew(self, key: str, token: str, seconds: float) -> bool:
        return await self._run("write", lambda cache: cache.change_lock(key, token, seconds), False, deadlines.WRITE)

    async def release(self, key: str, token: str) -> None:
        await self._run("write", lambda cache: cache.change_lock(key, token, 0), False, deadlines.WRITE)

    async def aclose(self) -> None:
        if self._closed:
            return
        self._closed = True
        closing = asyncio.wrap_future(self._thread.submit(self._worker.close))
        self._thread.shutdown(wait=False)
        await asyncio.wait({closing}, timeout=deadlines.WRITE)

    async def _run(
        self, side: Literal["read", "write"], operation: Callable[[SealedCache], T], default: T, deadline: float
    ) -> T:
        """Carry `operation` out in the tier's thread; `default` if it fails or takes too long."""
        breaker = self._breakers[side]
        if self._closed or not breaker.allow():
            return default
        work = asyncio.wrap_future(self._thread.submit(self._worker.run, side, operation, default))
        try:
            async with asyncio.timeout(deadline):  # not wait_for: up to Python 3.11 it may swallow a cancel
                outcome: Outcome[T] = await work
        except TimeoutError:
            if self._opened or time.monotonic() - self._first_use > deadlines.OPENING:
                breaker.failed()
                self._troubles.note(side, _SLOW)
            else:
                breaker.gave_up()
            return default
        except asyncio.CancelledError:
            breaker.gave_up()
            raise
        self._opened = True
        if outcome.trouble is None:
            breaker.succeeded()
            self._troubles.clear("open")
            self._troubles.clear(side)
        else:
            breaker.failed()
            self._troubles.note(outcome.side, outcome.trouble)
        return outcome.value

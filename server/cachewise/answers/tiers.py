"""The tiers as one cache: read through from memory to disk to Redis, written behind in the background.

What a deeper tier finds is copied into those above it. Every value is unsealed on the way out, whatever tier it came
from, so a damaged one is a miss there and the next tier is asked. Not here: keys (`key.py`), and what an answer is
(`answers.py`).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from cachewise.answers.disk import DiskStore
from cachewise.answers.envelope import Envelope, seal, unseal
from cachewise.answers.memory import MemoryStore
from cachewise.answers.redis import RedisStore
from cachewise.answers.store import KeyLock, Store, StoreInfo, Tier

_MAX_PENDING = 256
"""Writes that may wait for the deeper tiers; more means that these can't keep up, and memory has to do."""

_AT_ONCE = 16
"""Writes that are under way; the deadlines of the others have not begun."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A whole entry, and the tier that had it."""

    envelope: Envelope
    tier: Tier


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheStatus:
    """The `answers` object of `cachewise/status`."""

    tier: Tier
    """The tier that answered last; before the first answer the deepest one that works."""
    entries: int
    hits: int
    misses: int

    def to_json(self) -> dict[str, Any]:
        """The protocol's shape."""
        return {"tier": self.tier, "entries": self.entries, "hits": self.hits, "misses": self.misses}


class Tiers:
    """Memory, and up to one store of each deeper kind, nearest first.

    Args:
        memory: The first tier.
        deeper: The others.
        clock: Seconds since the epoch.
    """

    def __init__(
        self, memory: MemoryStore, deeper: Sequence[Store] = (), *, clock: Callable[[], float] = time.time
    ) -> None:
        self._memory = memory
        self._deeper = tuple(deeper)
        self._clock = clock
        self._pending: dict[str, asyncio.Task[None]] = {}
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._warming: asyncio.Task[None] | None = None
        self._opened = asyncio.Event()
        self._closed = False
        self._last: Tier | None = None
        self._hits = 0
        self._misses = 0

    @property
    def stores(self) -> tuple[Store, ...]:
        """All tiers, nearest first."""
        return (self._memory, *self._deeper)

    @property
    def problem(self) -> str | None:
        """What is wrong with the first tier that is unwell, as a sentence for people."""
        return next((store.problem for store in self._deeper if store.problem is not None), None)

    @property
    def lock(self) -> KeyLock | None:
        """The lock that reaches furthest: Redis where it works, else the one on this machine's disk."""
        for store in reversed(self._deeper):
            if isinstance(store, DiskStore | RedisStore) and store.problem is None:
                return store
        return None

    def warm_up(self) -> None:
        """Open the deeper tiers in the background, so that the first lookup finds them open."""
        if self._warming is None and self._deeper and not self._closed:
            self._warming = asyncio.get_running_loop().create_task(self._open())

    async def opened(self, deadline: float) -> None:
        """Wait until the tiers that `warm_up` opens are open, or have failed, or the time is up."""
        if self._warming is not None and not self._opened.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(deadline):
                    await self._opened.wait()

    async def get(self, key: str, *, deadline: float | None = None) -> Found | None:
        """The entry under `key` from the nearest tier that has it. Each tier gets at most `deadline` seconds."""
        found = await self.look(key, deadline=deadline)
        if found is None:
            self._misses += 1
        else:
            self._hits += 1
            self._last = found.tier
        return found

    def came_late(self, found: Found) -> None:
        """Count what was found only after it had been counted as a miss."""
        self._misses = max(0, self._misses - 1)
        self._hits += 1
        self._last = found.tier

    async def look(self, key: str, *, deadline: float | None = None) -> Found | None:
        """As `get`, but not counted."""
        envelope = self._valid(self._memory.peek(key), key)
        if envelope is not None:
            return Found(envelope=envelope, tier="memory")
        for depth, store in enumerate(self._deeper):
            blob = await store.get(key, deadline=deadline)
            envelope = self._valid(blob, key)
            if envelope is not None and blob is not None:
                self._keep(envelope, blob, self._deeper[:depth])
                return Found(envelope=envelope, tier=store.tier)
        return None

    def put(self, key: str, *, task: str, answer: Mapping[str, Any], ttl_seconds: float) -> bool:
        """Store an answer: in memory at once, deeper in the background. Says whether it could be kept at all."""
        envelope = Envelope(key=key, task=task, stored_at=self._clock(), ttl_seconds=ttl_seconds, answer=answer)
        if self._closed or ttl_seconds <= 0:
            return False
        try:
            blob = seal(envelope)
        except (ValueError, TypeError, RecursionError):
            return False
        self._keep(envelope, blob, self._deeper)
        return True

    async def settle(self, key: str | None = None, *, deadline: float = 2.0) -> None:
        """Wait until what was put under `key` (or at all) has reached the deeper tiers, or the time is up."""
        tasks = list(self._pending.values()) if key is None else [t for k, t in self._pending.items() if k == key]
        if tasks:
            await asyncio.wait(tasks, timeout=deadline)

    async def clear(self, task: str | None = None) -> int:
        """Forget all entries, or those of one task, in every tier. Returns how many the fullest tier lost."""
        await self.settle()
        return max(await asyncio.gather(*(store.clear(task) for store in self.stores)))

    async def info(self) -> tuple[StoreInfo, ...]:
        """How full each tier is, nearest first."""
        return tuple(await asyncio.gather(*(store.info() for store in self.stores)))

    def status(self) -> CacheStatus:
        """What the user is shown; asks nobody."""
        well = [store.tier for store in self.stores if store.problem is None]
        known = [store.entries or 0 for store in self._deeper if isinstance(store, DiskStore)]
        return CacheStatus(
            tier=self._last or well[-1],
            entries=max([self._memory.entries, *known]),
            hits=self._hits,
            misses=self._misses,
        )

    async def aclose(self, *, deadline: float = 0.8) -> None:
        """Write what is pending, as far as the time allows, and close every tier."""
        if self._closed:
            return
        self._closed = True
        await self.settle(deadline=deadline)
        tasks = [*self._pending.values(), *([self._warming] if self._warming else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(store.aclose() for store in self.stores))

    def _valid(self, blob: bytes | None, key: str) -> Envelope | None:
        envelope = unseal(blob, key)
        return None if envelope is None or envelope.expired(self._clock()) else envelope

    def _keep(self, envelope: Envelope, blob: bytes, stores: Sequence[Store]) -> None:
        key, ttl = envelope.key, envelope.ttl_seconds - envelope.age(self._clock())
        self._memory.put(key, blob, ttl_seconds=ttl, task=envelope.task)
        if not stores or self._closed or len(self._pending) >= _MAX_PENDING:
            return
        before = self._pending.get(key)
        task = asyncio.get_running_loop().create_task(self._write(before, envelope, blob, ttl, stores))
        self._pending[key] = task
        task.add_done_callback(lambda done: self._forget(key, done))

    async def _write(
        self, before: asyncio.Task[None] | None, envelope: Envelope, blob: bytes, ttl: float, stores: Sequence[Store]
    ) -> None:
        if before is not None:
            await asyncio.wait({before})  # two writes of one key must not overtake each other
        async with self._places:
            await asyncio.gather(*(s.set(envelope.key, blob, ttl_seconds=ttl, task=envelope.task) for s in stores))

    def _forget(self, key: str, done: asyncio.Task[None]) -> None:
        if self._pending.get(key) is done:
            del self._pending[key]

    async def _open(self) -> None:
        disks = [store for store in self._deeper if isinstance(store, DiskStore)]
        shared = [store for store in self._deeper if isinstance(store, RedisStore)]
        try:
            await asyncio.gather(*(store.info() for store in disks), *(store.connect() for store in shared))
        finally:
            self._opened.set()
        for store in disks:
            await store.sweep()

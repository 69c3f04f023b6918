"""The first tier: answers in this process's memory, the least recently used going first.

Not here: anything that other processes see.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from cachewise.answers.store import StoreInfo, Tier

_OVERHEAD = 300
"""Bytes that an entry costs beside its value and key: objects, dict slot."""


@dataclass(frozen=True, slots=True)
class _Entry:
    value: bytes
    task: str
    expires_at: float
    cost: int


class MemoryStore:
    """Bounded by bytes and by count. Every operation is done before it is awaited.

    Args:
        max_bytes: What all entries together may take.
        max_entries: How many there may be.
        max_ttl_seconds: Upper bound of the life of an entry here, where other processes may clear the deeper tiers.
        clock: Seconds since the epoch, the clock that TTLs are kept by in every tier.
    """

    def __init__(
        self,
        *,
        max_bytes: int = 32 * 1024 * 1024,
        max_entries: int = 2000,
        max_ttl_seconds: float = float("inf"),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._max_bytes = max_bytes
        self._max_entries = max_entries
        self._max_ttl = max_ttl_seconds
        self._clock = clock
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._bytes = 0

    @property
    def tier(self) -> Tier:
        return "memory"

    @property
    def problem(self) -> str | None:
        return None

    @property
    def entries(self) -> int:
        """How many entries there are now."""
        return len(self._entries)

    def peek(self, key: str) -> bytes | None:
        """As `get`, without being awaited."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        if entry.expires_at <= self._clock():
            self._drop(key)
            return None
        self._entries.move_to_end(key)
        return entry.value

    def put(self, key: str, value: bytes, *, ttl_seconds: float, task: str) -> bool:
        """As `set`, without being awaited."""
        self._drop(key)
        cost = len(value) + len(key) + _OVERHEAD
        ttl = min(ttl_seconds, self._max_ttl)
        if cost > self._max_bytes or ttl <= 0:
            return False
        self._entries[key] = _Entry(value, task, self._clock() + ttl, cost)
        self._bytes += cost
        while self._bytes > self._max_bytes or len(self._entries) > self._max_entries:
            self._drop(next(iter(self._entries)))
        return key in self._entries

    async def get(self, key: str, *, deadline: float | None = None) -> bytes | None:
        return self.peek(key)

    async def set(self, key: str, value: bytes, *, ttl_seconds: float, task: str) -> bool:
        return self.put(key, value, ttl_seconds=ttl_seconds, task=task)

    async def delete(self, key: str) -> None:
        self._drop(key)

    async def clear(self, task: str | None = None) -> int:
        chosen = [key for key, entry in self._entries.items() if task is None or entry.task == task]
        for key in chosen:
            self._drop(key)
        return len(chosen)

    async def info(self) -> StoreInfo:
        return StoreInfo(tier="memory", entries=len(self._entries), bytes=self._bytes)

    async def aclose(self) -> None:
        self._entries.clear()
        self._bytes = 0

    def _drop(self, key: str) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._bytes -= entry.cost

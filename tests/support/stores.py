"""Stores and clocks for tests of the answer cache."""

from __future__ import annotations

import asyncio
from typing import Any

from cachewise.answers.envelope import Envelope, seal
from cachewise.answers.redis import RedisStore
from cachewise.answers.redis_url import parse_redis_url
from cachewise.answers.store import StoreInfo, Tier

KEY = "a" * 64
PATIENT = 5.0
"""Seconds for a lookup that has to succeed on a busy machine, too."""


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: float = 1_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class FakeStore:
    """A store in a dict, that can be slow, and that counts. `gate` holds writes back while it is closed."""

    def __init__(self, tier: Tier = "disk") -> None:
        self._tier: Tier = tier
        self.values: dict[str, bytes] = {}
        self.tasks: dict[str, str] = {}
        self.ttls: dict[str, float] = {}
        self.reads: list[str] = []
        self.writes: list[tuple[str, bytes]] = []
        self.problem: str | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self.closed = False

    @property
    def tier(self) -> Tier:
        return self._tier

    async def get(self, key: str, *, deadline: float | None = None) -> bytes | None:
        self.reads.append(key)
        return self.values.get(key)

    async def set(self, key: str, value: bytes, *, ttl_seconds: float, task: str) -> bool:
        await self.gate.wait()
        self.writes.append((key, value))
        self.values[key], self.tasks[key], self.ttls[key] = value, task, ttl_seconds
        return True

    async def delete(self, key: str) -> None:
        self.values.pop(key, None)

    async def clear(self, task: str | None = None) -> int:
        chosen = [key for key in self.values if task is None or self.tasks[key] == task]
        for key in chosen:
            del self.values[key]
        return len(chosen)

    async def info(self) -> StoreInfo:
        return StoreInfo(tier=self._tier, entries=len(self.values), bytes=sum(map(len, self.values.values())))

    async def aclose(self) -> None:
        self.closed = True


def blob(key: str = KEY, *, task: str = "ask", text: str = "It adds.") -> bytes:
    """An answer as the tiers hand it to a store."""
    return seal(Envelope(key=key, task=task, stored_at=1_000_000.0, ttl_seconds=1e9, answer={"text": text}))


def redis_store(url: str, **options: Any) -> tuple[RedisStore, list[str]]:
    """A store on this server, and the list of the troubles that it tells."""
    told: list[str] = []
    return RedisStore(parse_redis_url(url), tell=told.append, **options), told

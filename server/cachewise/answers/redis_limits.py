"""Limits that all servers on one Redis keep together for one provider key: so many requests at once, and in a minute.

The state of a key is one small JSON value, changed in one step: a token bucket, and the requests that run. Each of
these has a lease that its server renews, so that those of a server that died are free again. Seconds are those of the
machines' clocks; a difference between these lengthens or shortens leases by as much. Not here: the limits within one
server, which come first (`ledger/limits.py`), and who waits for how long (`features/leave.py`).
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from cachewise.answers import deadlines
from cachewise.answers.redis import RedisStore

LEASE = 30.0
"""Seconds after which a request of a dead server no longer counts; a live one renews it three times in that time."""
_KEPT = 120.0
"""Seconds that the state of an unused key stays: longer than any bucket takes to fill."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What one provider key allows."""

    concurrent: int
    per_minute: int
    """On the average; 0 for no limit."""
    burst: float
    """How many of a minute's requests may leave at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What came of asking for leave."""

    granted: bool
    delay: float | None = None
    """Seconds until it is worth asking again; None if granted, and where another request has to end first."""


class RedisLimits:
    """The limits of all provider keys.

    Args:
        store: The Redis.
        clock: Seconds since the epoch.
    """

    def __init__(self, store: RedisStore, *, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._clock = clock

    async def take(self, name: str, token: str, limit: Limit, *, typing: bool = False) -> Turn | None:
        """Count a request, if the limits leave room for it.

        Args:
            name: Of the provider key; a digest, since others see it.
            token: Of the request.
            limit: What is allowed.
            typing: Whether somebody is typing and waits.

        Returns:
            None if Redis did not say.
        """
        verdict = Turn(granted=False)

        def change(blob: bytes | None) -> bytes | None:
            nonlocal verdict
            state = _State.read(blob, self._clock())
            verdict = state.take(token, limit)
            return state.written() if verdict.granted else None

        if self._store.problem is not None:
            return None  # a lookup has just found out, and nobody should wait for the same server twice
        deadline = deadlines.TYPING if typing else deadlines.LOOKUP
        said = await self._store.replace(name, change, seconds=_KEPT, deadline=deadline)
        return verdict if said else None

    async def leave(self, name: str, token: str) -> None:
        """The request is over."""

        def change(blob: bytes | None) -> bytes | None:
            state = _State.read(blob, self._clock())
            return state.written() if state.running.pop(token, None) is not None else None

        await self._store.replace(name, change, seconds=_KEPT, deadline=deadlines.LOOKUP)

    async def hold(self, name: str, token: str, over: asyncio.Event) -> None:
        """Renew the lease of a request until it is over; then it counts no more."""

        def renew(blob: bytes | None) -> bytes | None:
            state = _State.read(blob, self._clock())
            state.running[token] = state.now + LEASE
            return state.written()

        try:
            while not over.is_set():
                with suppress(TimeoutError):
                    async with asyncio.timeout(LEASE / 3):
                        await over.wait()
                        break
                await self._store.replace(name, renew, seconds=_KEPT, deadline=deadlines.LOOKUP)
        finally:
            await self.leave(name, token)


@dataclass(slots=True)
class _State:
    """What is counted for one key."""

    now: float
    running: dict[str, float]
    """When the lease of each request ends."""
    tokens: float | None
    """In the bucket at `seen`; None for a full one."""
    seen: float

    @classmethod
    def read(cls, blob: bytes | None, now: float) -> _State:
        """From its JSON; whatever does not fit is left out, as if it had never been counted."""
        try:
            found: Any = json.loads(blob or b"{}")
        except (ValueError, RecursionError):
            found = {}
        found = found if isinstance(found, dict) else {}
        running = found.get("running")
        ends = {t: e for t, e in running.items() if _is_time(e, now)} if isinstance(running, dict) else {}
        tokens, seen = found.get("tokens"), found.get("seen")
        known = _is_number(tokens) and _is_number(seen) and seen <= now + LEASE
        return cls(now, ends, tokens if known else None, min(seen, now) if known else now)

    def take(self, token: str, limit: Limit) -> Turn:
        """Count a request, if there is room."""
        if len(self.running) >= limit.concurrent:
            return Turn(granted=False)
        if limit.per_minute:
            rate = limit.per_minute / 60
            before = limit.burst if self.tokens is None else self.tokens
            tokens = min(limit.burst, before + (self.now - self.seen) * rate)
            if tokens < 1 - 1e-6:  # the seconds of a timer, times the rate, do not always add up to one
                return Turn(granted=False, delay=(1 - tokens) / rate)
            self.tokens, self.seen = max(tokens - 1, 0.0), self.now
        self.running[token] = self.now + LEASE
        return Turn(granted=True)

    def written(self) -> bytes:
        """As JSON."""
        value = {"running": self.running, "tokens": self.tokens, "seen": self.seen}
        return json.dumps(value, separators=(",", ":")).encode("ascii")


def _is_time(value: object, now: float) -> bool:
    """Whether it is the end of a lease that still runs; one from a wild clock would block the key for ever."""
    return _is_number(value) and isinstance(value, int | float) and now < value <= now + 2 * LEASE


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15

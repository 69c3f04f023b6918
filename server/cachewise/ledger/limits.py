"""Limits on requests to one provider: how many at once, and how many in a minute.

Who may wait does so, first come first served, up to a deadline; who may not is turned away at once. Not here: money
(`budget.py`), and waiting after a provider has refused (`providers/`). The limits hold within one server; those that
several servers on one Redis keep together are in `answers/redis_limits.py`.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from cachewise.faults import Busy
from cachewise.ledger.clock import Clock

BURST_SHARE = 6
"""A sixth of a minute's requests may go at once; so at most 7/6 of the limit leave in any minute."""


class Slot:
    """Leave for one request. Give it back when the request is over; more often changes nothing."""

    __slots__ = ("_give_back",)

    def __init__(self, give_back: Callable[[], None]) -> None:
        self._give_back: Callable[[], None] | None = give_back

    def release(self) -> None:
        """The request is over."""
        give_back, self._give_back = self._give_back, None
        if give_back is not None:
            give_back()


class _Gate:
    """The requests to one provider."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._running = 0
        self._queue: deque[asyncio.Event] = deque()
        self._tokens: float | None = None
        self._seen = 0.0

    def delay(self, concurrent: int, per_minute: int) -> float | None:
        """Seconds until the next request may leave; 0 for now, None for when another one ends."""
        if self._running >= concurrent:
            return None
        if not per_minute:
            self._tokens = None
            return 0.0
        most = burst(per_minute)
        now = self._clock.elapsed()
        before = most if self._tokens is None else self._tokens
        self._tokens = min(most, before + (now - self._seen) * per_minute / 60)
        self._seen = now
        # A hair less than one is one: the seconds of a timer, times the rate, do not always add up to it.
        return 0.0 if self._tokens >= 1 - 1e-6 else (1 - self._tokens) * 60 / per_minute

    def take(self) -> Slot:
        """One request leaves."""
        self._running += 1
        if self._tokens is not None:
            self._tokens = max(self._tokens - 1, 0.0)
        return Slot(self._leave)

    def _leave(self) -> None:
        self._running -= 1
        self._wake()

    @property
    def crowded(self) -> bool:
        """Whether somebody waits already, who comes first."""
        return bool(self._queue)

    async def wait(self, concurrent: int, per_minute: int) -> Slot:
        """Stand in line until the request may leave."""
        turn = asyncio.Event()
        self._queue.append(turn)
        try:
            while True:
                delay = self.delay(concurrent, per_minute) if self._queue[0] is turn else None
                if delay == 0:
                    return self.take()
                turn.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(delay):
                        await turn.wait()
        finally:
            self._queue.remove(turn)
            self._wake()

    def _wake(self) -> None:
        """Let the one in front look again."""
        if self._queue:
            self._queue[0].set()


class Limits:
    """The gates of all providers of this server. Used on one event loop."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or Clock()
        self._gates: dict[str, _Gate] = {}

    async def enter(
        self, provider: str, *, concurrent: int, per_minute: int, max_wait: float, may_wait: bool = True
    ) -> Slot:
        """Wait until a request to the provider may leave.

        Args:
            provider: What has a key of its own, such as `openrouter` or `local:llama`.
            concurrent: How many requests may run at once.
            per_minute: How many may leave in a minute, on the average; 0 for no limit.
            max_wait: Seconds to wait at most.
            may_wait: Whether to wait at all.

        Raises:
            Busy: there was no room in time.
        """
        gate = self._gates.setdefault(provider, _Gate(self._clock))
        delay = None if gate.crowded else gate.delay(concurrent, per_minute)
        if delay == 0:
            return gate.take()
        if not may_wait or (delay is not None and delay > max_wait):
            raise busy(provider, concurrent, per_minute, delay)
        try:
            async with asyncio.timeout(max_wait):
                return await gate.wait(concurrent, per_minute)
        except TimeoutError:
            raise busy(provider, concurrent, per_minute, None) from None


def burst(per_minute: int) -> float:
    """How many of a minute's requests may leave at once."""
    return max(1.0, per_minute / BURST_SHARE)


def busy(provider: str, concurrent: int, per_minute: int, delay: float | None) -> Busy:
    """The refusal of one more request; `delay` is in seconds, None where another request has to end first."""
    if delay is None:
        what = f"{concurrent} requests at once (limits.concurrent)"
        if per_minute:
            what += f" and {per_minute} in a minute (limits.requestsPerMinute)"
    else:
        what = f"{per_minute} requests in a minute (limits.requestsPerMinute)"
    return Busy(
        f"Your own limits allow {what} to {provider!r}, and there was no room for one more. Try again in a moment.",
        retry_after=delay,
    )

"""Equal questions at once make one request: the first starts it, the others get the same pieces from the start.

The request runs in a task of its own, so that it belongs to nobody: whoever leaves, leaves it to the rest, and it is
cancelled when the last one has left. Not here: other processes (`turn.py`).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from types import TracebackType
from typing import Generic, TypeVar

from cachewise.faults import RequestFailed

D = TypeVar("D")
R = TypeVar("R")

Emit = Callable[[D], None]


class Flight(Generic[D, R]):
    """One request and what came of it so far."""

    def __init__(self, run: Callable[[Emit[D]], Awaitable[R]]) -> None:
        self.pieces: list[D] = []
        self.waiters = 0
        self._news = asyncio.Event()
        self.task: asyncio.Task[R] = asyncio.get_running_loop().create_task(self._fly(run))
        self.task.add_done_callback(self._landed)

    async def _fly(self, run: Callable[[Emit[D]], Awaitable[R]]) -> R:
        return await run(self._emit)

    def _emit(self, piece: D) -> None:
        self.pieces.append(piece)
        self._wake()

    def _landed(self, task: asyncio.Task[R]) -> None:
        if not task.cancelled():
            task.exception()  # seen: whoever still waits gets it from `result`
        self._wake()

    def _wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    async def follow(self) -> AsyncIterator[D]:
        """All pieces from the first, as they come. Ends with the request, however that ended."""
        seen = 0
        while True:
            while seen < len(self.pieces):
                yield self.pieces[seen]
                seen += 1
            if self.task.done():
                return
            await self._news.wait()

    async def result(self) -> R:
        """What the request came to.

        Raises:
            RequestFailed: the request was cancelled as a whole, which its waiters were not.
            Exception: whatever the request raised.
        """
        if not self.task.done():
            await asyncio.wait({self.task})
        if self.task.cancelled():
            raise RequestFailed("The request that was shared with this one was cancelled.")
        return self.task.result()


class Seat(Generic[D, R]):
    """A waiter's place in a flight. Use it as an async context manager: leaving gives the place up."""

    def __init__(self, flights: Flights[D, R], key: Hashable, flight: Flight[D, R], *, leader: bool) -> None:
        self._flights = flights
        self._key = key
        self._flight = flight
        self._left = False
        self.leader = leader
        """Whether this waiter started the request. Exactly one does."""

    def pieces(self) -> AsyncIterator[D]:
        """All pieces from the first, as they come."""
        return self._flight.follow()

    async def result(self) -> R:
        """What the request came to; see `Flight.result`."""
        return await self._flight.result()

    async def __aenter__(self) -> Seat[D, R]:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.leave()

    async def leave(self) -> None:
        """Give the place up. The last to leave a request that still runs cancels it and waits for its end."""
        if not self._left:
            self._left = True
            await self._flights.left(self._key, self._flight)


class Flights(Generic[D, R]):
    """All requests in the air, by key."""

    def __init__(self) -> None:
        self._flights: dict[Hashable, Flight[D, R]] = {}

    def __len__(self) -> int:
        return len(self._flights)

    def board(self, key: Hashable, run: Callable[[Emit[D]], Awaitable[R]]) -> Seat[D, R]:
        """Take a place in the flight of this key; `run` is called only if there is none yet.

        There is no await between looking and starting, so two callers can't both start one.
        """
        flight = self._flights.get(key)
        leader = flight is None or flight.task.done()
        if flight is None or leader:
            flight = Flight(run)
            self._flights[key] = flight
            flight.task.add_done_callback(lambda _: self._remove(key, flight))
        flight.waiters += 1
        return Seat(self, key, flight, leader=leader)

    async def left(self, key: Hashable, flight: Flight[D, R]) -> None:
        """A waiter has left."""
        flight.waiters -= 1
        if flight.waiters > 0:
            return
        self._remove(key, flight)  # newcomers start afresh instead of boarding what is going down
        if not flight.task.done():
            flight.task.cancel()
            await asyncio.wait({flight.task})

    async def aclose(self) -> None:
        """Cancel everything in the air."""
        flights = list(self._flights.values())
        self._flights.clear()
        for flight in flights:
            flight.task.cancel()
        if flights:
            await asyncio.wait({flight.task for flight in flights})

    def _remove(self, key: Hashable, flight: Flight[D, R]) -> None:
        if self._flights.get(key) is flight:
            del self._flights[key]

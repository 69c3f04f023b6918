"""A provider on an event loop and a thread of its own, so that typing never waits for parsing.

Reading a token through the vendors' SDKs takes a few tenths of a millisecond of Python. With twenty streams at fifty
tokens a second that is a fifth of a core or more, in bursts, and on the server's own loop each keystroke would queue
behind such a burst. Here it waits for the interpreter's lock only, whose hand-over `cli/serve.py` sets to a tenth of a
millisecond. Events that come in faster than the server's loop takes them are handed over together.

Not here: any knowledge of providers.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from collections.abc import AsyncGenerator, Coroutine
from contextlib import aclosing, suppress
from typing import Any, TypeVar

from cachewise.model.events import Opened, ProviderRequest, StreamEvent, UsageReport
from cachewise.providers.base import Provider

log = logging.getLogger(__name__)

CLOSE_DEADLINE = 2.0
"""Seconds to wait for a connection to be closed after its reader has gone; it usually takes a millisecond."""

_T = TypeVar("_T")


class Threaded:
    """Runs another provider, which is from then on used on this thread's loop only.

    Args:
        inner: The provider.
        name: Of the thread.
    """

    def __init__(self, inner: Provider, name: str) -> None:
        self._inner = inner
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name=f"cachewise-{name}", daemon=True)
        self._thread.start()

    def prepare(self, name: str) -> None:
        """Build what the first request to a model needs; slow, made to be called in a thread."""
        prepare: Any = getattr(self._inner, "prepare", None)
        if prepare is not None:
            prepare(name)

    async def stream(self, request: ProviderRequest) -> AsyncGenerator[StreamEvent, None]:
        relay = _Relay(asyncio.get_running_loop())
        reading = asyncio.run_coroutine_threadsafe(self._pump(request, relay), self._loop)
        try:
            while (event := await relay.next()) is not None:
                yield event
            if relay.error is not None:
                raise relay.error
        finally:
            reading.cancel()
            await relay.closed(CLOSE_DEADLINE)

    async def late_report(self, generation_id: str) -> UsageReport | None:
        return await self._on_thread(self._inner.late_report(generation_id))

    async def fills(self) -> int | None:
        return await self._on_thread(self._inner.fills())

    async def aclose(self) -> None:
        if self._loop.is_closed():
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_DEADLINE):
                await self._on_thread(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        await asyncio.to_thread(self._thread.join, CLOSE_DEADLINE)

    async def _pump(self, request: ProviderRequest, relay: _Relay) -> None:
        """Read the inner stream to its end or until cancelled; in either case its connection is closed then."""
        try:
            async with aclosing(self._inner.stream(request)) as events:
                async for event in events:
                    relay.put(event)
        except Exception as error:
            relay.error = error  # raised where the stream is read, which is on another thread
        finally:
            relay.close()

    async def _end(self) -> None:
        """Cancel what still runs on the loop, and close the client."""
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._inner.aclose()

    async def _on_thread(self, work: Coroutine[Any, Any, _T]) -> _T:
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            left = asyncio.all_tasks(self._loop)
            for task in left:
                task.cancel()
            if left:
                self._loop.run_until_complete(asyncio.wait(left, timeout=CLOSE_DEADLINE))
            self._loop.close()


class _Relay:
    """A queue from the provider's thread to the loop of the server: one wake-up for all that came meanwhile."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._events: deque[StreamEvent] = deque()
        self._news = asyncio.Event()
        self._ended = False
        self._waking = False
        self.error: Exception | None = None
        """What the inner stream raised; looked at after its end."""

    # On the provider's thread

    def put(self, event: StreamEvent) -> None:
        self._events.append(event)
        if not isinstance(event, Opened):  # nobody waits for that alone, and a wake-up takes the lock from the SDK
            self._wake()

    def close(self) -> None:
        self._ended = True
        self._waking = False
        self._wake()

    def _wake(self) -> None:
        if not self._waking:
            self._waking = True
            with suppress(RuntimeError):  # the server's loop is gone, and nobody reads any more
                self._loop.call_soon_threadsafe(self._look)

    # On the server's loop

    def _look(self) -> None:
        self._waking = False
        self._news.set()

    async def next(self) -> StreamEvent | None:
        """The next event; None at the end."""
        while not self._events:
            if self._ended:
                # The end is marked after the last event was put, so a last look is enough.
                return self._events.popleft() if self._events else None
            self._news.clear()
            if not self._events and not self._ended:
                await self._news.wait()
        return self._events.popleft()

    async def closed(self, deadline: float) -> None:
        """Wait until the inner stream has ended and its connection is closed."""
        try:
            async with asyncio.timeout(deadline):
                while not self._ended:
                    self._news.clear()
                    if not self._ended:
                        await self._news.wait()
        except TimeoutError:
            log.warning("a provider's connection was not closed within %.0f s", deadline)

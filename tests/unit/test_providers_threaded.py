"""A provider on a thread of its own: the same events and faults, and its streams end when their readers go."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field
from decimal import Decimal

import pytest

from cachewise.faults import ForbiddenHost
from cachewise.model.events import Opened, ProviderRequest, Stopped, StreamEvent, TextDelta, UsageReport
from cachewise.model.usage import Tokens
from cachewise.providers.threaded import Threaded
from support.providers import MODELS, QUICK, endpoint, request
from support.upstream import HOLD, Upstream, stream_head

EVENTS: tuple[StreamEvent, ...] = (
    Opened("gen-1"),
    *(TextDelta(str(number)) for number in range(50)),
    UsageReport(tokens=Tokens(input=1, output=50), billed=Decimal("0.1")),
    Stopped("stop"),
)


@dataclass
class Inner:
    """A provider that plays events and notes where it runs. `hold` is awaited before the last one."""

    events: tuple[StreamEvent, ...] = EVENTS
    error: Exception | None = None
    stall: bool = False
    threads: set[str] = field(default_factory=set)
    ended: threading.Event = field(default_factory=threading.Event)
    closed: bool = False

    async def stream(self, request: ProviderRequest) -> AsyncGenerator[StreamEvent, None]:
        self.threads.add(threading.current_thread().name)
        try:
            for event in self.events:
                yield event
            if self.stall:
                await asyncio.Event().wait()
            if self.error is not None:
                raise self.error
        finally:
            self.ended.set()

    async def fills(self) -> int | None:
        return None

    async def late_report(self, generation_id: str) -> UsageReport | None:
        self.threads.add(threading.current_thread().name)
        return UsageReport(tokens=Tokens(), billed=Decimal(len(generation_id)))

    async def aclose(self) -> None:
        self.threads.add(threading.current_thread().name)
        self.closed = True


@pytest.fixture
async def threads() -> AsyncIterator[list[Threaded]]:
    """Everything started here is stopped, and leaves no thread."""
    started: list[Threaded] = []
    yield started
    for provider in started:
        await provider.aclose()
    assert [t.name for t in threading.enumerate() if t.name == "cachewise-test"] == []


async def read(provider: Threaded) -> list[StreamEvent]:
    async with aclosing(provider.stream(request("openrouter:anthropic/claude-haiku-4.5"))) as events:
        return [event async for event in events]


async def test_what_is_known_of_a_stream_without_a_word_is_in_its_reach(threads: list[Threaded]) -> None:
    from cachewise.providers import openrouter

    async with Upstream([stream_head(headers={"x-generation-id": "gen-7"}), HOLD]) as upstream:
        threads.append(Threaded(openrouter.build(endpoint("openrouter", upstream.url), QUICK), "test"))
        asked = request(MODELS["openrouter"])
        stream = threads[0].stream(asked)
        reading = asyncio.ensure_future(anext(stream))
        async with asyncio.timeout(5):
            while asked.reach.opened is None:
                await asyncio.sleep(0)
        assert not reading.done()
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        await upstream.until_gone()
        assert (asked.reach.attempts, asked.reach.opened) == (1, Opened("gen-7"))


async def test_events_come_in_order_and_from_the_other_thread(threads: list[Threaded]) -> None:
    inner = Inner()
    threads.append(Threaded(inner, "test"))
    assert tuple(await read(threads[0])) == EVENTS
    assert inner.threads == {"cachewise-test"}


async def test_streams_at_once_do_not_mix(threads: list[Threaded]) -> None:
    threads.append(Threaded(Inner(), "test"))
    assert await asyncio.gather(*(read(threads[0]) for _ in range(30))) == [list(EVENTS)] * 30


async def test_what_the_inner_stream_raises_is_raised_after_its_events(threads: list[Threaded]) -> None:
    threads.append(Threaded(Inner(events=EVENTS[:3], error=ForbiddenHost("no")), "test"))
    events = threads[0].stream(request("openrouter:anthropic/claude-haiku-4.5"))
    assert tuple([await anext(events) for _ in range(3)]) == EVENTS[:3]
    with pytest.raises(ForbiddenHost):
        await anext(events)


async def test_a_reader_that_leaves_ends_the_inner_stream(threads: list[Threaded]) -> None:
    inner = Inner(stall=True)
    threads.append(Threaded(inner, "test"))
    async with aclosing(threads[0].stream(request("openrouter:anthropic/claude-haiku-4.5"))) as events:
        async for _ in events:
            break
    assert inner.ended.is_set()


async def test_a_reader_that_is_cancelled_ends_the_inner_stream(threads: list[Threaded]) -> None:
    inner = Inner(stall=True)
    threads.append(Threaded(inner, "test"))
    taken = asyncio.Event()

    async def reader() -> None:
        async with aclosing(threads[0].stream(request("openrouter:anthropic/claude-haiku-4.5"))) as events:
            async for _ in events:
                taken.set()

    task = asyncio.create_task(reader())
    await taken.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert inner.ended.is_set()


async def test_closing_ends_streams_that_still_run(threads: list[Threaded]) -> None:
    inner = Inner(stall=True)
    provider = Threaded(inner, "test")
    threads.append(provider)
    events = provider.stream(request("openrouter:anthropic/claude-haiku-4.5"))
    assert await anext(events) == EVENTS[0]
    await provider.aclose()
    assert inner.ended.is_set()
    assert inner.closed
    assert [event async for event in events] == list(EVENTS[1:])
    await provider.aclose()


async def test_late_reports_are_asked_for_on_the_thread(threads: list[Threaded]) -> None:
    inner = Inner()
    threads.append(Threaded(inner, "test"))
    report = await threads[0].late_report("12345")
    assert report is not None
    assert report.billed == 5
    assert inner.threads == {"cachewise-test"}

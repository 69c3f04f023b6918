from __future__ import annotations

import asyncio
import contextlib
import random

import pytest

from cachewise.session.inflight import Inflight, Ticket

Outcome = str


async def request(
    inflight: Inflight, key: str, release: asyncio.Event, entered: asyncio.Event | None = None
) -> Outcome:
    """A request as a feature writes it: works under a ticket, answers nothing when superseded."""
    async with inflight.enter(key) as ticket:
        if entered is not None:
            entered.set()
        await release.wait()
        return "answered"
    assert ticket.superseded
    return "superseded"


async def start(inflight: Inflight, key: str, release: asyncio.Event) -> asyncio.Task[Outcome]:
    entered = asyncio.Event()
    task = asyncio.create_task(request(inflight, key, release, entered))
    await entered.wait()
    return task


async def test_the_newest_wins() -> None:
    inflight, release = Inflight(), asyncio.Event()
    tasks = [await start(inflight, "a", release) for _ in range(3)]
    other = await start(inflight, "b", release)
    assert len(inflight) == 2
    release.set()
    assert await asyncio.gather(*tasks, other) == ["superseded", "superseded", "answered", "answered"]
    assert len(inflight) == 0
    assert all(task.cancelling() == 0 for task in tasks)


async def test_the_newer_one_does_not_wait_for_the_older() -> None:
    """The older request is slow to clean up; the newer one holds the key meanwhile and keeps it."""
    inflight, cleaning, cleaned = Inflight(), asyncio.Event(), asyncio.Event()

    async def slow() -> str:
        async with inflight.enter("a"):
            try:
                await asyncio.Event().wait()
            finally:
                cleaning.set()
                await cleaned.wait()
        return "superseded"

    older = asyncio.create_task(slow())
    await asyncio.sleep(0)
    release = asyncio.Event()
    newer = await start(inflight, "a", release)
    await cleaning.wait()
    assert "a" in inflight
    cleaned.set()
    assert await older == "superseded"
    assert "a" in inflight
    release.set()
    assert await newer == "answered"
    assert "a" not in inflight


@pytest.mark.parametrize("order", ["client first", "server first", "client only"])
async def test_a_client_cancel_is_never_swallowed(order: str) -> None:
    inflight, release = Inflight(), asyncio.Event()
    task = await start(inflight, "a", release)
    if order == "server first":
        assert inflight.supersede("a")
    task.cancel()
    if order == "client first":
        assert inflight.supersede("a")
    with pytest.raises(asyncio.CancelledError):
        await task
    assert task.cancelled()
    assert len(inflight) == 0


async def test_supersede_without_a_newer_one() -> None:
    inflight, release = Inflight(), asyncio.Event()
    task = await start(inflight, "a", release)
    assert inflight.supersede("a")
    assert not inflight.supersede("a")
    assert await task == "superseded"


async def test_an_error_while_being_superseded_goes_on() -> None:
    inflight = Inflight()

    async def failing() -> None:
        async with inflight.enter("a"):
            try:
                await asyncio.Event().wait()
            finally:
                raise ValueError("while closing")

    task = asyncio.create_task(failing())
    await asyncio.sleep(0)
    inflight.supersede("a")
    with pytest.raises(ValueError, match="while closing"):
        await task
    assert task.cancelling() == 0


async def test_a_body_that_swallows_the_cancellation_still_learns_that_it_is_superseded() -> None:
    inflight = Inflight()

    async def stubborn() -> bool:
        async with inflight.enter("a") as ticket:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
        await asyncio.sleep(0)
        return ticket.superseded

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    inflight.supersede("a")
    assert await task


@pytest.mark.parametrize("cancelled_too", [False, True])
async def test_a_cancellation_on_its_way_does_not_hit_what_comes_behind(cancelled_too: bool) -> None:
    """The task is superseded while it runs, and leaves the block without suspending again."""
    inflight = Inflight()

    async def work() -> str:
        async with inflight.enter("a"):
            inflight.supersede("a")
            if cancelled_too:
                task = asyncio.current_task()
                assert task is not None
                task.cancel()
        await asyncio.sleep(0)
        return "went on"

    task = asyncio.create_task(work())
    if cancelled_too:
        with pytest.raises(asyncio.CancelledError):
            await task
    else:
        assert await task == "went on"
        assert task.cancelling() == 0


async def test_an_error_of_the_body_frees_the_key() -> None:
    inflight = Inflight()
    with pytest.raises(KeyError):
        async with inflight.enter("a"):
            raise KeyError("x")
    assert len(inflight) == 0


async def test_misuse_is_refused() -> None:
    inflight = Inflight()
    ticket = inflight.enter("a")
    async with ticket:
        with pytest.raises(RuntimeError, match="one block"):
            await ticket.__aenter__()
        with pytest.raises(RuntimeError, match="already holds"):
            await inflight.enter("a").__aenter__()
    unused: Ticket = inflight.enter("a")
    assert not unused.superseded
    assert len(inflight) == 0


async def test_ten_thousand_interleavings_leave_nothing_behind() -> None:
    """Requests come, are cancelled by the client, finish and are superseded in random order.

    Each answers exactly once: as cancelled if and only if the client cancelled it, and per key only one is live.
    """
    inflight = Inflight()
    running_before = len(asyncio.all_tasks())
    rng = random.Random(7)
    counts = {"answered": 0, "superseded": 0, "cancelled": 0}
    live: list[tuple[asyncio.Task[Outcome], asyncio.Event]] = []
    cancelled: set[asyncio.Task[Outcome]] = set()

    def settle() -> None:
        for task, _ in [pair for pair in live if pair[0].done()]:
            assert task.cancelled() == (task in cancelled)
            counts["cancelled" if task.cancelled() else task.result()] += 1
        live[:] = [pair for pair in live if not pair[0].done()]

    for _ in range(10_000):
        move = rng.random()
        if move < 0.5 or not live:
            release = asyncio.Event()
            live.append((asyncio.create_task(request(inflight, rng.choice("abcd"), release)), release))
        elif move < 0.65:
            rng.choice(live)[1].set()
        elif move < 0.8:
            task = rng.choice(live)[0]
            if task.cancel():
                cancelled.add(task)
        elif move < 0.85:
            inflight.supersede(rng.choice("abcd"))
        if rng.random() < 0.6:
            await asyncio.sleep(0)
            assert len(inflight) <= 4
            settle()
    for _, release in live:
        release.set()
    await asyncio.gather(*(task for task, _ in live), return_exceptions=True)
    settle()
    assert live == []
    assert min(counts.values()) > 300, counts
    assert len(inflight) == 0
    assert len(asyncio.all_tasks()) == running_before

"""Limits: how many requests run at once, how many leave in a minute, who waits and who is turned away."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cachewise.faults import Busy
from cachewise.ledger.clock import Clock
from cachewise.ledger.limits import BURST_SHARE, Limits, Slot
from support.ledger import HeldClock

WAIT = 10.0


async def enter(
    limits: Limits,
    provider: str = "openrouter",
    *,
    concurrent: int = 2,
    per_minute: int = 0,
    max_wait: float = WAIT,
    may_wait: bool = True,
) -> Slot:
    return await limits.enter(
        provider, concurrent=concurrent, per_minute=per_minute, max_wait=max_wait, may_wait=may_wait
    )


async def settled() -> None:
    """Let every task go as far as it can."""
    for _ in range(20):
        await asyncio.sleep(0)


def loop_clock() -> Clock:
    """The clock that timers go by."""
    loop = asyncio.get_running_loop()
    return Clock(now=loop.time, elapsed=loop.time)


async def test_there_is_room_for_so_many_at_once() -> None:
    limits = Limits()
    slots = [await enter(limits) for _ in range(2)]
    third = asyncio.create_task(enter(limits))
    await settled()
    assert not third.done()
    slots[0].release()
    (await third).release()
    slots[1].release()


async def test_who_may_not_wait_is_turned_away_at_once() -> None:
    limits = Limits()
    slot = await enter(limits, concurrent=1)
    with pytest.raises(Busy) as busy:
        await enter(limits, concurrent=1, may_wait=False)
    assert busy.value.code == -32803
    assert busy.value.data() == {"kind": "busy", "retryAfter": None}
    assert "limits.concurrent" in busy.value.sentence
    slot.release()
    await enter(limits, concurrent=1, may_wait=False)


async def test_a_slot_is_given_back_once() -> None:
    limits = Limits()
    slot = await enter(limits, concurrent=1)
    slot.release()
    slot.release()
    await enter(limits, concurrent=1)
    with pytest.raises(Busy):
        await enter(limits, concurrent=1, may_wait=False)


async def test_first_come_first_served_and_nobody_pushes_in() -> None:
    limits = Limits()
    slot = await enter(limits, concurrent=1)
    order: list[int] = []

    async def wait(number: int) -> None:
        mine = await enter(limits, concurrent=1)
        order.append(number)
        mine.release()

    tasks = [asyncio.create_task(wait(number)) for number in range(5)]
    await settled()
    slot.release()
    with pytest.raises(Busy):
        await enter(limits, concurrent=1, may_wait=False)
    await asyncio.gather(*tasks)
    assert order == [0, 1, 2, 3, 4]


async def test_the_wait_has_an_end() -> None:
    limits = Limits()
    slot = await enter(limits, concurrent=1)
    with pytest.raises(Busy, match="no room for one more"):
        await enter(limits, concurrent=1, max_wait=0.01)
    slot.release()
    await enter(limits, concurrent=1, may_wait=False)


@pytest.mark.parametrize("which", [0, 1, 2], ids=["first", "middle", "last"])
async def test_one_who_stops_waiting_holds_nobody_up(which: int) -> None:
    limits = Limits()
    slot = await enter(limits, concurrent=1)
    waiting = [asyncio.create_task(enter(limits, concurrent=1)) for _ in range(3)]
    await settled()
    waiting[which].cancel()
    slot.release()
    for number, task in enumerate(waiting):
        if number != which:
            (await task).release()
    assert waiting[which].cancelled()
    await enter(limits, concurrent=1, may_wait=False)


async def test_a_cancel_in_the_moment_of_the_turn_gives_it_on() -> None:
    limits = Limits()
    slot = await enter(limits, concurrent=1)
    first, second = (asyncio.create_task(enter(limits, concurrent=1)) for _ in range(2))
    await settled()
    slot.release()
    first.cancel()
    (await second).release()
    assert first.cancelled()


async def test_providers_do_not_share_a_limit() -> None:
    limits = Limits()
    for provider in ("openrouter", "anthropic", "local:llama"):
        await enter(limits, provider, concurrent=1, may_wait=False)


async def test_a_lower_limit_lets_what_runs_run() -> None:
    limits = Limits()
    slots = [await enter(limits, concurrent=4) for _ in range(4)]
    for slot in slots[:3]:
        with pytest.raises(Busy):
            await enter(limits, concurrent=1, may_wait=False)
        slot.release()
    slots[3].release()
    await enter(limits, concurrent=1, may_wait=False)


@pytest.mark.parametrize(
    ("per_minute", "at_once"),
    [
        pytest.param(0, 500, id="no limit"),
        pytest.param(1, 1, id="one"),
        pytest.param(5, 1, id="few"),
        pytest.param(60, 10, id="sixty"),
        pytest.param(600, 100, id="many"),
    ],
)
async def test_a_sixth_of_a_minute_may_leave_at_once(per_minute: int, at_once: int) -> None:
    held = HeldClock()
    limits = Limits(held.clock)
    for _ in range(at_once):
        await enter(limits, concurrent=1000, per_minute=per_minute, may_wait=False)
    if per_minute:
        with pytest.raises(Busy) as busy:
            await enter(limits, concurrent=1000, per_minute=per_minute, may_wait=False)
        assert busy.value.retry_after == pytest.approx(60 / per_minute)
        assert "limits.requestsPerMinute" in busy.value.sentence
        held.tick(60 / per_minute)
        await enter(limits, concurrent=1000, per_minute=per_minute, may_wait=False)


async def test_who_would_wait_too_long_is_told_so_at_once() -> None:
    limits = Limits(HeldClock().clock)
    await enter(limits, per_minute=1)
    with pytest.raises(Busy) as busy:
        await enter(limits, per_minute=1, max_wait=20)
    assert busy.value.data() == {"kind": "busy", "retryAfter": pytest.approx(60)}


async def test_who_may_wait_leaves_when_the_minute_allows() -> None:
    limits = Limits(loop_clock())
    per_minute = 6000
    began = asyncio.get_running_loop().time()
    slots = await asyncio.gather(
        *(enter(limits, concurrent=5000, per_minute=per_minute) for _ in range(per_minute // BURST_SHARE + 10))
    )
    assert len(slots) == 1010
    # Ten more than may leave at once have waited a hundredth of a second each; sooner would be too soon.
    assert asyncio.get_running_loop().time() - began >= 10 * 60 / per_minute - 0.001


@settings(max_examples=60, deadline=None)
@given(
    per_minute=st.integers(0, 200),
    concurrent=st.integers(1, 5),
    steps=st.lists(st.one_of(st.just("ask"), st.just("end"), st.floats(0.01, 30.0)), max_size=80),
)
def test_no_order_of_events_passes_a_limit(per_minute: int, concurrent: int, steps: list[str | float]) -> None:
    async def walk() -> None:
        held = HeldClock()
        limits = Limits(held.clock)
        running: list[Slot] = []
        left: list[float] = []
        for step in steps:
            if isinstance(step, float):
                held.tick(step)
            elif step == "end" and running:
                running.pop().release()
            elif step == "ask":
                try:
                    slot = await enter(limits, concurrent=concurrent, per_minute=per_minute, may_wait=False)
                except Busy:
                    continue
                running.append(slot)
                left.append(held.moment)
            assert len(running) <= concurrent
        if per_minute:
            most = per_minute + max(1.0, per_minute / BURST_SHARE)
            for start in left:
                assert sum(start <= moment < start + 60 for moment in left) <= most

    asyncio.run(walk())


async def test_many_waiters_and_cancels_leave_an_empty_room() -> None:
    limits = Limits()
    running = 0
    peak = 0

    async def work(number: int, done: Callable[[], None]) -> None:
        nonlocal running, peak
        slot = await enter(limits, concurrent=3)
        running += 1
        peak = max(peak, running)
        for _ in range(number % 4):
            await asyncio.sleep(0)
        running -= 1
        slot.release()
        done()

    finished: list[int] = []
    tasks = [asyncio.create_task(work(n, lambda n=n: finished.append(n))) for n in range(200)]  # type: ignore[misc]
    await asyncio.sleep(0)
    for task in tasks[5::3]:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert peak == 3
    assert running == 0
    assert len(finished) == 200 - len(tasks[5::3])
    for _ in range(3):
        await enter(limits, concurrent=3, may_wait=False)

"""A stream that nobody waits for any more: who may still join it, and when it ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from cachewise.features import pursuits as module
from cachewise.features.pursuits import Pursuit, Pursuits
from support.cursors import At

URI = "file:///a.py"


def at_end(text: str) -> At:
    return At(text, len(text), URI)


@pytest.fixture
async def live(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Pursuits, Pursuit]]:
    """One pursuit, whose stream goes on until it is cancelled."""
    monkeypatch.setattr(module, "CANCEL_GRACE", 0.001)
    pursuits, pursuit = Pursuits(), Pursuit("id", at_end("x = "), ())
    task = asyncio.create_task(asyncio.Event().wait())
    pursuits.begin(pursuit, task)  # type: ignore[arg-type]
    yield pursuits, pursuit
    task.cancel()
    await asyncio.wait((task,))


async def until_ended(pursuit: Pursuit) -> None:
    async with asyncio.timeout(10):
        while not pursuit.ended:
            await pursuit.news(patient=True)


async def test_it_ends_when_nobody_comes(live: tuple[Pursuits, Pursuit]) -> None:
    pursuits, pursuit = live
    pursuits.leave(pursuit, lambda: False)
    await until_ended(pursuit)
    assert URI not in pursuits


async def test_it_waits_while_a_newer_request_is_under_way(live: tuple[Pursuits, Pursuit]) -> None:
    pursuits, pursuit = live
    asked: list[bool] = []

    def busy() -> bool:
        asked.append(pursuit.ended)
        return len(asked) < 20

    pursuits.leave(pursuit, busy)
    await until_ended(pursuit)
    assert asked == [False] * 20, "it went on as long as somebody might join"


async def test_whoever_joins_keeps_it(live: tuple[Pursuits, Pursuit]) -> None:
    pursuits, pursuit = live
    over = asyncio.Event()

    def busy() -> bool:
        # The request that is under way has come to the point where it joins.
        assert pursuits.join(at_end("x = y"), (), patient=True) is pursuit
        asyncio.get_running_loop().call_later(0.002, over.set)
        return True

    pursuits.leave(pursuit, busy)
    async with asyncio.timeout(10):
        await over.wait()
    assert not pursuit.ended
    assert pursuits.of(URI) is pursuit


async def test_one_that_was_replaced_is_left_alone(live: tuple[Pursuits, Pursuit]) -> None:
    pursuits, pursuit = live
    pursuits.leave(pursuit, lambda: pytest.fail("asked for a pursuit that is no more"))
    newer, task = Pursuit("newer", at_end("y = "), ()), asyncio.create_task(asyncio.Event().wait())
    pursuits.begin(newer, task)  # type: ignore[arg-type]
    assert pursuit.ended
    over = asyncio.Event()
    asyncio.get_running_loop().call_later(0.005, over.set)
    await over.wait()
    assert pursuits.of(URI) is newer
    pursuits.close(URI)
    await asyncio.wait((task,))


async def test_who_waited_for_the_first_word_waits_no_longer_than_others_once_it_came(
    live: tuple[Pursuits, Pursuit], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STALL", 0.05)
    _, pursuit = live
    waiting = asyncio.create_task(pursuit.news(patient=False))
    await asyncio.sleep(0)
    pursuit.heard()
    await asyncio.wait_for(waiting, module.SLOW_START / 2)
    assert pursuit.patience <= 0

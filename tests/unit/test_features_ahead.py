from __future__ import annotations

import asyncio

import pytest

from cachewise.features.gate import Gate
from cachewise.features.intent import Intents
from cachewise.model.names import ModelName

MODEL = ModelName("openrouter", "anthropic/claude-sonnet-4.5")
OTHER = ModelName("openrouter", "openai/gpt-5")


@pytest.mark.parametrize(
    ("steps", "now", "worth"),
    [
        pytest.param([], 0.0, True, id="the first time"),
        pytest.param([("warm", 0.0, None)], 200.0, False, id="once in its lifetime"),
        pytest.param([("warm", 0.0, None)], 300.0, False, id="nobody asked for anything since"),
        pytest.param([("warm", 0.0, None), ("ask", 10.0, 5_000)], 299.0, False, id="its lifetime is not over"),
        pytest.param([("warm", 0.0, None), ("ask", 10.0, 5_000)], 1_000.0, True, id="it was of use"),
        pytest.param([("warm", 0.0, None), ("ask", 10.0, 0)], 1_000.0, False, id="nothing of it was read: no more"),
        pytest.param([("warm", 0.0, None), ("ask", 10.0, None)], 1_000.0, True, id="reads are not told"),
        pytest.param([("warm", 0.0, None), ("ask", 400.0, 0)], 1_000.0, True, id="nobody came in time"),
        pytest.param([("ask", 10.0, 0)], 1_000.0, True, id="nothing was written ahead"),
        pytest.param(
            [("warm", 0.0, None), ("ask", 1.0, 9), ("ask", 400.0, 0)], 1_000.0, True, id="only the first counts"
        ),
    ],
)
def test_worth(steps: list[tuple[str, float, int | None]], now: float, worth: bool) -> None:
    intents = Intents()
    for kind, at, read in steps:
        if kind == "warm":
            intents.warmed("/ws", MODEL, at)
        else:
            intents.answered("/ws", MODEL, at, 300.0, read)
    assert intents.worth("/ws", MODEL, now, 300.0) is worth
    assert intents.worth("/ws", OTHER, now, 300.0)
    assert intents.worth(None, MODEL, now, 300.0)


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_the_others_wait_for_the_first_answer_to_begin() -> None:
    gate = Gate()
    assert await gate.enter("key")
    others = [asyncio.create_task(gate.enter("key")) for _ in range(3)]
    await settle()
    assert not any(task.done() for task in others)
    assert await asyncio.wait_for(gate.enter("another key"), 5)
    gate.leave("key", begun=True)
    assert await asyncio.gather(*others) == [False, False, False]


async def test_when_the_first_fails_one_of_the_others_becomes_the_first() -> None:
    gate = Gate()
    assert await gate.enter("key")
    others = [asyncio.create_task(gate.enter("key")) for _ in range(3)]
    await settle()
    gate.leave("key", begun=False)
    await settle()
    done = [task for task in others if task.done()]
    assert [task.result() for task in done] == [True]
    gate.leave("key", begun=True)
    assert sorted(await asyncio.gather(*others)) == [False, False, True]


async def test_nobody_waits_for_ever() -> None:
    gate = Gate(wait=0.01)
    assert await gate.enter("key")
    assert await asyncio.wait_for(gate.enter("key"), 5) is False


async def test_a_cancelled_one_leaves_no_trace() -> None:
    gate = Gate()
    assert await gate.enter("key")
    waiting = asyncio.create_task(gate.enter("key"))
    await settle()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    gate.leave("key", begun=True)
    gate.leave("key", begun=True)
    assert await gate.enter("key"), "the next cold moment has a first again"

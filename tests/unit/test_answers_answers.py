"""The answer cache as features use it: what is kept, what comes back, how old it is, and what it saves."""

from __future__ import annotations

import asyncio
import subprocess  # a fresh interpreter, to see what an import loads
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import pytest

from cachewise.answers.answers import Answers
from cachewise.answers.disk import DiskStore
from cachewise.answers.memory import MemoryStore
from cachewise.answers.tiers import Tiers
from cachewise.model.events import StreamEvent, TextDelta
from cachewise.model.usage import UNKNOWN_COST, Cost
from support.stores import Clock, FakeStore

pytestmark = pytest.mark.usefixtures("patient")

KEY = "f" * 64
COST = Cost(usd=Decimal("0.0021"), source="billed", saved=Decimal("0.1"))


def build() -> tuple[Answers, Clock, FakeStore]:
    clock, disk = Clock(), FakeStore()
    return Answers(Tiers(MemoryStore(clock=clock), (disk,), clock=clock), clock=clock, ttl_seconds=1000), clock, disk


def keep(answers: Answers, **changes: Any) -> bool:
    fields: dict[str, Any] = {"task": "explain", "text": "It adds.", "model": "openai:gpt-5", "reason": "stop"}
    return answers.store(KEY, **fields | {"cost": COST, "context": "c1"} | changes)


async def test_an_answer_comes_back_with_its_age_and_what_it_cost() -> None:
    answers, clock, _ = build()
    assert keep(answers)
    clock.now += 30
    found = await answers.lookup(KEY)
    assert found is not None
    assert (found.text, found.model, found.task, found.tier) == ("It adds.", "openai:gpt-5", "explain", "memory")
    assert found.age_seconds == 30
    assert found.cost == Cost(usd=Decimal("0.0021"), source="billed", saved=None)
    await answers.aclose()


@pytest.mark.parametrize(
    ("context", "changed"), [("c1", False), ("c2", True), ("", False)], ids=["same", "other", "not-known"]
)
async def test_context_changed(context: str, changed: bool) -> None:
    answers, _, _ = build()
    keep(answers)
    found = await answers.lookup(KEY)
    assert found is not None
    assert found.context_changed(context) is changed


@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        pytest.param({}, True, id="whole"),
        pytest.param({"reason": "length"}, False, id="cut-by-the-limit"),
        pytest.param({"reason": "filter"}, False, id="cut-by-a-filter"),
        pytest.param({"reason": "other"}, False, id="stopped-otherwise"),
        pytest.param({"text": ""}, False, id="empty"),
        pytest.param({"text": " \n"}, False, id="white-space"),
        pytest.param({"text": "x" * 1_000_001}, False, id="enormous"),
        pytest.param({"text": "\ud83d"}, True, id="half-a-character"),
        pytest.param({"cost": UNKNOWN_COST}, True, id="cost-unknown"),
        pytest.param({"ttl_seconds": 0.0}, False, id="no-life"),
    ],
)
async def test_only_whole_answers_that_stopped_by_themselves_are_kept(changes: dict[str, Any], kept: bool) -> None:
    answers, _, disk = build()
    assert keep(answers, **changes) is kept
    await answers.tiers.settle()
    assert (KEY in disk.values) is kept
    assert (await answers.lookup(KEY) is not None) is kept


@pytest.mark.parametrize(
    ("usd", "source", "cost"),
    [
        ("0.5", "billed", Cost(usd=Decimal("0.5"), source="billed", saved=None)),
        ("0", "estimated", Cost(usd=Decimal(0), source="estimated", saved=None)),
        (None, "unknown", UNKNOWN_COST),
        (0.5, "billed", UNKNOWN_COST),
        ("NaN", "billed", UNKNOWN_COST),
        ("a lot", "billed", UNKNOWN_COST),
        ("0.5", "guessed", UNKNOWN_COST),
    ],
)
async def test_an_odd_cost_is_unknown_and_never_0(usd: object, source: str, cost: Cost) -> None:
    answers, _, _ = build()
    answer = {"text": "t", "model": "m", "costUsd": usd, "costSource": source}
    answers.tiers.put(KEY, task="ask", answer=answer, ttl_seconds=10)
    found = await answers.lookup(KEY)
    assert found is not None
    assert found.cost == cost


@pytest.mark.parametrize(
    "answer",
    [{}, {"text": "t"}, {"text": 1, "model": "m"}, {"text": "t", "model": None}, {"text": " ", "model": "m"}],
    ids=["empty", "no-model", "text-no-text", "model-no-text", "white-space"],
)
async def test_an_entry_that_is_no_answer_is_a_miss(answer: dict[str, Any]) -> None:
    answers, _, _ = build()
    answers.tiers.put(KEY, task="ask", answer=answer, ttl_seconds=10)
    assert await answers.lookup(KEY) is None


async def test_ttl() -> None:
    answers, clock, _ = build()
    keep(answers)
    clock.now += 999
    assert await answers.lookup(KEY) is not None
    clock.now += 1
    assert await answers.lookup(KEY) is None


async def test_a_refreshed_answer_takes_the_place_of_the_old() -> None:
    answers, _, disk = build()
    keep(answers)
    keep(answers, text="It multiplies.")
    await answers.tiers.settle()
    found = await answers.lookup(KEY)
    assert found is not None
    assert found.text == "It multiplies."
    assert b"multiplies" in disk.values[KEY]


async def test_it_survives_a_restart(tmp_path: Path) -> None:
    first = Answers.open(tmp_path)
    first.warm_up()
    assert keep(first)
    await first.aclose()
    second = Answers.open(tmp_path)
    found = await second.lookup(KEY)
    assert found is not None
    assert (found.text, found.tier) == ("It adds.", "disk")
    assert second.status().to_json() == {"tier": "disk", "entries": 1, "hits": 1, "misses": 0}
    assert second.problem is None
    assert await second.check() == ()
    assert [info.entries for info in await second.info()] == [1, 1]
    assert await second.clear("ask") == 0
    assert await second.clear("explain") == 1
    assert await second.lookup(KEY) is None
    await second.aclose()


async def test_an_address_that_can_not_be_read_is_a_problem_and_no_error(tmp_path: Path) -> None:
    told: list[str] = []
    answers = Answers.open(tmp_path, redis_url="http://bob:hunter2@x", tell=told.append)
    assert answers.problem == told[0]
    assert "hunter2" not in told[0]
    assert keep(answers)
    assert await answers.check() == (told[0],)
    await answers.aclose()


async def test_a_redis_that_others_can_read_along_with_is_not_used(tmp_path: Path) -> None:
    told: list[str] = []
    answers = Answers.open(None, redis_url="redis://192.0.2.1", tell=told.append)
    assert len(told) == 1
    assert "rediss://" in told[0]
    assert await answers.lookup(KEY) is None
    await answers.aclose()


async def test_equal_questions_share_their_events() -> None:
    answers, _, _ = build()

    async def run(emit: Any) -> str:
        for word in ("a", "b"):
            emit(TextDelta(word))
            await asyncio.sleep(0)
        return "done"

    async def ride() -> tuple[list[StreamEvent], str]:
        async with answers.board(KEY, run) as seat:
            return [event async for event in seat.pieces()], await seat.result()

    whole: tuple[list[StreamEvent], str] = ([TextDelta("a"), TextDelta("b")], "done")
    assert list(await asyncio.gather(ride(), ride(), ride())) == [whole] * 3


async def test_the_turn_of_two_servers_on_one_disk(tmp_path: Path) -> None:
    servers = [Answers.open(tmp_path), Answers.open(tmp_path)]
    for server in servers:
        await server.lookup(KEY)
    asked: list[int] = []

    async def ask(number: int) -> Literal["asked", "found"]:
        async with servers[number].turn(KEY, patience=20) as found:
            if found is not None:
                return "found"
            asked.append(number)
            await asyncio.sleep(0)
            keep(servers[number])
            return "asked"

    assert sorted(await asyncio.gather(ask(0), ask(1))) == ["asked", "found"]
    assert len(asked) == 1
    for server in servers:
        await server.aclose()


def test_importing_the_room_loads_nothing_heavy() -> None:
    program = (
        "import sys, cachewise.answers, cachewise.answers.answers, cachewise.answers.scope\n"
        "heavy = {'sqlite3', 'diskcache', 'redis', 'pydantic_ai', 'pydantic', 'platformdirs'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "from cachewise.answers import cached_agent_run\n"
        "assert 'pydantic_ai' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


async def test_what_a_waiter_gets_counts_as_a_hit_and_fits_its_context(tmp_path: Path) -> None:
    key = "e" * 64
    disk = Answers(Tiers(MemoryStore(), [DiskStore(tmp_path)]))
    assert await disk.lookup(key) is None
    assert disk.store(key, task="ask", text="It adds.", model="m", reason="stop", context="old")
    for context, found in (("new", False), ("old", True)):
        async with disk.turn(key, patience=20, context=context) as other:
            assert (other is not None) == found
    status = disk.status()
    assert (status.hits, status.misses) == (1, 0)
    await disk.aclose()

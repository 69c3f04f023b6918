"""Limits that servers share through a real Redis: who may leave, who waits, and what a dead server leaves behind."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cachewise.answers.redis import RedisStore
from cachewise.answers.redis_limits import LEASE, Limit, RedisLimits, Turn
from cachewise.answers.redis_url import parse_redis_url
from support.redis_server import RedisServer
from support.stores import Clock

pytestmark = pytest.mark.usefixtures("patient")

ONE = Limit(concurrent=1, per_minute=0, burst=1)
STATE = "cachewise:v1:default:limit:n"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def pair(redis: RedisServer, clock: Clock) -> AsyncIterator[tuple[RedisLimits, RedisLimits]]:
    """The limits as two servers see them."""
    stores = [RedisStore(parse_redis_url(redis.url)) for _ in range(2)]
    yield RedisLimits(stores[0], clock=clock), RedisLimits(stores[1], clock=clock)
    for store in stores:
        assert store.problem is None
        await store.aclose()


async def test_a_request_of_one_server_leaves_no_room_for_the_others(pair: tuple[RedisLimits, RedisLimits]) -> None:
    one, other = pair
    assert await one.take("n", "a", ONE) == Turn(granted=True)
    assert await other.take("n", "b", ONE) == Turn(granted=False, delay=None)
    assert await other.take("another key", "b", ONE) == Turn(granted=True)
    await other.leave("n", "b")
    assert await other.take("n", "b", ONE) == Turn(granted=False, delay=None), "what is not one's own stays"
    await one.leave("n", "a")
    assert await other.take("n", "b", ONE) == Turn(granted=True)


async def test_the_minute_is_shared(pair: tuple[RedisLimits, RedisLimits], clock: Clock) -> None:
    limit = Limit(concurrent=100, per_minute=12, burst=2)
    turns = [await pair[number % 2].take("n", str(number), limit) for number in range(3)]
    assert turns == [Turn(granted=True), Turn(granted=True), Turn(granted=False, delay=5.0)]
    clock.now += 5
    assert await pair[1].take("n", "x", limit) == Turn(granted=True)
    assert await pair[0].take("n", "y", limit) == Turn(granted=False, delay=5.0)


async def test_what_a_dead_server_held_is_free_again(pair: tuple[RedisLimits, RedisLimits], clock: Clock) -> None:
    await pair[0].take("n", "a", ONE)
    clock.now += LEASE - 1
    assert await pair[1].take("n", "b", ONE) == Turn(granted=False)
    clock.now += 2
    assert await pair[1].take("n", "b", ONE) == Turn(granted=True)


async def test_a_live_server_renews(
    pair: tuple[RedisLimits, RedisLimits], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await pair[0].take("n", "a", ONE)
    over, renewed = asyncio.Event(), asyncio.Event()
    store = pair[0]._store
    replace = store.replace

    async def watched(*given: object, **named: object) -> bool:
        done = await replace(*given, **named)  # type: ignore[arg-type]
        renewed.set()
        return done

    monkeypatch.setattr(store, "replace", watched)
    monkeypatch.setattr("cachewise.answers.redis_limits.LEASE", 0.03)
    clock.now += LEASE - 1
    holding = asyncio.create_task(pair[0].hold("n", "a", over))
    await renewed.wait()
    monkeypatch.setattr("cachewise.answers.redis_limits.LEASE", LEASE)
    over.set()
    await holding
    assert await pair[1].take("n", "b", ONE) == Turn(granted=True), "it is over, so it counts no more"


@pytest.mark.parametrize("cancel", [False, True], ids=["over", "cancelled"])
async def test_the_end_gives_the_place_back(
    pair: tuple[RedisLimits, RedisLimits], redis: RedisServer, cancel: bool
) -> None:
    await pair[0].take("n", "a", ONE)
    over = asyncio.Event()
    holding = asyncio.create_task(pair[0].hold("n", "a", over))
    await asyncio.sleep(0)
    holding.cancel() if cancel else over.set()
    await asyncio.gather(holding, return_exceptions=True)
    assert json.loads(redis.command("GET", STATE).split(b"\r\n")[1])["running"] == {}


async def test_twenty_at_once_come_between_each_other_and_none_is_lost(pair: tuple[RedisLimits, RedisLimits]) -> None:
    limit = Limit(concurrent=7, per_minute=0, burst=1)
    turns = await asyncio.gather(*(pair[n % 2].take("n", str(n), limit) for n in range(20)))
    assert sum(turn is not None and turn.granted for turn in turns) == 7
    assert None not in turns


BROKEN: Sequence[bytes] = (
    b"",
    b"\xff",
    b"[]",
    b"[" * 5000,
    b'{"running": 5, "tokens": "x", "seen": null}',
    b'{"running": {"a": 1e99, "b": "x", "c": true}, "tokens": 1e400, "seen": 0}',
    b'{"running": {}, "tokens": -1e9, "seen": 1e14}',
)


@pytest.mark.parametrize("value", BROKEN)
async def test_what_does_not_fit_is_as_if_nothing_was_counted(
    pair: tuple[RedisLimits, RedisLimits], redis: RedisServer, value: bytes
) -> None:
    redis.command("SET", STATE, value)
    limit = Limit(concurrent=1, per_minute=60, burst=1)
    assert await pair[0].take("n", "a", limit) == Turn(granted=True)
    assert await pair[1].take("n", "b", limit) == Turn(granted=False)


async def test_without_a_redis_there_is_no_saying(unused_tcp_port: int) -> None:
    store = RedisStore(parse_redis_url(f"redis://127.0.0.1:{unused_tcp_port}"))
    limits = RedisLimits(store)
    for _ in range(5):
        assert await limits.take("n", "a", ONE, typing=True) is None
    await limits.leave("n", "a")
    await store.aclose()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.one_of(st.floats(0, 20), st.sampled_from(["take", "leave"])), max_size=40))
async def test_no_order_of_events_passes_the_limits(redis: RedisServer, steps: list[float | str]) -> None:
    redis.command("FLUSHALL")
    clock, limit = Clock(), Limit(concurrent=3, per_minute=30, burst=5)
    store = RedisStore(parse_redis_url(redis.url))
    limits, held, left = RedisLimits(store, clock=clock), dict[str, float](), list[float]()
    for number, step in enumerate(steps):
        if isinstance(step, float):
            clock.now += step
        elif step == "leave" and held:
            await limits.leave("n", held.popitem()[0])
        elif step == "take" and (await limits.take("n", str(number), limit)) == Turn(granted=True):
            held[str(number)] = clock.now
            left.append(clock.now)
        assert sum(clock.now - since < LEASE for since in held.values()) <= 3
        recent = [moment for moment in left if clock.now - moment < 60]
        assert len(recent) <= 30 + 5
    await store.aclose()

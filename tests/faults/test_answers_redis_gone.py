"""A Redis that is not there, dies, freezes, is slow or is cut off: nobody waits for it, and no answer is mixed up."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from cachewise.answers import deadlines
from cachewise.answers.answers import Answers
from cachewise.answers.memory import MemoryStore
from cachewise.answers.redis_limits import Limit, RedisLimits
from cachewise.answers.tiers import Tiers
from support.proxy import Proxy
from support.redis_server import RedisServer, redis_server
from support.stores import KEY, PATIENT, Clock, blob, redis_store

pytestmark = pytest.mark.usefixtures("patient")


async def test_nobody_there(unused_tcp_port: int) -> None:
    store, told = redis_store(f"redis://:{'hunter2'}@127.0.0.1:{unused_tcp_port}")
    for _ in range(10):
        assert await store.get(KEY) is None
        assert not await store.set(KEY, blob(), ttl_seconds=100, task="ask")
        assert await store.acquire(KEY, "me", 1) is None
    assert await store.clear() == 0
    assert (await store.info()).entries is None
    assert len(told) == 1
    assert "can't be reached" in told[0]
    assert "hunter2" not in told[0]
    await store.aclose()


async def test_killed_in_mid_session_and_back_again() -> None:
    with redis_server() as own:
        clock = Clock()
        store, told = redis_store(own.url, clock=clock)
        tiers = Tiers(MemoryStore(max_entries=0), (store,))
        assert await store.connect()
        tiers.put(KEY, task="ask", answer={"text": "kept"}, ttl_seconds=100)
        await tiers.settle()
        own.stop()
        for _ in range(5):
            assert await tiers.get(KEY) is None
        assert len(told) == 1
        assert tiers.status().tier == "memory"
        assert tiers.lock is None
        own.start()
        assert await tiers.get(KEY) is None, "the breaker leaves it alone for a while"
        clock.now += 30
        assert await store.get(KEY) is None, "the new server is empty, but it answers"
        assert tiers.problem is None
        clock.now += 30
        assert await store.set(KEY, blob(), ttl_seconds=100, task="ask")
        assert await store.get(KEY) == blob()
        assert len(told) == 1
        await tiers.aclose()


async def test_a_server_that_answers_too_late_is_not_waited_for(redis: RedisServer) -> None:
    async with Proxy(redis.port) as proxy:
        store, told = redis_store(f"redis://127.0.0.1:{proxy.port}", cooldown=1000)
        assert await store.connect()
        assert await store.set(KEY, blob(), ttl_seconds=100, task="ask")
        proxy.delay = 30.0
        replies = proxy.replies
        for _ in range(3):
            assert await store.get(KEY, deadline=deadlines.TYPING) is None
        commands, connections = proxy.commands, proxy.connections
        for _ in range(3):
            assert await store.get(KEY, deadline=deadlines.TYPING) is None
        assert proxy.replies == replies, "no reply was waited for"
        assert (proxy.commands, proxy.connections) == (commands, connections), "after three it is left alone"
        assert len(told) == 1
        assert "too slowly" in told[0]
        await store.aclose()


async def test_a_frozen_server_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with redis_server() as own:
        store, told = redis_store(own.url, cooldown=0)
        assert await store.connect()
        own.freeze()
        monkeypatch.setattr(deadlines, "SHARE", 0.1)
        assert await store.get(KEY, deadline=deadlines.TYPING) is None
        assert not await store.set(KEY, blob(), ttl_seconds=100, task="ask")
        assert len(told) == 1
        own.thaw()
        monkeypatch.setattr(deadlines, "SHARE", PATIENT)
        assert await store.get(KEY, deadline=PATIENT) is None
        assert await store.set(KEY, blob(), ttl_seconds=100, task="ask")
        assert store.problem is None
        await store.aclose()


async def test_a_question_waits_for_a_frozen_server_no_longer_than_one_lookup(monkeypatch: pytest.MonkeyPatch) -> None:
    with redis_server() as own:
        store, _ = redis_store(own.url)
        answers = Answers(Tiers(MemoryStore(), [store]), limits=RedisLimits(store))
        assert await store.connect()
        own.freeze()
        monkeypatch.setattr(deadlines, "LOOKUP", 0.2)
        waited: list[float] = []
        link = store._link
        run = link.run

        async def watched(side: Any, deadline: float, default: Any, operation: Any) -> Any:
            before = link._breakers[side].is_open
            result = await run(side, deadline, default, operation)
            if not before:
                waited.append(deadline)
            return result

        monkeypatch.setattr(link, "run", watched)
        for number in range(5):
            key = f"{number:064x}"
            waited.clear()
            assert await answers.lookup(key) is None
            async with answers.turn(key, patience=PATIENT) as other:
                assert other is None
                assert answers.limits is not None
                assert await answers.limits.take("n", key, Limit(concurrent=1, per_minute=0, burst=1)) is None
                assert sum(waited) <= 0.2
        assert waited == [], "after three it is left alone"
        own.thaw()
        await answers.aclose()


async def test_a_connection_cut_between_command_and_reply(redis: RedisServer) -> None:
    async with Proxy(redis.port) as proxy:
        store, _ = redis_store(f"redis://127.0.0.1:{proxy.port}", cooldown=0)
        assert await store.connect()
        assert await store.set(KEY, blob(), ttl_seconds=100, task="ask")
        proxy.cut_replies = 1
        assert await store.get(KEY, deadline=PATIENT) == blob(), "one retry, on a new connection"
        proxy.cut_replies = 100
        assert await store.get(KEY, deadline=PATIENT) is None
        proxy.cut_replies = 0
        assert await store.get(KEY, deadline=PATIENT) == blob()
        await store.aclose()


async def test_a_cancelled_lookup_never_gives_another_keys_value(redis: RedisServer) -> None:
    async with Proxy(redis.port) as proxy:
        store, _ = redis_store(f"redis://127.0.0.1:{proxy.port}", cooldown=0)
        assert await store.connect()
        keys = [f"{number:064x}" for number in range(10)]
        for key in keys:
            assert await store.set(key, blob(key), ttl_seconds=100, task="ask")
        for number in range(500):
            task = asyncio.create_task(store.get(keys[number % 10], deadline=PATIENT))
            for _ in range(number % 7):
                await asyncio.sleep(0)
            task.cancel()
            (found,) = await asyncio.gather(task, return_exceptions=True)
            assert isinstance(found, asyncio.CancelledError) or found == blob(keys[number % 10])
            if number % 10 == 9:
                assert await store.get(keys[3], deadline=PATIENT) == blob(keys[3])
        assert store.problem is None
        await store.aclose()

"""The shared tier against a real Redis that is well: what lies in it, what is no answer, and the turns of machines."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator

import pytest

from cachewise.answers.answers import Answers
from cachewise.answers.memory import MemoryStore
from cachewise.answers.redis import RedisStore
from cachewise.answers.redis_value import pack, unpack
from cachewise.answers.tiers import Tiers
from cachewise.answers.turn import turn
from support.redis_server import RedisServer
from support.stores import KEY, PATIENT, blob, redis_store

pytestmark = pytest.mark.usefixtures("patient")


@pytest.fixture
async def store(redis: RedisServer) -> AsyncIterator[RedisStore]:
    store, told = redis_store(redis.url)
    assert await store.connect()
    yield store
    await store.aclose()
    assert told == []


@pytest.mark.parametrize("text", ["short", "long " * 1000, "é" * 90_000], ids=["plain", "compressed", "off-the-loop"])
async def test_what_was_kept_is_found_by_another_server(store: RedisStore, redis: RedisServer, text: str) -> None:
    assert await store.set(KEY, blob(text=text), ttl_seconds=100, task="ask")
    other, _ = redis_store(redis.url)
    assert await other.get(KEY, deadline=PATIENT) == blob(text=text)
    await other.delete(KEY)
    assert await store.get(KEY) is None
    await other.aclose()


async def test_five_hundred_at_once(store: RedisStore) -> None:
    keys = [f"{number:064x}" for number in range(500)]
    assert all(await asyncio.gather(*(store.set(k, blob(k), ttl_seconds=100, task="ask") for k in keys)))
    found = await asyncio.gather(*(store.get(k, deadline=PATIENT) for k in keys))
    assert list(found) == [blob(k) for k in keys]


async def test_names_ttl_and_compression_as_they_lie_in_redis(store: RedisStore, redis: RedisServer) -> None:
    await store.set(KEY, blob(), ttl_seconds=100, task="ask")
    await store.set("b" * 64, blob("b" * 64, text="x" * 2000), ttl_seconds=50.5, task="ask")
    name = f"cachewise:v1:default:answer:{KEY}"
    assert redis.command("EXISTS", name) == b":1\r\n"
    assert 50_500 < int(redis.command("PTTL", name)[1:]) <= 100_000
    assert redis.command("GET", name).split(b"\r\n", 1)[1][:1] == b"="
    long = redis.command("GET", f"cachewise:v1:default:answer:{'b' * 64}")
    assert long.split(b"\r\n", 1)[1][:1] == b"z"
    assert len(long) < 600
    assert int(redis.command("PTTL", f"cachewise:v1:default:answer:{'b' * 64}")[1:]) <= 50_500


async def test_namespaces_do_not_see_each_other(store: RedisStore, redis: RedisServer) -> None:
    other, _ = redis_store(f"{redis.url}?namespace=team-b")
    await store.set(KEY, blob(), ttl_seconds=100, task="ask")
    assert await other.get(KEY, deadline=PATIENT) is None
    await other.set(KEY, blob(text="theirs"), ttl_seconds=100, task="ask")
    assert await other.clear() == 1
    assert await store.get(KEY) == blob()
    await other.aclose()


async def test_clear_leaves_everything_else_alone(store: RedisStore, redis: RedisServer) -> None:
    redis.command("SET", "not-ours", "1")
    redis.command("SET", "cachewise:v1:default:lock:x", "1")
    for number in range(450):
        key = f"{number:064x}"
        await store.set(key, blob(key, task="ask" if number % 3 else "hover"), ttl_seconds=100, task="ask")
    assert (await store.info()).entries == 450
    assert await store.clear("hover") == 150
    assert await store.clear("hover") == 0
    assert await store.clear() == 300
    assert (await store.info()).entries == 0
    assert redis.command("EXISTS", "not-ours", "cachewise:v1:default:lock:x") == b":2\r\n"


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\x80\x04cos\nsystem\n(S'true'\ntR.", id="pickle"),
        pytest.param(b"=" + blob()[:-1], id="cut"),
        pytest.param(b"=" + blob("b" * 64), id="answer-of-another-key"),
        pytest.param(b"z" + zlib.compress(blob())[:-3], id="compressed-and-cut"),
        pytest.param(b"z" + zlib.compress(bytes(50_000_000)), id="bomb"),
        pytest.param(b"zrubbish", id="not-compressed"),
        pytest.param(b'={"v":1}', id="bare-json"),
    ],
)
async def test_a_tampered_value_is_a_miss(store: RedisStore, redis: RedisServer, value: bytes) -> None:
    redis.command("SET", f"cachewise:v1:default:answer:{KEY}", value)
    tiers = Tiers(MemoryStore(), (store,))
    assert await tiers.get(KEY, deadline=PATIENT) is None
    tiers.put(KEY, task="ask", answer={"text": "new"}, ttl_seconds=100)
    await tiers.settle()
    assert await store.clear("ask") == 1
    assert store.problem is None


@pytest.mark.parametrize("size", [0, 1, 1024, 1025, 70_000])
async def test_packing(size: int) -> None:
    assert await unpack(await pack(bytes(size))) == bytes(size)


async def test_locks(store: RedisStore, redis: RedisServer) -> None:
    assert await store.acquire(KEY, "me", 100) is True
    assert await store.acquire(KEY, "you", 100) is False
    assert await store.renew(KEY, "you", 200) is False
    assert await store.renew(KEY, "me", 200) is True
    assert int(redis.command("PTTL", f"cachewise:v1:default:lock:{KEY}")[1:]) > 150_000
    await store.release(KEY, "you")
    assert await store.acquire(KEY, "you", 100) is False
    await store.release(KEY, "me")
    assert await store.acquire(KEY, "you", 0.05) is True
    while redis.command("EXISTS", f"cachewise:v1:default:lock:{KEY}") != b":0\r\n":
        await asyncio.sleep(0.01)
    assert await store.renew(KEY, "you", 100) is False
    assert await store.acquire(KEY, "me", 100) is True


async def test_a_dead_leader_loses_its_turn_and_its_waiter_asks(store: RedisStore) -> None:
    assert await store.acquire(KEY, "a process that was killed", 0.3)
    asked = 0

    async def look() -> bytes | None:
        return await store.get(KEY)

    async def settle() -> None:
        pass

    async with turn(store, KEY, look=look, settle=settle, patience=PATIENT) as found:
        assert found is None
        asked += 1
        assert await store.acquire(KEY, "somebody else", 1) is False, "the turn is ours now"
    assert asked == 1


async def test_a_second_machine_answers_from_redis_and_waits_for_the_first(redis: RedisServer) -> None:
    machines = [Answers.open(None, redis_url=redis.url) for _ in range(2)]
    for machine in machines:
        machine.warm_up()
        assert await machine.lookup(KEY) is None
    asked: list[int] = []

    async def ask(number: int) -> str:
        async with machines[number].turn(KEY, patience=PATIENT) as found:
            if found is not None:
                return found.text
            asked.append(number)
            await asyncio.sleep(0)
            machines[number].store(KEY, task="ask", text="It adds.", model="m", reason="stop")
            return "It adds."

    assert list(await asyncio.gather(ask(0), ask(1))) == ["It adds."] * 2
    assert len(asked) == 1
    third = Answers.open(None, redis_url=redis.url)
    third.warm_up()
    found = await third.lookup(KEY)
    assert found is not None
    assert (found.text, found.tier, third.status().tier) == ("It adds.", "redis", "redis")
    for machine in (*machines, third):
        await machine.aclose()

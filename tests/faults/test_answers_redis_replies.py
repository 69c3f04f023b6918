"""What a Redis replies when it can not do what it is asked, and servers that are no Redis at all."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from support.redis_server import RedisServer
from support.stores import KEY, PATIENT, blob, redis_store

pytestmark = pytest.mark.usefixtures("patient")


async def test_something_else_under_a_key_of_ours(redis: RedisServer) -> None:
    own, told = redis_store(redis.url)
    redis.command("RPUSH", f"cachewise:v1:default:answer:{KEY}", "a", "b")
    for _ in range(5):
        assert await own.get(KEY, deadline=PATIENT) is None
    assert len(told) == 1
    assert "something else" in told[0]
    assert await own.set("b" * 64, blob("b" * 64), ttl_seconds=100, task="ask"), "other keys go on working"
    assert await own.get("b" * 64) == blob("b" * 64)
    assert await own.set(KEY, blob(), ttl_seconds=100, task="ask"), "a new answer takes its place"
    assert await own.get(KEY) == blob()
    await own.aclose()


@pytest.mark.parametrize(
    ("ill", "well", "words"),
    [
        pytest.param(("CONFIG", "SET", "maxmemory", "1"), ("CONFIG", "SET", "maxmemory", "0"), "no memory", id="full"),
        pytest.param(("REPLICAOF", "127.0.0.1", "1"), ("REPLICAOF", "NO", "ONE"), "read-only", id="replica"),
    ],
)
async def test_who_can_not_write_can_still_read(
    redis: RedisServer, ill: Sequence[str], well: Sequence[str], words: str
) -> None:
    own, told = redis_store(redis.url, cooldown=0)
    assert await own.set(KEY, blob(), ttl_seconds=100, task="ask")
    redis.command(*ill)
    try:
        for _ in range(4):
            assert not await own.set("b" * 64, blob("b" * 64), ttl_seconds=100, task="ask")
            assert await own.get(KEY) == blob()
        assert len(told) == 1
        assert words in told[0]
        assert own.problem == told[0]
    finally:
        redis.command(*well)
    assert await own.set("b" * 64, blob("b" * 64), ttl_seconds=100, task="ask")
    assert own.problem is None
    await own.aclose()


async def test_a_server_that_is_still_loading() -> None:
    async def loading(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(4096):
            writer.write(b"-LOADING Redis is loading the dataset in memory\r\n")
        writer.close()

    fake = await asyncio.start_server(loading, "127.0.0.1", 0)
    store, told = redis_store(f"redis://127.0.0.1:{fake.sockets[0].getsockname()[1]}")
    assert await store.get(KEY, deadline=PATIENT) is None
    assert len(told) == 1
    assert "loading" in told[0]
    await store.aclose()
    fake.close()
    await fake.wait_closed()


@pytest.mark.parametrize(
    "reply",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"$99999999999\r\nx",
        b"*-5\r\n",
        bytes(range(256)),
        b"",
        b"+\xff\xfe\r\n" * 9,
    ],
    ids=["http", "endless", "odd-length", "noise", "silence", "no-text"],
)
async def test_something_that_is_no_redis(reply: bytes) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(4096)
        writer.write(reply)
        await reader.read(4096)
        writer.close()

    fake = await asyncio.start_server(answer, "127.0.0.1", 0)
    store, told = redis_store(f"redis://127.0.0.1:{fake.sockets[0].getsockname()[1]}")
    for _ in range(3):
        assert await store.get(KEY, deadline=0.5) is None
    assert len(told) <= 3
    await store.aclose()
    fake.close()
    await fake.wait_closed()

"""The ways to a Redis: passwords, users with few rights, sockets, databases, a sentinel and a cluster."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from cachewise.answers.redis_limits import Limit, RedisLimits, Turn
from support.redis_server import RedisServer, redis_cluster, redis_sentinel, redis_server
from support.stores import KEY, PATIENT, blob, redis_store

pytestmark = pytest.mark.usefixtures("patient")

PASSWORD = "open sesame@/"


@pytest.fixture(scope="module")
def locked() -> Iterator[RedisServer]:
    with redis_server(password=PASSWORD) as server:
        yield server


@pytest.fixture(scope="module")
def cluster() -> Iterator[Sequence[RedisServer]]:
    with redis_cluster() as nodes:
        yield nodes


def documented_rights() -> list[str]:
    """The rules of the user that docs/answers.md tells teams to make."""
    page = (Path(__file__).parents[2] / "docs" / "answers.md").read_text(encoding="utf-8")
    [line] = [line for line in page.splitlines() if line.startswith("user cachewise ")]
    return line.split()[2:]


async def use_everything(url: str) -> list[str]:
    """Do all that the cache ever asks of a Redis; returns the troubles it had."""
    store, told = redis_store(url)
    assert await store.connect()
    assert await store.set(KEY, blob(), ttl_seconds=100, task="ask")
    assert await store.get(KEY) == blob()
    assert await store.acquire(KEY, "me", 10)
    assert await store.renew(KEY, "me", 10)
    await store.release(KEY, "me")
    limits = RedisLimits(store)
    assert (await limits.take("n", "me", Limit(concurrent=1, per_minute=60, burst=10))) == Turn(granted=True)
    await limits.leave("n", "me")
    assert (await store.info()).entries == 1
    assert await store.clear("ask") == 1
    await store.delete(KEY)
    await store.aclose()
    return told


@pytest.mark.parametrize(
    ("url", "works"),
    [
        pytest.param("redis://:open%20sesame%40%2F@127.0.0.1:{port}", True, id="right"),
        pytest.param("redis://:wrong-one@127.0.0.1:{port}", False, id="wrong"),
        pytest.param("redis://nobody:wrong-one@127.0.0.1:{port}", False, id="unknown-user"),
        pytest.param("redis://127.0.0.1:{port}", False, id="none"),
    ],
)
async def test_passwords(locked: RedisServer, url: str, works: bool) -> None:
    store, told = redis_store(url.format(port=locked.port))
    assert await store.set(KEY, blob(), ttl_seconds=100, task="ask") is works
    assert (await store.get(KEY, deadline=PATIENT) == blob()) is works
    assert len(told) == (0 if works else 1)
    assert not any("sesame" in sentence or "wrong-one" in sentence for sentence in told)
    assert works or "refused the user" in told[0]
    await store.aclose()


async def test_a_user_with_the_rights_of_the_documentation_is_enough(redis: RedisServer) -> None:
    assert redis.command("ACL", "SETUSER", "cachewise", *documented_rights()).startswith(b"+OK")
    url = f"redis://cachewise:change-this@127.0.0.1:{redis.port}"
    assert await use_everything(url) == []
    assert redis.command("SET", "theirs", "1").startswith(b"+OK")
    redis.command("ACL", "SETUSER", "cachewise", "-get")
    store, told = redis_store(url)
    assert await store.get(KEY, deadline=PATIENT) is None
    assert len(told) == 1
    await store.aclose()
    redis.command("ACL", "DELUSER", "cachewise")


async def test_those_rights_are_enough_in_a_cluster(cluster: Sequence[RedisServer]) -> None:
    for node in cluster:
        assert node.command("ACL", "SETUSER", "cachewise", *documented_rights()).startswith(b"+OK")
    assert await use_everything(f"redis+cluster://cachewise:change-this@127.0.0.1:{cluster[0].port}") == []
    for node in cluster:
        node.command("ACL", "DELUSER", "cachewise")


async def test_answers_do_not_cross_a_network_unprotected_unless_told_to() -> None:
    store, told = redis_store("redis://192.0.2.1:6379")
    assert await store.get(KEY) is None
    assert len(told) == 1
    store, told = redis_store("redis://192.0.2.1:6379?insecure=yes")
    assert told == []
    await store.aclose()


async def test_a_unix_socket(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with redis_server("--unixsocket", str(path)):
        store, told = redis_store(f"unix://{path}?namespace=socket")
        assert await store.connect()
        assert await store.set(KEY, blob(), ttl_seconds=100, task="ask")
        assert await store.get(KEY) == blob()
        assert told == []
        await store.aclose()


async def test_databases_do_not_see_each_other(redis: RedisServer) -> None:
    first, _ = redis_store(f"{redis.url}/1")
    second, _ = redis_store(f"{redis.url}/2")
    assert await first.set(KEY, blob(), ttl_seconds=100, task="ask")
    assert await second.get(KEY, deadline=PATIENT) is None
    assert await second.clear() == 0
    assert await first.clear() == 1
    await first.aclose()
    await second.aclose()


async def test_sentinel(redis: RedisServer) -> None:
    with redis_sentinel(redis, "mymaster") as sentinel:
        store, told = redis_store(f"redis+sentinel://127.0.0.1:1,127.0.0.1:{sentinel.port}/mymaster")
        assert await store.connect()
        assert await store.set(KEY, blob(), ttl_seconds=100, task="ask")
        assert await store.get(KEY) == blob()
        assert await store.clear() == 1
        assert told == []
        await store.aclose()
        store, told = redis_store(f"redis+sentinel://127.0.0.1:{sentinel.port}/another")
        assert await store.get(KEY, deadline=PATIENT) is None
        assert len(told) == 1
        await store.aclose()


@pytest.mark.parametrize("scheme", ["redis+cluster", "redis"], ids=["named", "detected"])
async def test_cluster(cluster: Sequence[RedisServer], scheme: str) -> None:
    hosts = f"127.0.0.1:{cluster[0].port}" + (f",127.0.0.1:{cluster[1].port}" if scheme != "redis" else "")
    store, told = redis_store(f"{scheme}://{hosts}")
    assert await store.connect()
    keys = [f"{number:064x}" for number in range(60)]
    for key in keys:
        assert await store.set(key, blob(key, task="ask" if int(key, 16) % 2 else "hover"), ttl_seconds=100, task="ask")
    for key in keys:
        assert await store.get(key) == blob(key, task="ask" if int(key, 16) % 2 else "hover")
    sizes = [int(node.command("DBSIZE")[1:]) for node in cluster]
    assert min(sizes) > 0, "the answers are spread over the nodes"
    assert (await store.info()).entries == 60
    assert await store.acquire(keys[0], "me", 10) is True
    assert await store.acquire(keys[0], "you", 10) is False
    assert await store.renew(keys[0], "you", 10) is False
    assert await store.renew(keys[0], "me", 10) is True
    await store.release(keys[0], "me")
    assert await store.acquire(keys[0], "you", 10) is True
    await store.release(keys[0], "you")
    assert await store.clear("ask") == 30
    assert await store.clear() == 30
    await store.delete(keys[0])
    assert told == []
    await store.aclose()


async def test_a_cluster_with_a_dead_node_costs_no_answer() -> None:
    with redis_cluster() as nodes:
        store, told = redis_store(f"redis+cluster://127.0.0.1:{nodes[0].port}", cooldown=0)
        assert await store.connect()
        nodes[2].stop(signal.SIGKILL)
        results = [await store.get(f"{number:064x}") for number in range(12)]
        assert results == [None] * 12
        assert told
        await store.aclose()

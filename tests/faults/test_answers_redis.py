"""The shared tier against real Redis servers: alone, with a password, behind a sentinel, as a cluster, and ill.

Every server is started by the tests on a free loopback port and stopped by its process id.
"""

from __future__ import annotations

import asyncio
import signal
import zlib
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from cachewise.answers import deadlines
from cachewise.answers.answers import Answers
from cachewise.answers.envelope import Envelope, seal
from cachewise.answers.memory import MemoryStore
from cachewise.answers.redis import RedisStore
from cachewise.answers.redis_limits import Limit, RedisLimits, Turn
from cachewise.answers.redis_url import parse_redis_url
from cachewise.answers.redis_value import pack, unpack
from cachewise.answers.tiers import Tiers
from cachewise.answers.turn import turn
from support.proxy import Proxy
from support.redis_server import RedisServer, redis_cluster, redis_sentinel, redis_server
from support.stores import Clock, be_patient

KEY = "a" * 64
PATIENT = 5.0
PASSWORD = "open sesame@/"


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    be_patient(monkeypatch)


def blob(key: str = KEY, *, task: str = "ask", text: str = "It adds.") -> bytes:
    return seal(Envelope(key=key, task=task, stored_at=1_000_000.0, ttl_seconds=1e9, answer={"text": text}))


def build(url: str, **options: Any) -> tuple[RedisStore, list[str]]:
    told: list[str] = []
    return RedisStore(parse_redis_url(url), tell=told.append, **options), told


@pytest.fixture(scope="module")
def running() -> Iterator[RedisServer]:
    with redis_server() as server:
        yield server


@pytest.fixture
def server(running: RedisServer) -> RedisServer:
    running.command("FLUSHALL")
    return running


@pytest.fixture
async def store(server: RedisServer) -> AsyncIterator[RedisStore]:
    store, told = build(server.url)
    assert await store.connect()
    yield store
    await store.aclose()
    assert told == []


@pytest.mark.parametrize("text", ["short", "long " * 1000, "é" * 90_000], ids=["plain", "compressed", "off-the-loop"])
async def test_what_was_kept_is_found_by_another_server(store: RedisStore, server: RedisServer, text: str) -> None:
    assert await store.set(KEY, blob(text=text), ttl_seconds=100, task="ask")
    other, _ = build(server.url)
    assert await other.get(KEY, deadline=PATIENT) == blob(text=text)
    await other.delete(KEY)
    assert await store.get(KEY) is None
    await other.aclose()


async def test_five_hundred_at_once(store: RedisStore) -> None:
    keys = [f"{number:064x}" for number in range(500)]
    assert all(await asyncio.gather(*(store.set(k, blob(k), ttl_seconds=100, task="ask") for k in keys)))
    found = await asyncio.gather(*(store.get(k, deadline=PATIENT) for k in keys))
    assert list(found) == [blob(k) for k in keys]


async def test_names_ttl_and_compression_as_they_lie_in_redis(store: RedisStore, server: RedisServer) -> None:
    await store.set(KEY, blob(), ttl_seconds=100, task="ask")
    await store.set("b" * 64, blob("b" * 64, text="x" * 2000), ttl_seconds=50.5, task="ask")
    name = f"cachewise:v1:default:answer:{KEY}"
    assert server.command("EXISTS", name) == b":1\r\n"
    assert 50_500 < int(server.command("PTTL", name)[1:]) <= 100_000
    assert server.command("GET", name).split(b"\r\n", 1)[1][:1] == b"="
    long = server.command("GET", f"cachewise:v1:default:answer:{'b' * 64}")
    assert long.split(b"\r\n", 1)[1][:1] == b"z"
    assert len(long) < 600
    assert int(server.command("PTTL", f"cachewise:v1:default:answer:{'b' * 64}")[1:]) <= 50_500


async def test_namespaces_do_not_see_each_other(store: RedisStore, server: RedisServer) -> None:
    other, _ = build(f"{server.url}?namespace=team-b")
    await store.set(KEY, blob(), ttl_seconds=100, task="ask")
    assert await other.get(KEY, deadline=PATIENT) is None
    await other.set(KEY, blob(text="theirs"), ttl_seconds=100, task="ask")
    assert await other.clear() == 1
    assert await store.get(KEY) == blob()
    await other.aclose()


async def test_clear_leaves_everything_else_alone(store: RedisStore, server: RedisServer) -> None:
    server.command("SET", "not-ours", "1")
    server.command("SET", "cachewise:v1:default:lock:x", "1")
    for number in range(450):
        key = f"{number:064x}"
        await store.set(key, blob(key, task="ask" if number % 3 else "hover"), ttl_seconds=100, task="ask")
    assert (await store.info()).entries == 450
    assert await store.clear("hover") == 150
    assert await store.clear("hover") == 0
    assert await store.clear() == 300
    assert (await store.info()).entries == 0
    assert server.command("EXISTS", "not-ours", "cachewise:v1:default:lock:x") == b":2\r\n"


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
async def test_a_tampered_value_is_a_miss(store: RedisStore, server: RedisServer, value: bytes) -> None:
    server.command("SET", f"cachewise:v1:default:answer:{KEY}", value)
    tiers = Tiers(MemoryStore(), (store,))
    assert await tiers.get(KEY, deadline=PATIENT) is None
    tiers.put(KEY, task="ask", answer={"text": "new"}, ttl_seconds=100)
    await tiers.settle()
    assert await store.clear("ask") == 1
    assert store.problem is None


@pytest.mark.parametrize("size", [0, 1, 1024, 1025, 70_000])
async def test_packing(size: int) -> None:
    assert await unpack(await pack(bytes(size))) == bytes(size)


async def test_locks(store: RedisStore, server: RedisServer) -> None:
    assert await store.acquire(KEY, "me", 100) is True
    assert await store.acquire(KEY, "you", 100) is False
    assert await store.renew(KEY, "you", 200) is False
    assert await store.renew(KEY, "me", 200) is True
    assert int(server.command("PTTL", f"cachewise:v1:default:lock:{KEY}")[1:]) > 150_000
    await store.release(KEY, "you")
    assert await store.acquire(KEY, "you", 100) is False
    await store.release(KEY, "me")
    assert await store.acquire(KEY, "you", 0.05) is True
    while server.command("EXISTS", f"cachewise:v1:default:lock:{KEY}") != b":0\r\n":
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


async def test_a_second_machine_answers_from_redis_and_waits_for_the_first(server: RedisServer) -> None:
    machines = [Answers.open(None, redis_url=server.url) for _ in range(2)]
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
    third = Answers.open(None, redis_url=server.url)
    third.warm_up()
    found = await third.lookup(KEY)
    assert found is not None
    assert (found.text, found.tier, third.status().tier) == ("It adds.", "redis", "redis")
    for machine in (*machines, third):
        await machine.aclose()


# --- ill servers


async def test_nobody_there(unused_port: int) -> None:
    store, told = build(f"redis://:{'hunter2'}@127.0.0.1:{unused_port}")
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


@pytest.fixture
def unused_port() -> int:
    from support.redis_server import free_port

    return free_port()


async def test_killed_in_mid_session_and_back_again(server: RedisServer) -> None:
    with redis_server() as own:
        clock = Clock()
        store, told = build(own.url, clock=clock)
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


async def test_a_server_that_answers_too_late_is_not_waited_for(server: RedisServer) -> None:
    async with Proxy(server.port) as proxy:
        store, told = build(f"redis://127.0.0.1:{proxy.port}", cooldown=1000)
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
        store, told = build(own.url, cooldown=0)
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
        store, _ = build(own.url)
        answers = Answers(Tiers(MemoryStore(), [store]), limits=RedisLimits(store))
        assert await store.connect()
        own.freeze()
        monkeypatch.setattr(deadlines, "LOOKUP", 0.2)
        waited: list[float] = []
        run = store._run

        async def watched(side: Any, deadline: float, default: Any, operation: Any) -> Any:
            before = store._breakers[side].is_open
            result = await run(side, deadline, default, operation)
            if not before:
                waited.append(deadline)
            return result

        monkeypatch.setattr(store, "_run", watched)
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


async def test_a_connection_cut_between_command_and_reply(server: RedisServer) -> None:
    async with Proxy(server.port) as proxy:
        store, _ = build(f"redis://127.0.0.1:{proxy.port}", cooldown=0)
        assert await store.connect()
        assert await store.set(KEY, blob(), ttl_seconds=100, task="ask")
        proxy.cut_replies = 1
        assert await store.get(KEY, deadline=PATIENT) == blob(), "one retry, on a new connection"
        proxy.cut_replies = 100
        assert await store.get(KEY, deadline=PATIENT) is None
        proxy.cut_replies = 0
        assert await store.get(KEY, deadline=PATIENT) == blob()
        await store.aclose()


async def test_a_cancelled_lookup_never_gives_another_keys_value(server: RedisServer) -> None:
    async with Proxy(server.port) as proxy:
        store, _ = build(f"redis://127.0.0.1:{proxy.port}", cooldown=0)
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
    store, told = build(url.format(port=locked.port))
    assert await store.set(KEY, blob(), ttl_seconds=100, task="ask") is works
    assert (await store.get(KEY, deadline=PATIENT) == blob()) is works
    assert len(told) == (0 if works else 1)
    assert not any("sesame" in sentence or "wrong-one" in sentence for sentence in told)
    assert works or "refused the user" in told[0]
    await store.aclose()


@pytest.fixture(scope="module")
def locked() -> Iterator[RedisServer]:
    with redis_server(password=PASSWORD) as server:
        yield server


def documented_rights() -> list[str]:
    """The rules of the user that docs/answers.md tells teams to make."""
    page = (Path(__file__).parents[2] / "docs" / "answers.md").read_text(encoding="utf-8")
    [line] = [line for line in page.splitlines() if line.startswith("user cachewise ")]
    return line.split()[2:]


async def use_everything(url: str) -> list[str]:
    """Do all that the cache ever asks of a Redis; returns the troubles it had."""
    store, told = build(url)
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


async def test_a_user_with_the_rights_of_the_documentation_is_enough(server: RedisServer) -> None:
    assert server.command("ACL", "SETUSER", "cachewise", *documented_rights()).startswith(b"+OK")
    url = f"redis://cachewise:change-this@127.0.0.1:{server.port}"
    assert await use_everything(url) == []
    assert server.command("SET", "theirs", "1").startswith(b"+OK")
    server.command("ACL", "SETUSER", "cachewise", "-get")
    store, told = build(url)
    assert await store.get(KEY, deadline=PATIENT) is None
    assert len(told) == 1
    await store.aclose()
    server.command("ACL", "DELUSER", "cachewise")


async def test_those_rights_are_enough_in_a_cluster(cluster: Sequence[RedisServer]) -> None:
    for node in cluster:
        assert node.command("ACL", "SETUSER", "cachewise", *documented_rights()).startswith(b"+OK")
    assert await use_everything(f"redis+cluster://cachewise:change-this@127.0.0.1:{cluster[0].port}") == []
    for node in cluster:
        node.command("ACL", "DELUSER", "cachewise")


async def test_something_else_under_a_key_of_ours(store: RedisStore, server: RedisServer) -> None:
    own, told = build(server.url)
    server.command("RPUSH", f"cachewise:v1:default:answer:{KEY}", "a", "b")
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
    store: RedisStore, server: RedisServer, ill: Sequence[str], well: Sequence[str], words: str
) -> None:
    own, told = build(server.url, cooldown=0)
    assert await own.set(KEY, blob(), ttl_seconds=100, task="ask")
    server.command(*ill)
    try:
        for _ in range(4):
            assert not await own.set("b" * 64, blob("b" * 64), ttl_seconds=100, task="ask")
            assert await own.get(KEY) == blob()
        assert len(told) == 1
        assert words in told[0]
        assert own.problem == told[0]
    finally:
        server.command(*well)
    assert await own.set("b" * 64, blob("b" * 64), ttl_seconds=100, task="ask")
    assert own.problem is None
    await own.aclose()


async def test_a_server_that_is_still_loading() -> None:
    async def loading(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(4096):
            writer.write(b"-LOADING Redis is loading the dataset in memory\r\n")
        writer.close()

    fake = await asyncio.start_server(loading, "127.0.0.1", 0)
    store, told = build(f"redis://127.0.0.1:{fake.sockets[0].getsockname()[1]}")
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
    store, told = build(f"redis://127.0.0.1:{fake.sockets[0].getsockname()[1]}")
    for _ in range(3):
        assert await store.get(KEY, deadline=0.5) is None
    assert len(told) <= 3
    await store.aclose()
    fake.close()
    await fake.wait_closed()


async def test_answers_do_not_cross_a_network_unprotected_unless_told_to() -> None:
    store, told = build("redis://192.0.2.1:6379")
    assert await store.get(KEY) is None
    assert len(told) == 1
    store, told = build("redis://192.0.2.1:6379?insecure=yes")
    assert told == []
    await store.aclose()


# --- other ways to a server


async def test_a_unix_socket(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with redis_server("--unixsocket", str(path)):
        store, told = build(f"unix://{path}?namespace=socket")
        assert await store.connect()
        assert await store.set(KEY, blob(), ttl_seconds=100, task="ask")
        assert await store.get(KEY) == blob()
        assert told == []
        await store.aclose()


async def test_databases_do_not_see_each_other(server: RedisServer) -> None:
    first, _ = build(f"{server.url}/1")
    second, _ = build(f"{server.url}/2")
    assert await first.set(KEY, blob(), ttl_seconds=100, task="ask")
    assert await second.get(KEY, deadline=PATIENT) is None
    assert await second.clear() == 0
    assert await first.clear() == 1
    await first.aclose()
    await second.aclose()


# --- more than one server


async def test_sentinel(server: RedisServer) -> None:
    with redis_sentinel(server, "mymaster") as sentinel:
        store, told = build(f"redis+sentinel://127.0.0.1:1,127.0.0.1:{sentinel.port}/mymaster")
        assert await store.connect()
        assert await store.set(KEY, blob(), ttl_seconds=100, task="ask")
        assert await store.get(KEY) == blob()
        assert await store.clear() == 1
        assert told == []
        await store.aclose()
        store, told = build(f"redis+sentinel://127.0.0.1:{sentinel.port}/another")
        assert await store.get(KEY, deadline=PATIENT) is None
        assert len(told) == 1
        await store.aclose()


@pytest.fixture(scope="module")
def cluster() -> Iterator[Sequence[RedisServer]]:
    with redis_cluster() as nodes:
        yield nodes


@pytest.mark.parametrize("scheme", ["redis+cluster", "redis"], ids=["named", "detected"])
async def test_cluster(cluster: Sequence[RedisServer], scheme: str) -> None:
    hosts = f"127.0.0.1:{cluster[0].port}" + (f",127.0.0.1:{cluster[1].port}" if scheme != "redis" else "")
    store, told = build(f"{scheme}://{hosts}")
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
        store, told = build(f"redis+cluster://127.0.0.1:{nodes[0].port}", cooldown=0)
        assert await store.connect()
        nodes[2].stop(signal.SIGKILL)
        results = [await store.get(f"{number:064x}") for number in range(12)]
        assert results == [None] * 12
        assert told
        await store.aclose()

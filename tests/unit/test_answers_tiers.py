"""The tiers together: who is asked, who gets a copy, what a damaged value costs, and what happens at the end."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from cachewise.answers.disk import DiskStore
from cachewise.answers.envelope import Envelope, seal
from cachewise.answers.memory import MemoryStore
from cachewise.answers.store import StoreInfo
from cachewise.answers.tiers import Tiers
from support.stores import Clock, FakeStore

pytestmark = pytest.mark.usefixtures("patient")

ANSWER = {"text": "It adds."}


def build(clock: Clock | None = None) -> tuple[Tiers, MemoryStore, FakeStore, FakeStore]:
    clock = clock or Clock()
    memory, disk, redis = MemoryStore(clock=clock), FakeStore("disk"), FakeStore("redis")
    return Tiers(memory, (disk, redis), clock=clock), memory, disk, redis


def entry(key: str, *, task: str = "ask", stored_at: float = 1_000_000.0, ttl: float = 100.0) -> bytes:
    return seal(Envelope(key=key, task=task, stored_at=stored_at, ttl_seconds=ttl, answer=ANSWER))


async def test_a_new_answer_is_in_memory_at_once_and_everywhere_soon() -> None:
    tiers, memory, disk, redis = build()
    redis.gate.clear()
    assert tiers.put("k", task="ask", answer=ANSWER, ttl_seconds=100)
    assert memory.peek("k") is not None
    assert disk.values == {}
    redis.gate.set()
    await tiers.settle("k")
    assert disk.values["k"] == redis.values["k"] == memory.peek("k")
    assert disk.ttls["k"] == 100


@pytest.mark.parametrize(
    ("holder", "copied"),
    [("memory", set()), ("disk", {"memory"}), ("redis", {"memory", "disk"})],
    ids=["memory", "disk", "redis"],
)
async def test_read_through_and_promotion(holder: str, copied: set[str]) -> None:
    tiers, memory, disk, redis = build()
    if holder == "memory":
        memory.put("k", entry("k"), ttl_seconds=100, task="ask")
    else:
        {"disk": disk, "redis": redis}[holder].values["k"] = entry("k")
    found = await tiers.get("k")
    assert found is not None
    assert (found.tier, found.envelope.answer) == (holder, ANSWER)
    await tiers.settle()
    have = {"memory"} if memory.peek("k") else set()
    have |= {store.tier for store in (disk, redis) if "k" in store.values}
    assert have == {holder} | copied
    assert tiers.status().to_json() == {"tier": holder, "entries": 1, "hits": 1, "misses": 0}


async def test_deeper_tiers_are_not_asked_for_what_memory_has() -> None:
    tiers, _, disk, redis = build()
    tiers.put("k", task="ask", answer=ANSWER, ttl_seconds=100)
    await tiers.get("k")
    assert disk.reads == redis.reads == []


async def test_a_promoted_copy_lives_no_longer_than_the_original() -> None:
    clock = Clock()
    tiers, _, disk, redis = build(clock)
    redis.values["k"] = entry("k", stored_at=clock.now - 60, ttl=100)
    assert await tiers.get("k")
    await tiers.settle()
    assert disk.ttls["k"] == 40
    clock.now += 41
    assert await tiers.get("k") is None


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(b"", id="empty"),
        pytest.param(entry("k")[:-1], id="cut"),
        pytest.param(entry("other"), id="entry-of-another-key"),
        pytest.param(entry("k", stored_at=999_000.0), id="expired"),
        pytest.param(b"\x80\x04cos\nsystem\n.", id="pickle"),
    ],
)
async def test_what_is_wrong_in_one_tier_is_found_in_the_next(value: bytes) -> None:
    tiers, memory, disk, redis = build()
    memory.put("k", value, ttl_seconds=100, task="ask")
    disk.values["k"] = value
    assert await tiers.get("k") is None
    redis.values["k"] = entry("k")
    found = await tiers.get("k")
    assert found is not None
    assert found.tier == "redis"
    await tiers.settle()
    assert disk.values["k"] == redis.values["k"]


async def test_two_writes_of_one_key_keep_their_order() -> None:
    tiers, _, disk, _ = build()
    disk.gate.clear()
    for text in ("first", "second", "third"):
        tiers.put("k", task="ask", answer={"text": text}, ttl_seconds=100)
    disk.gate.set()
    await tiers.settle("k")
    assert [b"first" in v or b"second" in v for _, v in disk.writes] == [True, True, False]
    assert b"third" in disk.values["k"]


@pytest.mark.parametrize(
    ("answer", "ttl"),
    [({"x": object()}, 100.0), ({"x": float("nan")}, 100.0), (ANSWER, 0.0), ({"x": "y" * 5_000_000}, 100.0)],
    ids=["no-json", "nan", "no-ttl", "too-long"],
)
async def test_what_can_not_be_kept_is_refused(answer: dict[str, object], ttl: float) -> None:
    tiers, memory, disk, _ = build()
    assert not tiers.put("k", task="ask", answer=answer, ttl_seconds=ttl)
    await tiers.settle()
    assert memory.entries == 0
    assert disk.values == {}


async def test_clear_waits_for_pending_writes_and_says_how_many_went() -> None:
    tiers, _, disk, redis = build()
    for key, task in (("a", "ask"), ("b", "ask"), ("c", "hover")):
        tiers.put(key, task=task, answer=ANSWER, ttl_seconds=100)
    assert await tiers.clear("ask") == 2
    assert set(disk.values) == set(redis.values) == {"c"}
    assert await tiers.get("a") is None
    assert await tiers.clear() == 1


async def test_look_is_not_counted() -> None:
    tiers, _, _, _ = build()
    await tiers.look("k")
    assert tiers.status().misses == 0
    await tiers.get("k")
    assert tiers.status().misses == 1


async def test_before_the_first_answer_the_deepest_working_tier_is_shown() -> None:
    tiers, _, disk, redis = build()
    assert tiers.status().tier == "redis"
    redis.problem = "Redis can't be reached."
    assert tiers.status().tier == "disk"
    assert tiers.problem == "Redis can't be reached."
    disk.problem = "The disk is full."
    assert tiers.status().tier == "memory"
    assert tiers.problem == "The disk is full."


async def test_closing_writes_what_is_pending_and_takes_nothing_new() -> None:
    tiers, _, disk, redis = build()
    tiers.put("k", task="ask", answer=ANSWER, ttl_seconds=100)
    await tiers.aclose()
    await tiers.aclose()
    assert set(disk.values) == {"k"}
    assert disk.closed
    assert redis.closed
    assert not tiers.put("l", task="ask", answer=ANSWER, ttl_seconds=100)


async def test_closing_does_not_wait_for_a_tier_that_hangs() -> None:
    tiers, _, disk, redis = build()
    redis.gate.clear()
    tiers.put("k", task="ask", answer=ANSWER, ttl_seconds=100)
    await tiers.aclose(deadline=0.05)
    assert set(redis.values) == set()
    assert disk.closed


async def test_a_flood_of_writes_is_bounded() -> None:
    tiers, memory, disk, _ = build()
    disk.gate.clear()
    for number in range(400):
        assert tiers.put(f"k{number}", task="ask", answer=ANSWER, ttl_seconds=100)
    assert memory.entries == 400
    disk.gate.set()
    await tiers.settle()
    assert len(disk.values) == 256


async def test_the_lock_is_that_of_the_disk_and_gone_with_it(tmp_path: Path) -> None:
    disk = DiskStore(tmp_path / "answers")
    tiers = Tiers(MemoryStore(), (disk,))
    assert tiers.lock is disk
    disk._troubles.note("write", "full")
    assert tiers.lock is None
    assert Tiers(MemoryStore()).lock is None
    await tiers.aclose()


async def test_warm_up_opens_the_disk(tmp_path: Path) -> None:
    tiers = Tiers(MemoryStore(), (DiskStore(tmp_path / "answers"),))
    tiers.warm_up()
    tiers.warm_up()
    assert tiers._warming is not None
    await tiers._warming
    assert (tmp_path / "answers" / "cache.db").exists()
    await tiers.aclose()


async def test_a_lookup_waits_for_tiers_that_are_being_opened_and_for_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = DiskStore(tmp_path)
    tiers = Tiers(MemoryStore(), [disk])
    await tiers.opened(20)  # nobody has begun to open them, so there is nothing to wait for
    gate, opening, order = asyncio.Event(), disk.info, []

    async def slowly() -> StoreInfo:
        await gate.wait()
        order.append("open")
        return await opening()

    monkeypatch.setattr(disk, "info", slowly)
    tiers.warm_up()

    async def look() -> None:
        await tiers.opened(20)
        order.append("looked")

    waiting = asyncio.create_task(look())
    await tiers.opened(0)
    assert order == []
    gate.set()
    await waiting
    assert order == ["open", "looked"]
    await tiers.aclose()

"""The memory tier and the breaker: bounds, order of eviction, expiry; when callers are turned away."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cachewise.answers import deadlines
from cachewise.answers.breaker import Breaker
from cachewise.answers.memory import MemoryStore
from cachewise.answers.store import Side, Troubles


class Clock:
    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


async def test_what_was_kept_is_found_until_it_is_too_old() -> None:
    clock = Clock()
    store = MemoryStore(clock=clock)
    assert await store.set("k", b"v", ttl_seconds=10, task="ask")
    clock.now += 9.9
    assert await store.get("k") == b"v"
    clock.now += 0.1
    assert await store.get("k") is None
    assert store.entries == 0


async def test_a_shorter_life_than_asked_for() -> None:
    clock = Clock()
    store = MemoryStore(clock=clock, max_ttl_seconds=5)
    await store.set("k", b"v", ttl_seconds=100, task="ask")
    clock.now += 5
    assert await store.get("k") is None


async def test_the_least_recently_used_goes_first() -> None:
    store = MemoryStore(max_entries=2)
    for key in ("a", "b"):
        await store.set(key, b"v", ttl_seconds=9, task="ask")
    assert await store.get("a")
    await store.set("c", b"v", ttl_seconds=9, task="ask")
    assert [await store.get(key) for key in "abc"] == [b"v", None, b"v"]


async def test_clear_takes_one_task_or_all() -> None:
    store = MemoryStore()
    for key, task in (("a", "ask"), ("b", "ask"), ("c", "hover")):
        await store.set(key, b"v", ttl_seconds=9, task=task)
    assert await store.clear("ask") == 2
    assert await store.get("c") == b"v"
    assert await store.clear() == 1
    assert (await store.info()).bytes == 0


async def test_what_is_larger_than_all_is_refused_and_forgets_the_old_value() -> None:
    store = MemoryStore(max_bytes=1000)
    await store.set("k", b"v", ttl_seconds=9, task="ask")
    assert not await store.set("k", b"v" * 2000, ttl_seconds=9, task="ask")
    assert await store.get("k") is None


async def test_delete_and_close() -> None:
    store = MemoryStore()
    await store.set("k", b"v", ttl_seconds=9, task="ask")
    await store.delete("k")
    await store.delete("k")
    assert await store.get("k") is None
    await store.aclose()
    assert (await store.info()).entries == 0


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 700)), max_size=60))
def test_never_more_than_the_bounds(operations: list[tuple[str, int]]) -> None:
    store = MemoryStore(max_bytes=2500, max_entries=4)
    model: dict[str, bytes] = {}
    for key, size in operations:
        value = bytes(size)
        if store.put(key, value, ttl_seconds=60, task="t"):
            model[key] = value
        found = store.peek(key)
        assert found is None or found == model[key]
        assert store.entries <= 4
        assert store._bytes <= 2500
        assert store._bytes == sum(entry.cost for entry in store._entries.values())


# --- the breaker: f fails, s succeeds, g gives up, digits wait that many seconds, + and - say whether it lets through


@pytest.mark.parametrize(
    "story",
    [
        pytest.param("+f+f+f-", id="opens-after-three"),
        pytest.param("+f+f+s+f+f+", id="a-success-starts-over"),
        pytest.param("+f+f+f-29-1+", id="half-open-after-the-cooldown"),
        pytest.param("+f+f+f30+-", id="one-try-only"),
        pytest.param("+f+f+f30+s+f+f+", id="a-good-try-closes"),
        pytest.param("+f+f+f30+f-29-1+", id="a-bad-try-opens-again"),
        pytest.param("+f+f+f30+g+", id="a-try-given-up-leaves-it-to-the-next"),
    ],
)
def test_breaker(story: str) -> None:
    clock = Clock()
    breaker = Breaker(failures=3, cooldown=30, clock=clock)
    number = ""
    for at, mark in enumerate(story):
        if mark.isdigit():
            number += mark
            continue
        clock.now += float(number or 0)
        number = ""
        if mark in "+-":
            assert breaker.allow() is (mark == "+"), story[: at + 1]
        else:
            {"f": breaker.failed, "s": breaker.succeeded, "g": breaker.gave_up}[mark]()


def test_breaker_says_whether_it_is_open() -> None:
    breaker = Breaker(failures=1)
    assert not breaker.is_open
    breaker.failed()
    assert breaker.is_open
    breaker.succeeded()
    assert not breaker.is_open


def test_the_promised_deadlines() -> None:
    assert deadlines.TYPING <= 0.05
    assert deadlines.LOOKUP <= 0.2
    assert deadlines.SOCKET <= deadlines.LOOKUP
    assert deadlines.LOCK < deadlines.LOOKUP


# --- troubles


def test_a_trouble_is_told_once_until_it_is_over() -> None:
    told: list[str] = []
    troubles = Troubles(told.append)
    steps: list[tuple[Side, str | None]] = [("read", "slow"), ("read", "slow"), ("write", "slow"), ("write", "full")]
    for side, sentence in steps:
        troubles.note(side, str(sentence))
    assert told == ["slow", "full"]
    assert troubles.sentence == "slow"
    troubles.clear("read")
    assert troubles.sentence == "full"
    troubles.clear("write")
    assert troubles.sentence is None
    troubles.note("read", "slow")
    assert told == ["slow", "full", "slow"]

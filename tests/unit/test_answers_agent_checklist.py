"""`cached_agent_run`, one test for each thing it has to do better than the library people come from."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from pydantic_ai import Agent
from pydantic_ai.exceptions import ModelHTTPError
from pydantic_ai.models.test import TestModel

from cachewise.answers import (
    AgentCache,
    CachedRun,
    RateLimitError,
    cached_agent_run,
    cached_agent_run_sync,
    cached_agent_stream,
    clear_cache,
    clear_cache_async,
    open_agent_cache,
)
from cachewise.answers.agent_probe import VERSION, probe
from cachewise.answers.envelope import unseal
from cachewise.answers.memory import MemoryStore
from cachewise.answers.tiers import Tiers
from support.agents import Books, Provider, memory_cache
from support.redis_server import RedisServer, redis_server
from support.stores import Clock, FakeStore

pytestmark = pytest.mark.usefixtures("patient")


class City(BaseModel):
    name: str
    people: int


@pytest.fixture
def cache() -> AgentCache:
    return memory_cache()


async def run(
    cache: AgentCache, agent: Any, prompt: Any = "Why?", task: str = "chat", **options: Any
) -> CachedRun[Any]:
    return await cached_agent_run(agent, prompt, task, cache=cache, **options)


async def test_explicit_key_fields_schema_version_provider_base_url_model_settings_instructions_messages_tools_output(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each field by itself is in test_answers_agent_key.py; here, that the version and the address count."""
    provider = Provider()
    before = (await probe(provider.agent(), "Why?", {})).key
    monkeypatch.setattr("cachewise.answers.agent_probe.VERSION", VERSION + 1)
    assert (await probe(provider.agent(), "Why?", {})).key != before

    class Elsewhere(TestModel):
        @property
        def base_url(self) -> str:
            return "https://elsewhere.example"

    assert (await probe(Agent(Elsewhere()), "Why?", {})).key != (await probe(Agent(TestModel()), "Why?", {})).key


async def test_exclude_timestamps_run_ids_and_framing(cache: AgentCache) -> None:
    provider = Provider()
    first = await run(cache, provider.agent())
    second = await run(cache, provider.agent(), message_history=None, model_settings={"framing_announcement": "never"})
    assert second.from_cache
    again = await run(cache, provider.agent(), "And?", message_history=first.all_messages())
    assert not again.from_cache
    assert (await run(cache, provider.agent(), "And?", message_history=second.all_messages())).from_cache
    assert len(provider.calls) == 2


async def test_json_bytes() -> None:
    disk = FakeStore()
    cache = memory_cache(disk)
    found = await run(cache, Provider().agent())
    await cache.tiers.settle()
    (value,) = disk.values.values()
    envelope = unseal(value, found.key)
    assert envelope is not None
    assert envelope.answer["output"] == "It adds."
    assert json.loads(value[36:])["task"] == "chat"


async def test_ttl_size_cap_and_lru() -> None:
    clock, provider = Clock(), Provider()
    cache = memory_cache(clock=clock)
    await run(cache, provider.agent(), ttl=60)
    clock.now += 59
    assert (await run(cache, provider.agent(), ttl=60)).age_seconds == 59
    clock.now += 1
    assert not (await run(cache, provider.agent(), ttl=60)).from_cache
    small = AgentCache(Tiers(MemoryStore(max_entries=2)))
    for prompt in ("a", "b", "a", "c"):
        await run(small, provider.agent(), prompt)
    assert (await run(small, provider.agent(), "a")).from_cache
    assert not (await run(small, provider.agent(), "b")).from_cache


async def test_task_name_accounting_recorder_gets_billed_estimate_and_saved(cache: AgentCache) -> None:
    books = Books()
    for task in ("chat", "summary"):
        await run(cache, Provider().agent(), task=task, expense_recorder=books)
    assert books.lines == [("acme-1", "chat", 0.0021), ("acme-1", "summary", 0.0)]
    paid, hit = books.expenses
    assert (paid.paid, paid.source, paid.saved) == (Decimal("0.0021"), "billed", None)
    assert (hit.paid, hit.source, hit.saved) == (Decimal(0), "cache", Decimal("0.0021"))


async def test_single_flight_in_process(cache: AgentCache) -> None:
    provider, books = Provider(gate=asyncio.Event()), Books()
    calls = [asyncio.create_task(run(cache, provider.agent(), expense_recorder=books)) for _ in range(50)]
    while not provider.calls:
        await asyncio.sleep(0)
    assert provider.gate is not None
    provider.gate.set()
    found = await asyncio.gather(*calls)
    assert len(provider.calls) == 1
    assert {answer.output for answer in found} == {"It adds."}
    assert [answer.from_cache for answer in found].count(False) == 1
    assert sum(cost or 0 for _, _, cost in books.lines) == 0.0021
    assert len(books.lines) == 50


async def test_single_flight_cancelling_the_first_caller_leaves_the_run_to_the_rest(cache: AgentCache) -> None:
    provider = Provider(gate=asyncio.Event())
    calls = [asyncio.create_task(run(cache, provider.agent())) for _ in range(3)]
    while not provider.calls:
        await asyncio.sleep(0)
    calls[0].cancel()
    assert provider.gate is not None
    provider.gate.set()
    found = await asyncio.gather(*calls, return_exceptions=True)
    assert isinstance(found[0], asyncio.CancelledError)
    assert [answer.output for answer in found[1:] if isinstance(answer, CachedRun)] == ["It adds."] * 2
    assert len(provider.calls) == 1


async def test_redis_token_lock_with_renewal_makes_one_request_of_two_machines(redis: RedisServer) -> None:
    provider = Provider(gate=asyncio.Event())
    caches = [open_agent_cache(redis.url) for _ in range(2)]
    redis.command("CONFIG", "RESETSTAT")
    calls = [asyncio.create_task(run(cache, provider.agent(), "Two machines?")) for cache in caches]
    while not provider.calls:
        await asyncio.sleep(0.01)
    while b"cmdstat_set:calls=1," in (stats := redis.command("INFO", "commandstats")) or b"cmdstat_set" not in stats:
        await asyncio.sleep(0.01)  # until the second machine has found the lock taken
    assert provider.gate is not None
    provider.gate.set()
    found = await asyncio.gather(*calls)
    assert len(provider.calls) == 1
    assert sorted(answer.from_cache for answer in found) == [False, True]
    for cache in caches:
        await cache.aclose()


async def test_every_cache_operation_is_best_effort_redis_down_never_loses_a_paid_answer() -> None:
    with redis_server() as own:
        provider, books = Provider(gate=asyncio.Event()), Books()
        cache = open_agent_cache(own.url)
        call = asyncio.create_task(run(cache, provider.agent(), expense_recorder=books))
        while not provider.calls:
            await asyncio.sleep(0.01)
        own.stop()
        assert provider.gate is not None
        provider.gate.set()
        found = await call
        assert (found.output, found.cost, found.from_cache) == ("It adds.", Decimal("0.0021"), False)
        assert books.lines == [("acme-1", "chat", 0.0021)]
        assert (await run(cache, provider.agent(), "Another?")).output == "It adds."
        await cache.aclose()


async def test_prefix_scoped_clear_by_scan_and_unlink(redis: RedisServer) -> None:
    redis.command("SET", "somebody-elses", "1")
    cache = open_agent_cache(redis.url)
    await cache.clear()
    for prompt, task in (("a", "chat"), ("b", "chat"), ("c", "summary")):
        await run(cache, Provider().agent(), prompt, task)
    assert await cache.clear("chat") == 2
    assert (await run(cache, Provider().agent(), "c", "summary")).from_cache
    assert await clear_cache_async(redis.url) == 1
    assert await asyncio.to_thread(clear_cache, redis.url) == 0
    assert redis.command("EXISTS", "somebody-elses") == b":1\r\n"
    await cache.aclose()


def test_async_and_sync_entry(redis: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLM_CACHE_REDIS_URL", redis.url)
    provider = Provider(text="From Redis.")
    first = cached_agent_run_sync(provider.agent(), "Sync?", "chat", use_async=False)
    second = cached_agent_run_sync(provider.agent(), "Sync?", "chat")

    async def third() -> CachedRun[Any]:
        return await cached_agent_run(provider.agent(), "Sync?", "chat")

    found = [first, second, asyncio.run(third())]
    assert [answer.output for answer in found] == ["From Redis."] * 3
    assert [answer.from_cache for answer in found] == [False, True, True]
    assert len(provider.calls) == 1


def test_without_redis_answers_lie_on_the_users_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LLM_CACHE_REDIS_URL", raising=False)
    monkeypatch.delenv("CACHEWISE_REDIS_URL", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    provider = Provider()
    found = [cached_agent_run_sync(provider.agent(), "Disk?", "chat") for _ in range(2)]
    assert [answer.from_cache for answer in found] == [False, True]
    assert len(list(tmp_path.rglob("cache.db"))) == 1


async def test_real_429_and_retry_after_handling_with_a_hard_max_wait(cache: AgentCache) -> None:
    provider = Provider(failures=[ModelHTTPError(429, "acme-1", headers={"retry-after": "0"}) for _ in range(3)])
    assert (await run(cache, provider.agent())).output == "It adds."
    assert len(provider.calls) == 4
    provider = Provider(failures=[ModelHTTPError(429, "acme-1", headers={"retry-after": "60"})])
    with pytest.raises(RateLimitError):
        await run(cache, provider.agent(), "Busy?", max_wait=10)
    assert len(provider.calls) == 1


@pytest.mark.parametrize("how", ["raises", "raises-at-once", "takes-two-arguments"])
async def test_expense_never_blocks_the_answer(cache: AgentCache, how: str) -> None:
    async def raises(model: str, task_name: str, cost: float | None) -> None:
        raise ZeroDivisionError

    def raises_at_once(model: str, task_name: str, cost: float | None) -> None:
        raise ZeroDivisionError

    def too_few(model: str, task_name: str) -> None:
        raise AssertionError

    recorder = {"raises": raises, "raises-at-once": raises_at_once, "takes-two-arguments": too_few}[how]
    assert (await run(cache, Provider().agent(), expense_recorder=recorder)).output == "It adds."
    assert (await run(cache, Provider().agent(), expense_recorder=recorder)).from_cache


async def test_an_expense_recorder_may_be_a_plain_function(cache: AgentCache) -> None:
    lines: list[Any] = []
    await run(cache, Provider().agent(), expense_recorder=lambda *line: lines.append(line))
    assert lines == [("acme-1", "chat", 0.0021)]


async def test_replay_of_a_stored_answer_as_a_stream(cache: AgentCache) -> None:
    provider = Provider(text="It adds two numbers.")
    streams = []
    for _ in range(2):
        async with cached_agent_stream(provider.agent(), "Stream?", "chat", cache=cache) as stream:
            pieces = [piece async for piece in stream]
            streams.append((pieces, await stream.result()))
    (live, paid), (replay, stored) = streams
    assert len(live) > 1
    assert "".join(live) == "".join(replay) == stored.output == paid.output
    assert [paid.from_cache, stored.from_cache] == [False, True]
    assert len(provider.calls) == 1


async def test_streams_that_are_shared_are_equal_and_survive_who_leaves(cache: AgentCache) -> None:
    provider = Provider(text="one two three", gate=asyncio.Event())

    async def listen(leave: bool) -> str:
        async with cached_agent_stream(provider.agent(), "Share?", "chat", cache=cache) as stream:
            if leave:
                return ""
            return "".join([piece async for piece in stream])

    listeners = [asyncio.create_task(listen(leave)) for leave in (False, True, False)]
    while not provider.calls or not listeners[1].done():
        await asyncio.sleep(0)
    assert provider.gate is not None
    provider.gate.set()
    assert await asyncio.gather(*listeners) == ["one two three ", "", "one two three "]
    assert len(provider.calls) == 1


async def test_the_callers_own_event_handler_still_hears_the_stream(cache: AgentCache) -> None:
    heard: list[Any] = []

    async def handler(context: Any, events: Any) -> None:
        heard.extend([event async for event in events])

    agent = Provider().agent()
    async with cached_agent_stream(agent, "Hear?", "chat", cache=cache, event_stream_handler=handler) as stream:
        assert "".join([piece async for piece in stream]) == "It adds. "
    assert heard


@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        pytest.param({}, True, id="stop"),
        pytest.param({"finish_reason": None}, True, id="no-reason-given"),
        pytest.param({"finish_reason": "length"}, False, id="length"),
        pytest.param({"finish_reason": "content_filter"}, False, id="content-filter"),
        pytest.param({"state": "incomplete"}, False, id="incomplete"),
        pytest.param({"state": "interrupted"}, False, id="interrupted"),
    ],
)
async def test_only_finish_reason_stop_and_state_complete_are_stored(changes: dict[str, Any], kept: bool) -> None:
    cache, provider = memory_cache(), Provider(**changes)
    for _ in range(2):
        try:
            await run(cache, provider.agent())
        except Exception:
            assert not kept
    assert len(provider.calls) == (1 if kept else 2)
    assert cache.tiers.status().entries == int(kept)

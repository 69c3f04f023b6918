"""Faults of pyai-caching that are gone, by their numbers in the analysis: those that need a Redis, and some more.

The others are in `test_answers_agent_habits.py`.
"""

from __future__ import annotations

import asyncio
import copy
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from pydantic_ai import Agent
from pydantic_ai.messages import ModelRequest, ModelResponse, TextPart, UserPromptPart

from cachewise.answers import CachedRun, cached_agent_run, cached_agent_stream, clear_cache_async, open_agent_cache
from cachewise.answers.agent_cache import AgentCache
from support.agents import Provider, memory_cache
from support.redis_server import RedisServer

pytestmark = pytest.mark.usefixtures("patient")


async def ask(cache: AgentCache, agent: Agent[Any, Any], prompt: str = "Why?", **more: Any) -> CachedRun[Any]:
    return await cached_agent_run(agent, prompt, "chat", cache=cache, **more)


def history(when: datetime) -> list[ModelRequest | ModelResponse]:
    return [
        ModelRequest(parts=[UserPromptPart("Hello", timestamp=when)]),
        ModelResponse(parts=[TextPart("Hi.")], timestamp=when, run_id=str(when)),
    ]


async def test_04_equal_histories_and_equal_dependencies_hit_whenever_they_were_made() -> None:
    provider, cache = Provider(), memory_cache()
    now = datetime.now(timezone.utc)  # noqa: UP017  # as people write it
    found = []
    for age in range(3):
        model = copy.copy(provider.model())
        deps = {"unit": "metre"}
        agent = provider.agent(model=model, deps_type=dict)
        past = history(now - timedelta(days=age))
        found.append(await ask(cache, agent, message_history=past, deps=deps))
    assert [run.from_cache for run in found] == [False, True, True]
    assert not (await ask(cache, provider.agent(), message_history=history(now)[:1])).from_cache


async def test_10_redis_down_loses_no_answer_and_raises_nothing(unused_tcp_port: int) -> None:
    provider, cache = Provider(), open_agent_cache(f"redis://127.0.0.1:{unused_tcp_port}")
    found = [await ask(cache, provider.agent()) for _ in range(2)]
    assert [run.output for run in found] == ["It adds."] * 2
    assert [run.from_cache for run in found] == [False, True], "memory has it"
    assert cache.tiers.problem is not None
    await cache.aclose()


async def test_11_what_lies_in_redis_is_never_unpickled(redis: RedisServer, tmp_path: Path) -> None:
    provider, cache = Provider(), open_agent_cache(redis.url)
    await ask(cache, provider.agent())
    await cache.aclose()
    [name] = [line for line in redis.command("KEYS", "*answer*").split(b"\r\n") if line.startswith(b"cachewise")]
    mark = tmp_path / "ran"
    evil = b"cos\nmkdir\n(S'%s'\ntR." % str(mark).encode()
    for value in (evil, b"=" + evil, b"z" + evil):
        assert redis.command("SET", name.decode(), value).startswith(b"+OK")
        fresh = open_agent_cache(redis.url)
        assert not (await ask(fresh, provider.agent())).from_cache
        await fresh.aclose()
    assert not mark.exists()
    loaded = [module for module in sys.modules if module.startswith("cachewise.")]
    assert not [module for module in loaded if "pickle" in vars(sys.modules[module])]


async def test_12_clearing_removes_what_is_ours_and_says_how_many(redis: RedisServer) -> None:
    redis.command("SET", "theirs", "1")
    redis.command("SET", "cachewise:v1:default:answer:x", "of the editor")
    cache = open_agent_cache(redis.url)
    for prompt in ("One?", "Two?"):
        await ask(cache, Provider().agent(), prompt)
    await cache.tiers.settle()
    assert await clear_cache_async(redis.url) == 2
    assert redis.command("EXISTS", "theirs", "cachewise:v1:default:answer:x") == b":2\r\n"
    await cache.aclose()


async def test_14_hit_and_miss_are_one_type_with_the_same_members() -> None:
    provider, cache = Provider(), memory_cache()
    paid, hit = [await ask(cache, provider.agent()) for _ in range(2)]
    assert (paid.from_cache, hit.from_cache) == (False, True)
    members = [name for name in dir(paid) if not name.startswith("_")]
    assert {name: type(getattr(paid, name)) for name in members} == {n: type(getattr(hit, n)) for n in members}
    for run in (paid, hit):
        assert run.usage.requests == 1
        assert run.response.parts == run.all_messages()[-1].parts


async def test_15_streams_bounds_addresses_and_counts() -> None:
    provider, cache = Provider(), memory_cache()
    texts = []
    for _ in range(2):
        async with cached_agent_stream(provider.agent(), "Why?", "chat", cache=cache) as stream:
            texts.append("".join([piece async for piece in stream]))
    assert texts[0] == texts[1] != ""
    assert len(provider.calls) == 1
    status = cache.tiers.status()
    assert (status.hits, status.misses, status.entries) == (1, 1, 1)
    assert not (await ask(cache, provider.agent(model=provider.model("another")))).from_cache


async def test_15_a_failure_is_not_kept_and_calls_at_once_share_one(redis: RedisServer) -> None:
    provider, cache = Provider(failures=[ValueError("broken")]), open_agent_cache(redis.url)
    with pytest.raises(ValueError, match="broken"):
        await ask(cache, provider.agent())
    found = await asyncio.gather(*(ask(cache, provider.agent()) for _ in range(10)))
    assert len(provider.calls) == 2
    assert sum(run.from_cache for run in found) == 9
    await cache.aclose()

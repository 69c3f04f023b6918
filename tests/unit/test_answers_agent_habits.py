"""`cached_agent_run` for people who come from pyai-caching: what they wrote works, and its known faults are gone."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from pydantic_ai import Agent, CachePoint, NativeOutput, PromptedOutput, RunContext, TextOutput, ToolOutput
from pydantic_ai.messages import ModelResponse
from pydantic_ai.models.test import TestModel

import cachewise.answers
from cachewise.answers import (
    AgentCache,
    CachedRun,
    ConfigurationError,
    ModelCosts,
    cached_agent_run,
    cached_agent_run_sync,
    open_agent_cache,
)
from cachewise.answers.agent_form import output_types
from cachewise.answers.agent_shared import _held, redis_target
from support.agents import Books, Provider, memory_cache

pytestmark = pytest.mark.usefixtures("patient")


class City(BaseModel):
    name: str
    people: int


class Town(BaseModel):
    name: str


NATIVE: Any = NativeOutput([City, Town])


def shout(text: str) -> str:
    return text.upper()


@pytest.fixture
def cache() -> AgentCache:
    return memory_cache()


async def twice(cache: AgentCache, agent: Any, prompt: Any = "Why?", **options: Any) -> list[CachedRun[Any]]:
    return [await cached_agent_run(agent, prompt, "chat", cache=cache, **options) for _ in range(2)]


def check_equal(paid: CachedRun[Any], hit: CachedRun[Any]) -> None:
    """A hit is what the paid run was, in everything people look at."""
    assert (paid.from_cache, hit.from_cache) == (False, True)
    assert type(paid) is type(hit)
    assert type(paid.output) is type(hit.output)
    assert paid.output == hit.output == hit.data
    assert paid.usage == hit.usage
    assert paid.usage.input_tokens == hit.usage.input_tokens
    assert paid.all_messages() == hit.all_messages()
    assert paid.new_messages() == hit.new_messages()
    assert paid.all_messages_json() == hit.all_messages_json()
    assert paid.new_messages_json() == hit.new_messages_json()
    assert paid.response == hit.response
    assert paid.timestamp == hit.timestamp
    assert paid.run_id == hit.run_id
    assert (paid.model, paid.cost, paid.cost_source, paid.key) == (hit.model, hit.cost, hit.cost_source, hit.key)
    assert hit.paid == 0


async def test_the_same_result_whether_hit_or_miss(cache: AgentCache) -> None:
    paid, hit = await twice(cache, Provider().agent(system_prompt="You know."))
    check_equal(paid, hit)
    assert paid.paid == paid.cost == Decimal("0.0021")
    assert isinstance(hit.response, ModelResponse)
    assert "It adds" in hit.text


@pytest.mark.parametrize(
    ("output_type", "arguments"),
    [
        pytest.param(City, {"name": "Oslo", "people": 7}, id="model"),
        pytest.param(list[City], [{"name": "Oslo", "people": 7}], id="list-of-models"),
        pytest.param(City | Town, {"name": "Oslo", "people": 7}, id="union"),
        pytest.param([City, Town], {"name": "Oslo", "people": 7}, id="choice"),
        pytest.param(ToolOutput(City, name="city"), {"name": "Oslo", "people": 7}, id="tool-output"),
        pytest.param(dict[str, int], {"a": 1}, id="dict"),
        pytest.param(bool, False, id="false-is-an-answer"),
        pytest.param(int, 0, id="zero-is-an-answer"),
    ],
)
async def test_outputs_of_every_kind(cache: AgentCache, output_type: Any, arguments: Any) -> None:
    agent = Agent(TestModel(custom_output_args=arguments), output_type=output_type)
    check_equal(*await twice(cache, agent))


async def test_text_outputs_and_functions(cache: AgentCache) -> None:
    check_equal(*await twice(cache, Agent(TestModel(custom_output_text="hi"), output_type=TextOutput(shout))))
    native = Agent(TestModel(custom_output_text='{"name": "Oslo"}'), output_type=PromptedOutput(Town))
    check_equal(*await twice(cache, native))


async def test_a_run_with_tools_and_history(cache: AgentCache) -> None:
    agent = Agent(TestModel())

    @agent.tool
    def look(context: RunContext[object], query: str) -> str:
        return f"found {query}"

    first = await cached_agent_run(agent, "Hello", "chat", cache=cache)
    check_equal(*await twice(cache, agent, "And?", message_history=first.all_messages()))


async def test_an_output_that_json_can_not_bring_back_is_not_kept(cache: AgentCache) -> None:
    class Odd:
        pass

    def odd(text: str) -> Any:
        return Odd()

    provider = Provider()
    found = await twice(cache, provider.agent(output_type=TextOutput(odd)))
    assert [answer.from_cache for answer in found] == [False, False]
    assert len(provider.calls) == 2


@pytest.mark.parametrize(
    ("spec", "types"),
    [
        (None, [str]),
        ([City, str], [City, str]),
        (City | None, [City, type(None), City | None]),
        (list[City], [list[City]]),
        (ToolOutput(City), [City]),
        (NATIVE, [City, Town]),
        (TextOutput(shout), [str]),
        (shout, [str]),
        (3, []),
    ],
    ids=["none", "choice", "optional", "list", "tool", "native", "text", "function", "number"],
)
def test_output_types(spec: Any, types: list[Any]) -> None:
    assert output_types(spec) == types


# --- faults that are gone, by their numbers in the analysis


async def test_01_other_instructions_get_another_answer(cache: AgentCache) -> None:
    provider = Provider()
    for instructions in ("Be brief.", "Be long."):
        found = await cached_agent_run(provider.agent(instructions=instructions), "Why?", "chat", cache=cache)
        assert not found.from_cache


async def test_02_settings_tools_and_types_of_the_agent_count_without_a_warning(
    cache: AgentCache, caplog: pytest.LogCaptureFixture
) -> None:
    provider = Provider()
    for options in ({}, {"model_settings": {"temperature": 0.5}}, {"tools": [shout]}):
        found = await cached_agent_run(provider.agent(**options), "Why?", "chat", cache=cache)
        assert not found.from_cache
    assert caplog.records == []


async def test_03_the_first_repeat_of_an_unnamed_agent_hits(cache: AgentCache) -> None:
    agent = Provider().agent()
    check_equal(*await twice(cache, agent))
    assert agent.name is None


async def test_05_prompts_with_cache_points(cache: AgentCache) -> None:
    check_equal(*await twice(cache, Provider().agent(), ["Read this.", CachePoint(), "Why?"]))


async def test_06_an_unknown_model_costs_an_unknown_amount_and_no_error(cache: AgentCache) -> None:
    provider, books = Provider(bill=None), Books()
    paid, hit = await twice(cache, provider.agent(), expense_recorder=books)
    assert (paid.cost, paid.cost_source, hit.cost) == (None, "unknown", None)
    assert books.lines == [("acme-1", "chat", None), ("acme-1", "chat", 0.0)]
    assert books.expenses[1].saved is None
    assert len(provider.calls) == 1


async def test_07_the_agents_own_limit_is_no_rate_limit(cache: AgentCache) -> None:
    from pydantic_ai import UsageLimitExceeded, UsageLimits

    provider = Provider()
    with pytest.raises(UsageLimitExceeded):
        await cached_agent_run(
            provider.agent(), "Why?", "chat", cache=cache, usage_limits=UsageLimits(output_tokens_limit=1)
        )
    assert len(provider.calls) == 1


async def test_08_cache_reads_are_billed_at_their_price(cache: AgentCache) -> None:
    from pydantic_ai.messages import TextPart
    from pydantic_ai.models.function import FunctionModel
    from pydantic_ai.usage import RequestUsage

    async def answer(messages: Any, info: Any) -> ModelResponse:
        usage = RequestUsage(input_tokens=1000, cache_read_tokens=800, cache_write_tokens=100, output_tokens=50)
        return ModelResponse(parts=[TextPart("x")], usage=usage)

    prices = {"acme-1": ModelCosts(3.0, 15.0, 3.75, 0.3)}
    agent = Agent(FunctionModel(answer, model_name="acme-1"))
    found = await cached_agent_run(agent, "Why?", "chat", cache=cache, custom_costs=prices)
    assert found.cost == Decimal("0.001665")  # (100 * 3 + 50 * 15 + 100 * 3.75 + 800 * 0.3) / 1e6
    assert found.cost_source == "estimated"


async def test_09_a_slow_answer_is_waited_for_and_a_failure_lets_the_next_try(cache: AgentCache) -> None:
    provider = Provider(failures=[ValueError("broken")])
    agent = provider.agent()
    with pytest.raises(ValueError, match="broken"):
        await cached_agent_run(agent, "Why?", "chat", cache=cache)
    assert (await cached_agent_run(agent, "Why?", "chat", cache=cache)).output == "It adds."


async def test_13_calls_of_one_loop_share_one_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("LLM_CACHE_REDIS_URL", raising=False)
    monkeypatch.delenv("CACHEWISE_REDIS_URL", raising=False)
    provider = Provider()
    found = await asyncio.gather(*(cached_agent_run(provider.agent(), "Why?", "chat") for _ in range(20)))
    assert len(provider.calls) == 1
    assert sum(not answer.from_cache for answer in found) == 1
    assert len(_held) == 1


def test_13_a_loop_that_ends_takes_its_cache_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("LLM_CACHE_REDIS_URL", raising=False)
    before = len(_held)
    cached_agent_run_sync(Provider().agent(), "Why?", "chat")
    assert len(_held) == before


# --- arguments


async def test_skip_cache_neither_looks_nor_keeps(cache: AgentCache) -> None:
    provider, books = Provider(), Books()
    found = await twice(cache, provider.agent(), skip_cache=True, expense_recorder=books)
    assert [answer.from_cache for answer in found] == [False, False]
    assert cache.tiers.status().entries == 0
    assert found[0].key is None
    assert books.lines == [("acme-1", "chat", 0.0021)] * 2


async def test_refresh_asks_again_and_keeps_the_new_answer(cache: AgentCache) -> None:
    provider = Provider()
    await cached_agent_run(provider.agent(), "Why?", "chat", cache=cache)
    provider.text = "It multiplies."
    found = await cached_agent_run(provider.agent(), "Why?", "chat", cache=cache, refresh=True)
    assert (found.output, found.from_cache) == ("It multiplies.", False)
    found = await cached_agent_run(provider.agent(), "Why?", "chat", cache=cache)
    assert (found.output, found.from_cache) == ("It multiplies.", True)


async def test_without_the_lock_equal_calls_ask_each(cache: AgentCache) -> None:
    provider = Provider()
    calls = (cached_agent_run(provider.agent(), "Why?", "chat", cache=cache, use_lock=False) for _ in range(3))
    await asyncio.gather(*calls)
    assert len(provider.calls) == 3


async def test_an_empty_prompt_is_refused(cache: AgentCache) -> None:
    with pytest.raises(ValueError, match="empty"):
        await cached_agent_run(Provider().agent(), "", "chat", cache=cache)


async def test_deps_without_a_form_are_not_cached_and_said_once(
    cache: AgentCache, caplog: pytest.LogCaptureFixture
) -> None:
    provider = Provider()
    found = await twice(cache, provider.agent(), deps=object())
    assert [answer.from_cache for answer in found] == [False, False]
    assert len(caplog.records) == 1
    found = await twice(cache, provider.agent(), deps=object(), deps_key="ann")
    check_equal(*found)


async def test_an_agent_of_another_kind_is_just_run(cache: AgentCache) -> None:
    class Result:
        output = "plain"
        usage = None

        def all_messages(self) -> list[Any]:
            return []

        new_messages = all_messages

    class Other:
        model = "other:thing"
        runs = 0

        async def run(self, prompt: str) -> Result:
            Other.runs += 1
            return Result()

    found = await twice(cache, Other())
    assert [(answer.output, answer.from_cache) for answer in found] == [("plain", False)] * 2
    assert (Other.runs, found[0].model) == (2, "thing")
    with pytest.raises(ValueError, match="no response"):
        _ = found[0].response


@pytest.mark.parametrize("url", ["http://bob:hunter2@x", "redis://bob:hunter2@h/one"])
async def test_an_address_that_can_not_be_read(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        await cached_agent_run(Provider().agent(), "Why?", "chat", redis_url=url)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_addresses_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CACHEWISE_REDIS_URL", raising=False)
    monkeypatch.delenv("LLM_CACHE_REDIS_URL", raising=False)
    assert redis_target(None) is None
    monkeypatch.setenv("LLM_CACHE_REDIS_URL", "redis://old")
    target = redis_target(None)
    assert target is not None
    assert (target.shown, target.namespace) == ("old:6379", "agents")
    monkeypatch.setenv("CACHEWISE_REDIS_URL", "redis://new?namespace=team")
    target = redis_target(None)
    assert target is not None
    assert (target.shown, target.namespace) == ("new:6379", "team")


async def test_a_cache_of_ones_own(tmp_path: Path) -> None:
    provider = Provider()
    for from_cache in (False, True):
        cache = open_agent_cache(folder=tmp_path)
        found = await cached_agent_run(provider.agent(), "Why?", "chat", cache=cache)
        assert found.from_cache is from_cache
        await cache.aclose()


async def test_an_entry_of_another_version_of_the_callers_types_is_a_miss(tmp_path: Path) -> None:
    cache = memory_cache()
    agent = Agent(TestModel(custom_output_args={"name": "Oslo"}), output_type=Town)
    first = await cached_agent_run(agent, "Why?", "chat", cache=cache)
    assert first.key is not None
    for answer in ({}, {"kind": "agent-run", "outputType": f"{Town.__module__}.Town", "output": {"x": 1}}):
        cache.tiers.put(first.key, task="chat", answer=answer, ttl_seconds=60)
        found = await cached_agent_run(agent, "Why?", "chat", cache=cache)
        assert (found.output, found.from_cache) == (Town(name="Oslo"), False)


def test_every_name_that_is_offered_is_there() -> None:
    for name in cachewise.answers.__all__:
        assert getattr(cachewise.answers, name) is not None
    with pytest.raises(AttributeError):
        _ = cachewise.answers.nothing

"""Agents whose keys are told without getting them ready: the same keys, and no others are told so."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel
from pydantic_ai import Agent, FunctionToolset
from pydantic_ai.messages import ModelMessage, ModelRequest, ModelResponse, TextPart
from pydantic_ai.models.fallback import FallbackModel
from pydantic_ai.models.function import AgentInfo, FunctionModel
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.models.test import TestModel
from pydantic_ai.models.wrapper import WrapperModel
from pydantic_ai.providers.openai import OpenAIProvider

from cachewise.answers import agent_steady
from cachewise.answers.agent_probe import Probe, probe
from cachewise.answers.agent_steady import SteadyKeys
from cachewise.answers.agent_survey import bare_agents, survey

ASKED = [
    "Hello.",
    "What does it do?",
    'Why "this" \\ way?\n\tTell me.',
    "größer 𝄞 \u2028 than \x00?",
    "What does it do?",
    " ",
]


class Answer(BaseModel):
    text: str


class Own(TestModel):
    """A model class of somebody else's."""


class OwnAgent(Agent[None, str]):
    """An agent class of somebody else's."""


def answer(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
    return ModelResponse(parts=[TextPart("It adds.")])


def today() -> str:
    return f"Today is {datetime.now()}."


def openai() -> OpenAIChatModel:
    return OpenAIChatModel("gpt-4o", provider=OpenAIProvider(api_key="k", base_url="http://127.0.0.1:9/v1"))


@pytest.fixture
def ready(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The prompts for which an agent was got ready."""
    asked: list[object] = []

    async def counted(agent: Any, prompt: Any, kwargs: Any, *, deps_key: object = None) -> Probe:
        asked.append(prompt)
        return await probe(agent, prompt, kwargs, deps_key=deps_key)

    monkeypatch.setattr(agent_steady, "probe", counted)
    return asked


async def same_key(keys: SteadyKeys, agent: Any, prompt: Any, **kwargs: Any) -> str | None:
    """The key of a run, which has to be the one that getting ready finds."""
    expected = await probe(agent, prompt, kwargs)
    found = await keys.probe(agent, prompt, kwargs)
    assert (found.key, found.model) == (expected.key, expected.model)
    return found.key


@pytest.mark.parametrize(
    "agent",
    [
        pytest.param(lambda: Agent(TestModel()), id="bare"),
        pytest.param(lambda: Agent(TestModel(), instructions="Be short.", system_prompt=("a", "b")), id="instructions"),
        pytest.param(
            lambda: Agent(TestModel(), model_settings={"temperature": 0.1, "stop_sequences": ["x"]}), id="set"
        ),
        pytest.param(lambda: Agent(TestModel(), output_type=Answer, name="n", retries=3), id="output"),
        pytest.param(lambda: Agent(TestModel(), output_type=[int, str]), id="outputs"),
        pytest.param(lambda: Agent(FunctionModel(answer), metadata={"team": "a"}), id="function-model"),
        pytest.param(lambda: Agent(openai()), id="openai"),
        pytest.param(lambda: Agent(WrapperModel(openai()), instructions="Be short."), id="wrapped"),
    ],
)
async def test_a_plain_agent_gets_ready_three_times(agent: Callable[[], Any], ready: list[object]) -> None:
    """Once as each agent, once for a frame, and once to see that the frame gives the key of another prompt right."""
    keys, plain = SteadyKeys(), agent()
    found = [await same_key(keys, plain, prompt) for prompt in ASKED]
    assert ready == ASKED[:3]
    assert None not in found
    assert len(set(found)) == len(set(ASKED))


def with_tool() -> Agent[None, str]:
    agent = Agent(TestModel())
    agent.tool_plain(today)
    return agent


def with_system_prompt() -> Agent[None, str]:
    agent = Agent(TestModel())
    agent.system_prompt(dynamic=True)(today)
    return agent


def with_validator() -> Agent[None, str]:
    agent = Agent(TestModel())
    agent.output_validator(lambda text: text)
    return agent


@pytest.mark.parametrize(
    "agent",
    [
        pytest.param(lambda: Agent(TestModel(), instructions=today), id="instructions"),
        pytest.param(lambda: Agent(TestModel(), instructions=["Be short.", lambda: "Be kind."]), id="lambda"),
        pytest.param(with_system_prompt, id="system-prompt"),
        pytest.param(with_tool, id="tool"),
        pytest.param(lambda: Agent(TestModel(), toolsets=[FunctionToolset()]), id="toolset"),
        pytest.param(with_validator, id="validator"),
        pytest.param(lambda: Agent(TestModel(), model_settings=lambda context: {"seed": 1}), id="settings"),
        pytest.param(lambda: Agent(Own()), id="own-model"),
        pytest.param(lambda: OwnAgent(TestModel()), id="own-agent"),
        pytest.param(lambda: Agent(FallbackModel(openai(), Own())), id="fallback-to-an-own-model"),
        pytest.param(lambda: Agent(TestModel(), output_type=lambda text: text), id="output-function"),
    ],
)
async def test_any_other_agent_gets_ready_each_time(agent: Callable[[], Any], ready: list[object]) -> None:
    keys, made = SteadyKeys(), agent()
    for prompt in ASKED:
        await keys.probe(made, prompt, {})
    assert ready == ASKED
    assert survey(made, bare_agents("pydantic_ai")) is None


@pytest.mark.parametrize(
    ("prompt", "kwargs"),
    [
        pytest.param(["two", "parts"], {}, id="a-list"),
        pytest.param("\ud800", {}, id="no-unicode"),
        pytest.param("Why?", {"message_history": [ModelRequest.user_text_prompt("Before.")]}, id="history"),
        pytest.param("Why?", {"model_settings": {"temperature": 0.9}}, id="settings"),
        pytest.param("Why?", {"instructions": "Be kind."}, id="instructions"),
        pytest.param("Why?", {"model": TestModel(custom_output_text="x")}, id="model"),
        pytest.param("Why?", {"output_type": int}, id="output"),
        pytest.param("Why?", {"deps": 1}, id="deps"),
    ],
)
async def test_what_else_is_given_to_a_run_counts(prompt: Any, kwargs: dict[str, Any], ready: list[object]) -> None:
    keys, agent = SteadyKeys(), Agent(TestModel())
    told = [await same_key(keys, agent, asked) for asked in ASKED]
    del ready[:]
    assert await same_key(keys, agent, prompt, **kwargs) not in told
    assert ready == [prompt]


def change_settings(agent: Any) -> None:
    agent.model_settings["temperature"] = 0.9


def give_settings(agent: Any) -> None:
    agent.model_settings = {"temperature": 0.8}


def change_model(agent: Any) -> None:
    agent.model = openai()


def change_models_settings(agent: Any) -> None:
    agent.model._settings = {"seed": 7}


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(change_settings, id="a-setting"),
        pytest.param(give_settings, id="settings"),
        pytest.param(change_model, id="model"),
        pytest.param(change_models_settings, id="the-models-settings"),
        pytest.param(lambda agent: agent.tool_plain(today), id="tool"),
        pytest.param(lambda agent: agent.instructions(lambda: "Be kind."), id="instructions"),
        pytest.param(lambda agent: agent.system_prompt(lambda: "Be kind."), id="system-prompt"),
    ],
)
async def test_a_change_of_the_agent_is_seen(change: Callable[[Any], object]) -> None:
    keys, agent = SteadyKeys(), Agent(TestModel(), model_settings={"temperature": 0.1}, instructions="Be short.")
    before = [await same_key(keys, agent, prompt) for prompt in ASKED]
    change(agent)
    after = [await same_key(keys, agent, prompt) for prompt in ASKED]
    assert not set(before) & set(after)


async def test_an_override_is_seen_and_its_end_too() -> None:
    keys, agent = SteadyKeys(), Agent(TestModel(), instructions="Be short.")
    before = [await same_key(keys, agent, prompt) for prompt in ASKED]
    with agent.override(instructions="Be kind."):
        inside = [await same_key(keys, agent, prompt) for prompt in ASKED]
    assert not set(before) & set(inside)
    assert [await same_key(keys, agent, prompt) for prompt in ASKED] == before


@settings(max_examples=20)
@given(prompts=st.lists(st.text(min_size=1), min_size=3, max_size=12))
async def test_no_prompt_is_told_apart_from_what_it_is(prompts: list[str]) -> None:
    keys, agent = SteadyKeys(), Agent(TestModel(), instructions="Be short, and say why.")
    for prompt in prompts:
        await same_key(keys, agent, prompt)


async def test_a_prompt_that_stands_elsewhere_in_the_request_tells_nothing(ready: list[object]) -> None:
    keys, agent = SteadyKeys(), Agent(TestModel(), instructions="Be short.")
    asked = ["first", "short", "user", "Why?", "Why not?", "short", "Be short."]
    for prompt in asked:
        await same_key(keys, agent, prompt)
    assert ready == asked[:5]


async def test_a_frame_that_gives_another_key_is_never_used(monkeypatch: pytest.MonkeyPatch) -> None:
    keys, agent, count = SteadyKeys(), Agent(TestModel()), 0

    async def changing(agent: Any, prompt: Any, kwargs: Any, *, deps_key: object = None) -> Probe:
        nonlocal count
        count += 1
        return Probe(model="test", key=f"{count}", fields={"prompt": prompt, "count": count})

    monkeypatch.setattr(agent_steady, "probe", changing)
    assert [(await keys.probe(agent, f"What {n}?", {})).key for n in range(5)] == ["1", "2", "3", "4", "5"]


async def test_an_agent_is_let_go_of() -> None:
    keys, agent = SteadyKeys(), Agent(TestModel())
    for prompt in ASKED:
        await same_key(keys, agent, prompt)
    gone = weakref.ref(agent)
    del agent
    gc.collect()
    assert gone() is None
    for _ in range(70):
        await keys.probe(Agent(TestModel()), "Why?", {})
    assert len(keys._known) <= 64


@dataclass
class Lookalike:
    """Something that looks like an agent, and is of no package that has agents."""

    model: Any = None


async def test_what_is_no_agent_has_no_key(ready: list[object]) -> None:
    keys = SteadyKeys()
    for agent in (Lookalike(), SimpleNamespace(model=None)):
        for prompt in ASKED[:3]:
            assert (await keys.probe(agent, prompt, {})).key is None
    assert len(ready) == 6

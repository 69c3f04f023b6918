"""What makes two runs of an agent the same question, found out without asking it."""

from __future__ import annotations

import dataclasses
import enum
import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from pydantic_ai import Agent, CachePoint, RunContext
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.models.fallback import FallbackModel
from pydantic_ai.models.test import TestModel
from pydantic_ai.models.wrapper import WrapperModel
from pydantic_ai.usage import RunUsage

from cachewise.answers.agent_plain import Keyless, plain
from cachewise.answers.agent_probe import model_name, probe
from cachewise.answers.key import canonical_json
from support.agents import Provider


class City(BaseModel):
    name: str


class Country(BaseModel):
    name: str


@dataclasses.dataclass
class Deps:
    user: Any


PROVIDER = Provider()


def history(when: datetime, text: str = "Hello") -> list[ModelMessage]:
    return [
        ModelRequest(parts=[UserPromptPart(text, timestamp=when)], timestamp=when, run_id=str(uuid.uuid4())),
        ModelResponse(parts=[TextPart("Hi")], timestamp=when, run_id=str(uuid.uuid4())),
    ]


def called(**arguments: str) -> list[ModelMessage]:
    """A history in which a tool was called and answered with its own arguments."""
    call = ToolCallPart("look", arguments, tool_call_id="c1")
    back = ToolReturnPart("look", arguments, tool_call_id="c1", timestamp=OLD)
    return [
        *history(OLD)[:1],
        ModelResponse(parts=[call], timestamp=OLD),
        ModelRequest(parts=[back], timestamp=OLD),
        ModelResponse(parts=[TextPart("Found.")], timestamp=OLD),
    ]


async def key(agent: Any, prompt: Any = "Why?", *, deps_key: object = None, **kwargs: Any) -> str:
    found = await probe(agent, prompt, kwargs, deps_key=deps_key)
    assert found.reason is None
    assert found.key is not None
    return found.key


def agent(**options: Any) -> Agent[Any, Any]:
    return PROVIDER.agent(**{"instructions": "Be brief.", **options})


def with_tool(doc: str) -> Agent[Any, Any]:
    made = agent()

    def look(query: str) -> str:
        return query

    look.__doc__ = doc
    made.tool_plain(look)
    return made


def with_deps() -> Agent[Any, Any]:
    made: Agent[Any, Any] = agent(deps_type=Deps)

    @made.tool
    def balance(context: RunContext[Deps]) -> str:
        return str(context.deps.user)

    return made


def today(day: int) -> Agent[Any, Any]:
    return agent(instructions=lambda: f"Today is day {day}.")


OLD, NEW = datetime(2020, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        pytest.param(lambda: key(agent()), lambda: key(agent()), id="two-agents-built-alike"),
        pytest.param(lambda: key(agent(name="a")), lambda: key(agent(name="b")), id="names-of-agents"),
        pytest.param(
            lambda: key(agent(), message_history=history(OLD)),
            lambda: key(agent(), message_history=history(NEW)),
            id="moments-and-run-ids-of-the-history",
        ),
        pytest.param(
            lambda: key(agent(), ["Read this.", CachePoint(), "Why?"]),
            lambda: key(agent(), ["Read this.", "Why?"]),
            id="cache-points",
        ),
        pytest.param(
            lambda: key(agent(), model_settings={"timeout": 3, "openrouter_cache_messages": True}),
            lambda: key(agent()),
            id="settings-of-transport-and-billing",
        ),
        pytest.param(
            lambda: key(agent(model_settings={"temperature": 0.1})),
            lambda: key(agent(), model_settings={"temperature": 0.1}),
            id="settings-of-agent-or-run",
        ),
        pytest.param(
            lambda: key(with_deps(), deps=Deps("ann")), lambda: key(with_deps(), deps=Deps("ann")), id="equal-deps"
        ),
        pytest.param(
            lambda: key(agent(), deps=object(), deps_key="u1"),
            lambda: key(agent(), deps=object(), deps_key="u1"),
            id="deps-with-a-key",
        ),
        pytest.param(
            lambda: key(agent(), usage=RunUsage(requests=1)), lambda: key(agent(), metadata={"a": 1}), id="accounting"
        ),
        pytest.param(
            lambda: key(agent()), lambda: key(agent(model=WrapperModel(PROVIDER.model()))), id="wrapped-model"
        ),
        pytest.param(lambda: key(today(1)), lambda: key(today(1)), id="equal-dynamic-instructions"),
    ],
)
async def test_the_same_question(left: Any, right: Any) -> None:
    assert await left() == await right()


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(lambda: key(agent(), "Why not?"), id="prompt"),
        pytest.param(lambda: key(agent(instructions="Be long.")), id="instructions"),
        pytest.param(lambda: key(today(1)), id="dynamic-instructions"),
        pytest.param(lambda: key(agent(), instructions="And polite."), id="instructions-of-the-run"),
        pytest.param(lambda: key(agent(system_prompt="You know.")), id="system-prompt"),
        pytest.param(lambda: key(agent(model=PROVIDER.model("acme-2"))), id="model"),
        pytest.param(lambda: key(agent(), model=TestModel()), id="model-of-the-run"),
        pytest.param(
            lambda: key(agent(model=FallbackModel(PROVIDER.model(), PROVIDER.model("acme-2")))), id="fallback-models"
        ),
        pytest.param(lambda: key(agent(model_settings={"temperature": 0.1})), id="settings-of-the-agent"),
        pytest.param(lambda: key(agent(), model_settings={"temperature": 0.1}), id="settings-of-the-run"),
        pytest.param(lambda: key(with_tool("Looks.")), id="tools"),
        pytest.param(lambda: key(agent(output_type=City)), id="output-type"),
        pytest.param(lambda: key(agent(), output_type=list[str]), id="output-type-of-the-run"),
        pytest.param(lambda: key(agent(), message_history=history(OLD)), id="history"),
        pytest.param(lambda: key(with_deps(), deps=Deps("ann")), id="deps"),
    ],
)
async def test_another_question(other: Any) -> None:
    assert await other() != await key(agent())


@pytest.mark.parametrize(
    ("left", "right"),
    [
        pytest.param(lambda: key(today(1)), lambda: key(today(2)), id="what-dynamic-instructions-come-to"),
        pytest.param(lambda: key(with_tool("One.")), lambda: key(with_tool("Two.")), id="what-a-tool-says-it-does"),
        pytest.param(
            lambda: key(agent(output_type=City)), lambda: key(agent(output_type=Country)), id="types-with-equal-fields"
        ),
        pytest.param(
            lambda: key(agent(output_type=[City, str])), lambda: key(agent(output_type=list[City])), id="list-or-choice"
        ),
        pytest.param(
            lambda: key(with_deps(), deps=Deps("ann")), lambda: key(with_deps(), deps=Deps("bob")), id="whose-deps"
        ),
        pytest.param(
            lambda: key(agent(), message_history=history(OLD)),
            lambda: key(agent(), message_history=history(OLD, "Bye")),
            id="texts-of-the-history",
        ),
        pytest.param(
            lambda: key(agent(), message_history=called(timestamp="1")),
            lambda: key(agent(), message_history=called(timestamp="2")),
            id="arguments-of-a-tool-whatever-their-names",
        ),
    ],
)
async def test_also_another_question(left: Any, right: Any) -> None:
    assert await left() != await right()


async def test_finding_the_key_asks_nobody_and_leaves_no_trace() -> None:
    provider, made = Provider(), agent()
    usage = RunUsage()
    await key(provider.agent(), usage=usage)
    await key(made)
    assert provider.calls == []
    assert usage == RunUsage()
    assert made.name is None


async def test_an_overridden_model_counts() -> None:
    made = agent()
    with made.override(model=PROVIDER.model("acme-9")):
        assert await key(made) == await key(agent(model=PROVIDER.model("acme-9")))


async def test_a_model_named_by_text_counts_as_what_it_becomes() -> None:
    assert await key(Agent("test", defer_model_check=True)) == await key(Agent(TestModel()))


async def test_an_agent_that_fails_to_get_ready_fails() -> None:
    def broken() -> str:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await probe(agent(instructions=broken), "Why?", {})


@pytest.mark.parametrize(
    ("made", "kwargs", "word"),
    [
        pytest.param(agent(), {"deps": object()}, "object", id="deps-without-a-form"),
        pytest.param(object(), {}, "pydantic-ai", id="no-agent"),
    ],
)
async def test_what_has_no_key_says_why(made: Any, kwargs: dict[str, Any], word: str) -> None:
    found = await probe(made, "Why?", kwargs)
    assert found.key is None
    assert word in str(found.reason)


@pytest.mark.parametrize(
    ("model", "name"),
    [("openai:gpt-5", "gpt-5"), ("test", "test"), (PROVIDER.model("x"), "x"), (None, "unknown"), (3, "int")],
)
def test_model_name(model: object, name: str) -> None:
    assert model_name(model) == name


# --- plain values


class Colour(enum.Enum):
    RED = 1


class Number(enum.IntEnum):
    ONE = 1


def named() -> None:
    """A function with a name to go by."""


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Decimal("1.5"), Decimal("1.5")),
        ((1, [2]), [1, [2]]),
        ({"b": 1, 2: "x", None: 0}, {"b": 1, "int:2": "x", "NoneType:None": 0}),
        ({3, 1}, {"set": ["1", "3"]}),
        (datetime(2020, 1, 1, tzinfo=UTC), "2020-01-01T00:00:00+00:00"),
        (timedelta(seconds=2), 2.0),
        (Path("a/b"), "a/b"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (list[int], ["<class 'list'>", ["builtins.int"]]),
        (int | None, ["<class 'types.UnionType'>", ["builtins.int", "builtins.NoneType"]]),
    ],
    ids=str,
)
def test_plain_values(value: object, expected: object) -> None:
    assert plain(value) == expected


@pytest.mark.parametrize(
    "value",
    [City(name="x"), Deps("x"), Colour.RED, Number.ONE, City, named, b"x"],
    ids=["model", "dataclass", "enum", "int-enum", "class", "function", "bytes"],
)
def test_plain_values_are_json_and_name_their_type(value: object) -> None:
    form = canonical_json(plain(value))
    assert b"0x" not in form
    assert form == canonical_json(plain(value))


def test_a_number_and_an_enum_of_that_number_differ() -> None:
    assert plain(Number.ONE) != plain(1)


@pytest.mark.parametrize(
    "value",
    [object(), lambda: 1, {object(): 1}, Deps(object())],
    ids=["object", "lambda", "name", "inside"],
)
def test_what_has_no_stable_form_is_refused(value: object) -> None:
    with pytest.raises(Keyless):
        plain(value)


def test_what_holds_itself_is_refused() -> None:
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(Keyless):
        plain(loop)

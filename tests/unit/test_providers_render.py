from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_ai.messages import CachePoint, ModelRequest, UserPromptPart

from cachewise.model.names import Ttl
from cachewise.model.plan import Block, PromptPlan, Stability
from cachewise.providers.render import Rendered, render, stop_sequences
from support.providers import request


def block(text: str, *, role: str = "user", stability: Stability = Stability.STABLE) -> Block:
    return Block(name="b", text=text, stability=stability, tokens=1, role=role)  # type: ignore[arg-type]


def rendered(blocks: list[Block], marks: dict[int, Ttl], model: str = "anthropic:claude-haiku-4-5") -> Rendered:
    plan = PromptPlan(blocks=tuple(blocks), marks=marks)
    return render(replace(request(model), plan=plan))


def content_of(result: Rendered) -> list[Any]:
    (message,) = result.messages
    assert isinstance(message, ModelRequest)
    (part,) = message.parts
    assert isinstance(part, UserPromptPart)
    return [("mark", item.ttl) if isinstance(item, CachePoint) else item for item in part.content]


TAIL = block("tail", stability=Stability.TAIL)
SYSTEM = block("sys", role="system", stability=Stability.FIXED)


@pytest.mark.parametrize(
    ("blocks", "marks", "content"),
    [
        pytest.param([block("a"), block("b"), TAIL], {1: "1h"}, ["a", "b", ("mark", "1h"), "tail"], id="mark"),
        pytest.param([SYSTEM, block("a"), TAIL], {0: "5m"}, ["a", "tail"], id="system mark is not in the user part"),
        pytest.param([block("a"), block(" \n"), TAIL], {1: "5m"}, ["a", ("mark", "5m"), "tail"], id="mark of a blank"),
        pytest.param([block(""), TAIL], {0: "5m"}, ["tail"], id="nothing to mark"),
        pytest.param(
            [block("a"), block(""), TAIL], {0: "1h", 1: "5m"}, ["a", ("mark", "1h"), "tail"], id="two marks on one part"
        ),
        pytest.param([block("\ud83d\ude00 \ud800"), TAIL], {}, ["😀 �", "tail"], id="surrogates"),
    ],
)
def test_content(blocks: list[Block], marks: dict[int, Ttl], content: list[Any]) -> None:
    assert content_of(rendered(blocks, marks)) == content


@pytest.mark.parametrize(
    ("marks", "dynamic", "ttl"),
    [
        ({}, [False, False], None),
        ({0: "1h"}, [False, True], "1h"),
        ({1: "5m"}, [False, False], "5m"),
        ({0: "1h", 1: "5m"}, [False, False], "5m"),
    ],
)
def test_system_blocks_behind_the_last_mark_are_not_in_it(
    marks: dict[int, Ttl], dynamic: list[bool], ttl: Ttl | None
) -> None:
    result = rendered([SYSTEM, block("more", role="system", stability=Stability.FIXED), TAIL], marks)
    assert [part.dynamic for part in result.parameters.instruction_parts or []] == dynamic
    assert result.system_mark == ttl


@pytest.mark.parametrize("model", ["openai:gpt-4.1", "openrouter:google/gemini-2.5-pro", "local:tiny"])
def test_models_without_marks_get_none(model: str) -> None:
    result = rendered([SYSTEM, block("a"), TAIL], {0: "1h", 1: "5m"}, model)
    assert content_of(result) == ["a", "tail"]
    assert (result.system_mark, result.hour_marks) == (None, False)


@given(st.lists(st.text(max_size=8), min_size=1, max_size=6), st.data())
def test_no_text_is_lost_and_no_mark_comes_first(texts: list[str], data: st.DataObject) -> None:
    marked = data.draw(st.sets(st.integers(0, len(texts) - 1)))
    content = content_of(rendered([*map(block, texts), TAIL], dict.fromkeys(marked, "5m")))
    assert [item for item in content if isinstance(item, str)] == [*(t for t in texts if t.strip()), "tail"]
    assert isinstance(content[0], str)
    assert content[-1] == "tail"
    assert not any(isinstance(a, tuple) and isinstance(b, tuple) for a, b in pairwise(content))


def test_stop_sequences() -> None:
    wanted = request("openai:gpt-4.1", stop=("\n\n", "", "a", "b", " ", "c", "d"))
    assert stop_sequences(wanted, blank=True) == ["\n\n", "a", "b", " "]
    assert stop_sequences(wanted, blank=False) == ["a", "b", "c", "d"]

"""The exact bytes that each family of models is sent, held in files next to this one.

A prompt cache finds a prefix again only while every byte of it stays the same, so a changed body, also one that a
dependency's minor release changes, is a change of behaviour. After a wanted change, run this file once with
`CACHEWISE_WRITE_GOLDEN=1` and read the difference.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from cachewise.model.events import ProviderRequest, Stopped
from cachewise.model.names import ProviderName, Ttl
from cachewise.model.plan import Infill
from support.providers import build, collect, endpoint, request
from support.upstream import Upstream, anthropic_answer, chat_answer

HERE = Path(__file__).parent
TAILS = ("Explain lines 1 to 3.", "Complete at line 2, column 4: `ret`")


@dataclass(frozen=True)
class Family:
    """What a family is asked with. Marks stand behind the system block, the stable files and the working one."""

    model: str
    marks: dict[int, Ttl] = field(default_factory=lambda: {0: "5m", 2: "5m", 3: "5m"})

    @property
    def provider(self) -> ProviderName:
        return request(self.model).model.provider


FAMILIES = {
    "openrouter-claude": Family("openrouter:anthropic/claude-haiku-4.5"),
    "openrouter-claude-1h": Family("openrouter:anthropic/claude-sonnet-4.6", {0: "1h", 2: "1h", 3: "5m"}),
    "openrouter-qwen": Family("openrouter:qwen/qwen3-coder-plus"),
    "openrouter-gpt-5.6": Family("openrouter:openai/gpt-5.6"),
    "openrouter-gpt-4.1": Family("openrouter:openai/gpt-4.1"),
    "openrouter-gemini": Family("openrouter:google/gemini-2.5-pro"),
    "openrouter-deepseek": Family("openrouter:deepseek/deepseek-v3.2"),
    "anthropic": Family("anthropic:claude-sonnet-4-6", {0: "1h", 2: "1h", 3: "5m"}),
    "openai-5.6": Family("openai:gpt-5.6"),
    "openai-4.1": Family("openai:gpt-4.1"),
    "local": Family("local:tiny"),
}

MARKED = {
    "openrouter-claude",
    "openrouter-claude-1h",
    "openrouter-qwen",
    "openrouter-gpt-5.6",
    "anthropic",
    "openai-5.6",
}


async def sent(family: Family, *requests: ProviderRequest, good: bool = True) -> list[bytes]:
    """The bodies that the family's provider sends for requests, one after the other over one client."""
    answer = anthropic_answer(["ok"]) if family.provider == "anthropic" else chat_answer(["ok"])
    async with Upstream(answer) as upstream:
        provider = build(endpoint(family.provider, upstream.url))
        for wanted in requests[:-1]:
            assert Stopped("stop") in [event async for event in provider.stream(wanted)]
        events = await collect(provider, requests[-1])
        assert not good or Stopped("stop") in events
        return [received.body for received in upstream.requests]


@pytest.mark.parametrize("name", FAMILIES)
async def test_body_is_the_golden_one(name: str) -> None:
    family = FAMILIES[name]
    (body,) = await sent(family, request(family.model, tail=TAILS[0], marks=family.marks, stop=("\n\n", "```")))
    golden = HERE / f"{name}.json"
    if os.environ.get("CACHEWISE_WRITE_GOLDEN") == "1":
        golden.write_bytes(body)
    assert body == golden.read_bytes()


@pytest.mark.parametrize("name", FAMILIES)
async def test_only_the_tail_differs_between_requests(name: str) -> None:
    family = FAMILIES[name]
    first, second = await sent(family, *(request(family.model, tail=tail, marks=family.marks) for tail in TAILS))
    assert first != second
    assert first.replace(TAILS[0].encode(), TAILS[1].encode()) == second
    shared = first[: next(i for i, (a, b) in enumerate(zip(first, second, strict=False)) if a != b)]
    assert b"<system>x</system>" in shared, "the last block before the tail is not in the shared bytes"


@pytest.mark.parametrize("name", FAMILIES)
async def test_a_feature_changes_nothing_before_the_tail(name: str) -> None:
    """Completions and explanations differ in length and stops, which must not reach into the prompt."""
    family = FAMILIES[name]
    explain = request(family.model, tail=TAILS[0], marks=family.marks)
    complete = replace(request(family.model, tail=TAILS[1], marks=family.marks, stop=("\n\n",)), max_tokens=1000)
    first, second = (json.loads(body) for body in await sent(family, explain, complete))
    assert prompt(first)[:-1] == prompt(second)[:-1]
    length = {"max_tokens", "max_completion_tokens", "stop", "stop_sequences", "messages"}
    assert {k: v for k, v in first.items() if k not in length} == {k: v for k, v in second.items() if k not in length}


@pytest.mark.parametrize("name", FAMILIES)
async def test_marks_stand_where_the_plan_has_them(name: str) -> None:
    family = FAMILIES[name]
    (body,) = await sent(family, request(family.model, marks=family.marks))
    marked = {
        index: part.get("cache_control") or part["prompt_cache_breakpoint"]
        for index, part in enumerate(prompt(json.loads(body)))
        if "cache_control" in part or "prompt_cache_breakpoint" in part
    }
    if name in MARKED:
        assert set(marked) == set(family.marks)
        ttls = {index: mark.get("ttl") for index, mark in marked.items()}
        assert set(ttls.values()) == {None} or ttls == family.marks
    else:
        assert marked == {}
        assert b"cache_control" not in body
        assert b"breakpoint" not in body


@pytest.mark.parametrize("name", FAMILIES)
async def test_texts_of_files_go_out_as_they_are(name: str) -> None:
    family = FAMILIES[name]
    wanted = request(family.model, tail=TAILS[0], marks=family.marks)
    (body,) = await sent(family, wanted)
    assert [part["text"] for part in prompt(json.loads(body))] == [block.text for block in wanted.plan.blocks]


async def test_an_hours_mark_pins_the_host_and_others_do_not() -> None:
    hour, short = FAMILIES["openrouter-claude-1h"], FAMILIES["openrouter-claude"]
    (pinned,) = await sent(hour, request(hour.model, marks=hour.marks))
    (free,) = await sent(short, request(short.model, marks=short.marks))
    assert json.loads(pinned)["provider"] == {"order": ["anthropic"], "allow_fallbacks": False}
    assert "provider" not in json.loads(free)


@pytest.mark.parametrize("name", [name for name in FAMILIES if name.startswith("openrouter")])
async def test_every_request_to_the_router_names_its_session(name: str) -> None:
    family = FAMILIES[name]
    wanted = request(family.model)
    (body,) = await sent(family, wanted)
    assert json.loads(body)["session_id"] == wanted.session_id


async def test_a_plan_without_marks_has_none_on_the_wire() -> None:
    family = FAMILIES["openrouter-claude"]
    (body,) = await sent(family, request(family.model))
    assert b"cache_control" not in body


async def test_body_of_fill_in_the_middle_is_the_golden_one() -> None:
    wanted = request("local:tiny", stop=("\n\n", "```"))
    extra = (("a.py", "def a():\n    return '<|im_start|>'\n"), ("dir/b.py", "naïve = '\u200d😀'\n"))
    infill = Infill(prefix="import a\n\n\ndef b():\n    ret", suffix="\n\n\ndef c():\n", extra=extra)
    # llama.cpp's answer is not needed: the body has been sent by then.
    (body,) = await sent(FAMILIES["local"], replace(wanted, plan=replace(wanted.plan, infill=infill)), good=False)
    golden = HERE / "local-infill.json"
    if os.environ.get("CACHEWISE_WRITE_GOLDEN") == "1":
        golden.write_bytes(body)
    assert body == golden.read_bytes()


def prompt(body: dict[str, Any]) -> list[dict[str, Any]]:
    """All text parts of a body in the order in which a cache sees them."""
    messages = [{"content": body["system"]}, *body["messages"]] if "system" in body else body["messages"]
    parts: list[dict[str, Any]] = []
    for message in messages:
        content = message["content"]
        parts += [{"type": "text", "text": content}] if isinstance(content, str) else content
    return parts

"""The simulator's fill-in-the-middle, by its bytes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from cachewise.simulator import Script, Simulator

EXTRA = [{"filename": "a.py", "text": "def double(x):\n    return x * 2\n" * 50}]
BODY = {"input_prefix": "y = 1\n", "input_suffix": "\n", "input_extra": EXTRA, "stream": True}


@pytest.fixture
async def http() -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(trust_env=False, timeout=10) as client:
        yield client


async def events(http: httpx2.AsyncClient, simulator: Simulator, body: dict[str, Any]) -> list[dict[str, Any]]:
    response = await http.post(f"{simulator.origin}/infill", json=body)
    assert response.status_code == 200
    return [json.loads(line.removeprefix("data: ")) for line in response.text.split("\n\n") if line]


async def test_it_streams_and_its_last_event_says_why_it_ended(http: httpx2.AsyncClient) -> None:
    async with Simulator(Script(answer="one two three", context=4096)) as simulator:
        *pieces, last = await events(http, simulator, BODY)
        cut = (await events(http, simulator, {**BODY, "n_predict": 2}))[-1]
        stopped = (await events(http, simulator, {**BODY, "stop": ["two"]}))[-1]
        nothing = await events(http, simulator, {**BODY, "n_predict": 0})
    assert "".join(event["content"] for event in pieces) == "one two three"
    assert [event["stop"] for event in (*pieces, last)] == [False] * len(pieces) + [True]
    assert [event["stop_type"] for event in (last, cut, stopped)] == ["eos", "limit", "word"]
    assert [event["content"] for event in nothing] == [""]


async def test_its_cache_is_kept_to_sixteen_tokens(http: httpx2.AsyncClient) -> None:
    async with Simulator(Script(answer="x", context=4096)) as simulator:
        first = (await events(http, simulator, BODY))[-1]["timings"]
        second = (await events(http, simulator, {**BODY, "input_prefix": "y = 12\n"}))[-1]["timings"]
        other = {**BODY, "input_extra": [{"filename": "b.py", "text": EXTRA[0]["text"]}]}
        third = (await events(http, simulator, other))[-1]["timings"]
    assert first["cache_n"] == third["cache_n"] == 0
    assert first["prompt_n"] > 500
    assert second["prompt_n"] < 32
    assert second["cache_n"] % 16 == 0


async def test_an_answer_is_made_of_what_stands_around_the_cursor(http: httpx2.AsyncClient) -> None:
    async with Simulator(Script(context=4096)) as simulator:
        *pieces, _ = await events(http, simulator, {**BODY, "input_prefix": "def double(x):\n    return "})
    assert "".join(event["content"] for event in pieces).startswith("x * 2")


@pytest.mark.parametrize(
    ("usage", "keys"),
    [("standard", {"timings", "tokens_evaluated"}), ("noDetails", {"tokens_evaluated"}), ("none", set())],
)
async def test_what_it_tells_of_its_use(http: httpx2.AsyncClient, usage: Any, keys: set[str]) -> None:
    async with Simulator(Script(answer="x", context=4096, usage=usage)) as simulator:
        last = (await events(http, simulator, BODY))[-1]
    assert set(last) - {"content", "stop", "stop_type"} == keys


@pytest.mark.parametrize(
    ("context", "body", "status", "recorded"),
    [
        (4096, {}, 400, 0),
        (4096, {"input_prefix": "x"}, 400, 1),
        (4096, {**BODY, "input_extra": [{"text": "x"}]}, 400, 1),
        (4096, {**BODY, "input_extra": "x"}, 400, 1),
        (0, {}, 404, 0),
        (0, BODY, 404, 0),
    ],
)
async def test_refusals(http: httpx2.AsyncClient, context: int, body: Any, status: int, recorded: int) -> None:
    async with Simulator(Script(context=context)) as simulator:
        response = await http.post(f"{simulator.origin}/infill", json=body)
        assert response.status_code == status
        assert response.json()["error"]["code"] == status
        assert len(simulator.requests) == recorded


async def test_props_tell_of_the_context(http: httpx2.AsyncClient) -> None:
    async with Simulator(Script(context=4096)) as simulator:
        told = await http.get(f"{simulator.origin}/props")
        simulator.follow(Script())
        missing = await http.get(f"{simulator.origin}/props")
    assert told.json()["default_generation_settings"]["n_ctx"] == 4096
    assert missing.status_code == 404

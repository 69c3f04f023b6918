"""The short way for chat completions: the same bytes, without the SDK's walk through the messages."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest
from openai import AsyncOpenAI

from cachewise.providers.sdk_client import Client

MESSAGES = [
    {"role": "system", "content": [{"type": "text", "text": "Be short.", "cache_control": {"type": "ephemeral"}}]},
    {"role": "user", "content": [{"type": "text", "text": "a = é\n"}, {"type": "text", "text": "b"}]},
]


async def sent(kind: type[AsyncOpenAI], **more: Any) -> bytes:
    """The body of a request."""
    bodies: list[bytes] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        bodies.append(request.content)
        return httpx2.Response(200, json={"id": "1", "object": "chat.completion", "created": 1, "model": "m",
                                          "choices": []})  # fmt: skip

    async with httpx2.AsyncClient(transport=httpx2.MockTransport(answer)) as http:
        client = kind(api_key="made-up", base_url="http://127.0.0.1:9/v1", http_client=http, max_retries=0)
        create: Any = client.with_options(max_retries=0).chat.completions.create
        found = await create(model="m", messages=MESSAGES, max_tokens=5, **more)
        assert found.id == "1"
    return bodies[0]


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({}, id="plain"),
        pytest.param({"extra_body": {"session_id": "s"}}, id="with more in the body"),
        pytest.param({"stop": ["\n"], "temperature": 0}, id="with settings"),
    ],
)
async def test_the_body_is_the_same_to_the_byte(more: dict[str, Any]) -> None:
    usual, short = await sent(AsyncOpenAI, **more), await sent(Client, **more)
    assert short == usual
    assert json.loads(short)["messages"] == MESSAGES

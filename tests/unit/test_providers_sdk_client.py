"""The short way for streamed chat completions: the SDK's request and errors, without its walk through the messages."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from openai import APIConnectionError, APIError, APIStatusError, APITimeoutError, AsyncOpenAI
from openai.types.chat import ChatCompletionChunk

from cachewise.providers.sdk_client import Client
from support.providers import MODELS, build, collect, endpoint, request
from support.upstream import Upstream, chat_answer

Answer = Callable[[httpx2.Request], httpx2.Response]
MESSAGES = [
    {"role": "system", "content": [{"type": "text", "text": "Be short.", "cache_control": {"type": "ephemeral"}}]},
    {"role": "user", "content": [{"type": "text", "text": "a = é\n\x7f\x01\u2028"}, {"type": "text", "text": "b"}]},
]
CHUNK = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": []}


def stream(*chunks: object) -> bytes:
    """The body of a streamed answer."""
    return "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks).encode() + b"data: [DONE]\n\n"


async def chunks(kind: type[AsyncOpenAI], answer: Answer, **more: Any) -> list[ChatCompletionChunk]:
    """What a client reads of a streamed answer."""
    async with httpx2.AsyncClient(transport=httpx2.MockTransport(answer)) as http:
        client = kind(api_key="made-up", base_url="http://127.0.0.1:9/v1/", http_client=http, max_retries=0)
        create: Any = client.chat.completions.create
        async with await create(model="m", messages=MESSAGES, max_tokens=5, stream=True, **more) as found:
            return [chunk async for chunk in found]


async def sent(kind: type[AsyncOpenAI], **more: Any) -> tuple[httpx2.Request, bytes]:
    """A request as it goes out, and its body."""
    seen: list[tuple[httpx2.Request, bytes]] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append((request, request.content))
        return httpx2.Response(200, content=stream(CHUNK))

    (chunk,) = await chunks(kind, answer, **more)
    assert chunk.id == "1"
    return seen[0]


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({}, id="plain"),
        pytest.param({"extra_body": {"session_id": "s"}}, id="with more in the body"),
        pytest.param({"stop": ["\n"], "temperature": 0, "top_p": 0.2}, id="with settings"),
        pytest.param({"timeout": httpx2.Timeout(3.0)}, id="with a deadline"),
    ],
)
async def test_the_request_says_the_same_and_its_messages_have_the_same_bytes(more: dict[str, Any]) -> None:
    (usual, usual_body), (short, short_body) = await sent(AsyncOpenAI, **more), await sent(Client, **more)
    assert json.loads(short_body) == json.loads(usual_body)
    messages = json.dumps(MESSAGES, ensure_ascii=False, separators=(",", ":")).encode()
    assert messages in short_body
    assert messages in usual_body
    assert short.url == usual.url
    assert short.headers["content-type"] == usual.headers["content-type"]
    if "timeout" in more:
        assert short.extensions["timeout"] == usual.extensions["timeout"]


def _status(status: int, body: str) -> Answer:
    return lambda request: httpx2.Response(status, text=body)


def _raises(error: type[Exception]) -> Answer:
    def answer(request: httpx2.Request) -> httpx2.Response:
        raise error("made up")

    return answer


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        pytest.param(_status(400, '{"error": {"message": "no", "code": 3}}'), APIStatusError, id="an error in JSON"),
        pytest.param(_status(401, '{"error": "no"}'), APIStatusError, id="an error in a string"),
        pytest.param(_status(404, "<p>no</p>"), APIStatusError, id="an error in HTML"),
        pytest.param(_status(429, '{"error": {"message": "wait"}}'), APIStatusError, id="a limit"),
        pytest.param(_status(503, ""), APIStatusError, id="an empty error"),
        pytest.param(_raises(httpx2.ConnectError), APIConnectionError, id="no connection"),
        pytest.param(_raises(httpx2.RemoteProtocolError), APIConnectionError, id="no HTTP"),
        pytest.param(_raises(httpx2.ReadTimeout), APITimeoutError, id="too late"),
        pytest.param(
            _status(200, 'data: {"error": {"message": "broke", "code": 1}}\n\n'), APIError, id="in the stream"
        ),
    ],
)
async def test_errors_are_those_of_the_sdk(answer: Answer, kind: type[APIError]) -> None:
    found = []
    for client in (AsyncOpenAI, Client):
        with pytest.raises(kind) as caught:
            await chunks(client, answer)
        found.append(caught.value)
    usual, short = found
    assert type(short) is type(usual)
    assert (str(short), short.body) == (str(usual), usual.body)
    assert getattr(short, "status_code", None) == getattr(usual, "status_code", None)


@pytest.mark.parametrize(
    "chunk",
    [
        pytest.param(CHUNK, id="plain"),
        pytest.param({**CHUNK, "provider": "Acme", "usage": {"prompt_tokens": 1, "cost": 0.5}}, id="more fields"),
        pytest.param(
            {**CHUNK, "choices": [{"index": 0, "delta": {"content": "x", "reasoning": "y"}}]}, id="more in it"
        ),
        pytest.param({**CHUNK, "choices": None, "created": "soon"}, id="nothing that the SDK's types allow"),
    ],
)
async def test_a_piece_of_an_answer_is_read_as_the_sdk_reads_it(chunk: dict[str, Any]) -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, content=stream(chunk))

    usual, short = await chunks(AsyncOpenAI, answer), await chunks(Client, answer)
    dumps = [[one.model_dump(warnings=False, exclude_unset=True) for one in found] for found in (usual, short)]
    assert dumps[0] == dumps[1]


async def test_what_is_not_streamed_goes_the_usual_way() -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        assert json.loads(request.content)["messages"] == MESSAGES
        return httpx2.Response(200, json={**CHUNK, "object": "chat.completion"})

    async with httpx2.AsyncClient(transport=httpx2.MockTransport(answer)) as http:
        client = Client(api_key="made-up", base_url="http://127.0.0.1:9/v1", http_client=http, max_retries=0)
        create: Any = client.chat.completions.create
        found = await create(model="m", messages=MESSAGES)
    assert found.object == "chat.completion"


def test_a_client_that_retries_is_refused() -> None:
    with pytest.raises(ValueError, match="does not retry"):
        Client(api_key="made-up", base_url="http://127.0.0.1:9/v1", http_client=httpx2.AsyncClient(), max_retries=2)


@pytest.mark.parametrize("provider", ["openrouter", "openai", "local"])
async def test_all_requests_of_a_provider_use_one_client(provider: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[object] = []
    usual = AsyncOpenAI.__init__

    def counted(self: AsyncOpenAI, **more: Any) -> None:
        made.append(self)
        usual(self, **more)

    monkeypatch.setattr(AsyncOpenAI, "__init__", counted)
    async with Upstream(chat_answer(["a"]), chat_answer(["b"])) as upstream:
        asked = build(endpoint(provider, upstream.url))
        first = [event async for event in asked.stream(request(MODELS[provider]))]
        second = await collect(asked, request(MODELS[provider]))
    assert len(first) == len(second) >= 2
    assert len(made) == 1

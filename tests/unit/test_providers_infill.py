"""llama.cpp's own wire: what comes through, what is reported, what is told apart, and who gets asked."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import pytest

from cachewise.faults import ForbiddenHost, ProviderFaultKind
from cachewise.model.events import Failed, Opened, ProviderRequest, Stopped, StreamEvent, TextDelta, UsageReport
from cachewise.model.plan import Infill
from cachewise.model.usage import Tokens
from cachewise.providers import local
from support.providers import CANARY, build, collect, endpoint, request, with_limits
from support.upstream import CLOSE, END, HOLD, RESET, Script, Step, Upstream, data, piece, response, stream_head

INFILL = Infill(prefix="def a():\n    ", suffix="\n", extra=(("b.py", "b = '\ud800😀'\n"),))
TIMINGS = {"cache_n": 900, "prompt_n": 100, "predicted_n": 3}


def asked(**changes: Any) -> ProviderRequest:
    wanted = request("local:tiny")
    return replace(wanted, plan=replace(wanted.plan, infill=INFILL), **changes)


def said(text: str, **more: Any) -> bytes:
    return data({"index": 0, "content": text, "stop": False, "timings": TIMINGS, "tokens_evaluated": 1000, **more})


def answer(texts: Iterable[str], stop_type: str = "eos", **last: Any) -> list[Step]:
    end = {"content": "", "stop": True, "stop_type": stop_type, "timings": TIMINGS, "tokens_evaluated": 1000, **last}
    return [stream_head(), *(said(text) for text in texts), data(end), END]


async def ask(script: Script, wanted: ProviderRequest | None = None) -> list[StreamEvent]:
    async with Upstream(script) as upstream:
        return await collect(build(endpoint("local", upstream.url)), wanted or asked())


async def test_text_comes_through_byte_for_byte_with_its_usage() -> None:
    texts = ["    \n", "ret", "urn ünï😀", "\r\n\tx\u2028", "<think>", "```"]
    events = await ask(answer(texts))
    assert isinstance(events[0], Opened)
    assert [event.text for event in events if isinstance(event, TextDelta)] == texts
    tokens = Tokens(input=1000, cache_read=900, output=3)
    assert events[-2:] == [UsageReport(tokens=tokens), Stopped("stop")]


async def test_usage_is_known_before_the_first_text() -> None:
    events = await ask(answer(["x"]))
    reports = [number for number, event in enumerate(events) if isinstance(event, UsageReport)]
    assert reports[0] < next(number for number, event in enumerate(events) if isinstance(event, TextDelta))


@pytest.mark.parametrize(
    ("stop_type", "stopped"), [("eos", "stop"), ("word", "stop"), ("limit", "length"), ("unheard-of", "stop")]
)
async def test_why_it_stopped(stop_type: str, stopped: str) -> None:
    assert (await ask(answer(["x"], stop_type)))[-1] == Stopped(stopped)  # type: ignore[arg-type]


async def test_bytes_may_come_in_any_pieces() -> None:
    words = [json.dumps({"content": word}, ensure_ascii=False) for word in ("é", "\U0001f600", "c")]
    whole = "".join(f"data: {word}\r\n\r\n" for word in words)
    whole += 'data: {"content":"","stop":true,"stop_type":"eos"}\n\ndata: [DONE]\n\n'
    events = await ask([stream_head(), *(piece(bytes([byte])) for byte in whole.encode()), END])
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == "é\U0001f600c"
    assert events[-1] == Stopped("stop")


async def test_what_is_sent() -> None:
    async with Upstream(answer(["x"])) as upstream:
        provider = build(endpoint("local", upstream.url))
        await collect(provider, asked(max_tokens=0, stop=("\n\n",)))
        (received,) = upstream.requests
    assert (received.method, received.path) == ("POST", "/infill")
    assert received.headers["authorization"] == f"Bearer {CANARY}"
    assert received.headers["content-type"] == "application/json"
    body = received.json
    assert (body["n_predict"], body["stop"]) == (0, ["\n\n"])
    assert body["input_extra"] == [{"filename": "b.py", "text": "b = '\ufffd😀'\n"}]
    assert (body["input_prefix"], body["input_suffix"]) == (INFILL.prefix, INFILL.suffix)


def refused(status: int, message: str = "no") -> list[Step]:
    return [response(status, json.dumps({"error": {"code": status, "message": message}}).encode())]


BEGUN: list[Step] = [stream_head(), said("part")]
FAULTS: Mapping[str, tuple[Script, ProviderFaultKind, int | None, int]] = {
    "401": (refused(401), "auth", 401, 1),
    "400": (refused(400, "bad number"), "rejected", 400, 1),
    "404": (refused(404), "notFound", 404, 1),
    "503 while the model is loaded": (refused(503, "Loading model"), "overloaded", 503, 3),
    "500 that is no JSON": ([response(500, b"oops \xff")], "server", 500, 3),
    "reset before the head": ([RESET], "connection", None, 3),
    "closed before the head": ([CLOSE], "connection", None, 3),
    "reset before the first text": ([stream_head(), RESET], "connection", None, 3),
    "reset in the middle": ([*BEGUN, RESET], "connection", None, 1),
    "ends without saying why": ([*BEGUN, END], "protocol", None, 1),
    "garbage as data": ([stream_head(), piece(b"data: {not json\n\n"), END], "protocol", None, 1),
    "a number as data": ([stream_head(), piece(b"data: 5\n\n"), END], "protocol", None, 1),
    "error in the stream": ([*BEGUN, data({"error": {"code": 503, "message": "busy"}}), END], "overloaded", 503, 1),
    "error as older servers send it": ([*BEGUN, piece(b'error: {"message":"x"}\n\n'), END], "server", 500, 1),
    "web page": ([response(200, b"<html>", content_type="text/html")], "protocol", 200, 1),
}


@pytest.mark.parametrize("name", FAULTS)
async def test_fault(name: str) -> None:
    script, kind, status, attempts = FAULTS[name]
    events = await ask(script)
    failed = events[-1]
    assert isinstance(failed, Failed), events
    assert (failed.fault.kind, failed.fault.status, failed.attempts) == (kind, status, attempts)
    assert CANARY not in failed.fault.sentence
    assert "'tiny'" in failed.fault.sentence or "127.0.0.1" in failed.fault.sentence


@pytest.mark.parametrize("sent", [[], [stream_head()], [stream_head(), piece(b": still here\n\n")]])
async def test_a_silent_server_runs_into_the_deadline(sent: list[Step]) -> None:
    async with Upstream([*sent, HOLD]) as upstream:
        provider = build(endpoint("local", upstream.url), with_limits(first_event=0.2, idle=60.0, whole=60.0))
        failed = (await collect(provider, asked(max_retries=0)))[-1]
        await upstream.until_gone()
    assert isinstance(failed, Failed)
    assert failed.fault.kind == "timeout"


async def test_a_cancel_closes_the_connection() -> None:
    async with Upstream([*BEGUN, HOLD]) as upstream:
        provider = build(endpoint("local", upstream.url))
        async with aclosing(provider.stream(asked())) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    break
        await upstream.until_gone()
        await provider.aclose()


async def test_a_key_of_another_host_is_not_sent() -> None:
    async with Upstream(answer(["x"])) as upstream:
        provider = build(endpoint("local", upstream.url, bound_to="https://elsewhere.example"))
        with pytest.raises(ForbiddenHost):
            await collect(provider, asked())
        assert upstream.requests == []


# Who is asked

PROPS = response(200, json.dumps({"default_generation_settings": {"n_ctx": 8192}}).encode())
NO_INPUT = refused(400, '"input_prefix" is required')
NO_TOKENS = refused(501, "Infill is not supported by this model: prefix token is missing. ")
ASKED: Mapping[str, tuple[list[Script], int | None]] = {
    "llama.cpp": ([[PROPS], NO_INPUT], 8192),
    "a model without the tokens": ([[PROPS], NO_TOKENS], None),
    "llama.cpp of old, or behind a proxy that hides it": ([[PROPS], refused(404)], None),
    "another server": ([refused(404)], None),
    "a server that answers everything": ([[response(200, b"{}")]], None),
    "no object": ([[response(200, b"[1]")]], None),
    "no JSON": ([[response(200, b"welcome")]], None),
    "a web page": ([[response(200, b"<html>", content_type="text/html")]], None),
    "a server that breaks off": ([[RESET]], None),
}


@pytest.mark.parametrize("name", ASKED)
async def test_who_has_it(name: str) -> None:
    scripts, context = ASKED[name]
    async with Upstream(*scripts) as upstream:
        provider = build(endpoint("local", upstream.url))
        assert await provider.fills() == context
        assert [received.path for received in upstream.requests] == ["/props", "/infill"][: len(scripts)]
        assert all(received.body in (b"", b"{}") for received in upstream.requests), "text was sent to find out"
        await provider.aclose()


@pytest.mark.parametrize("name", ["llama.cpp", "a model without the tokens", "another server"])
async def test_it_is_asked_once(name: str) -> None:
    scripts, context = ASKED[name]
    async with Upstream(*scripts) as upstream:
        provider = build(endpoint("local", upstream.url))
        assert [await provider.fills() for _ in range(5)] == [context] * 5
        assert len(upstream.requests) == len(scripts)
        await provider.aclose()


async def test_it_is_asked_again_after_a_failure_and_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    scripts: list[Script] = [[PROPS], NO_INPUT, refused(404), refused(404), refused(404), [PROPS], NO_INPUT]
    async with Upstream(*scripts) as upstream:
        provider = build(endpoint("local", upstream.url))
        assert await provider.fills() == 8192
        assert isinstance([event async for event in provider.stream(asked())][-1], Failed)
        assert await provider.fills() is None, "the other server that listens there now was not noticed"
        monkeypatch.setattr(local, "ASK_AGAIN", 0.0)
        assert await provider.fills() is None
        assert await provider.fills() == 8192
        await provider.aclose()


async def test_one_line_tells_of_a_model_without_it(caplog: pytest.LogCaptureFixture) -> None:
    async with Upstream([PROPS], NO_TOKENS, [PROPS], NO_TOKENS) as upstream:
        provider = build(endpoint("local", upstream.url))
        for _ in range(3):
            await provider.fills()
        await provider.aclose()
    assert [r.getMessage() for r in caplog.records if r.levelname == "WARNING"] == [
        "The model of 'tiny' has no fill-in-the-middle, so it completes by chat."
    ]


@pytest.mark.parametrize("provider", ["openrouter", "anthropic", "openai"])
async def test_nobody_else_is_asked(provider: Any) -> None:
    async with Upstream(refused(404)) as upstream:
        other = build(endpoint(provider, upstream.url))
        assert await other.fills() is None
        assert upstream.requests == []
        await other.aclose()

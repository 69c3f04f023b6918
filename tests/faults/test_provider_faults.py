"""All that a provider can do wrong, times every provider: the right fault, the partial text, and the next request."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from cachewise.faults import ForbiddenHost, ProviderFaultKind
from cachewise.model.events import Failed, Opened, Stopped, StreamEvent, TextDelta
from cachewise.model.names import ProviderName
from support.providers import CANARY, MODELS, QUICK, build, collect, endpoint, request, with_limits
from support.upstream import (
    CLOSE,
    DONE,
    END,
    HOLD,
    RESET,
    Script,
    Step,
    Upstream,
    anthropic_answer,
    block_delta,
    block_start,
    chat,
    chat_answer,
    data,
    message_start,
    piece,
    response,
    stream_head,
)

PROVIDERS: tuple[ProviderName, ...] = ("openrouter", "anthropic", "openai", "local")


def good(provider: ProviderName) -> Script:
    return anthropic_answer(["fine"]) if provider == "anthropic" else chat_answer(["fine"])


def begun(provider: ProviderName) -> list[Step]:
    """The head and the first piece of text."""
    if provider == "anthropic":
        return [stream_head(), message_start(), block_start(), block_delta("part")]
    return [stream_head(headers={"x-generation-id": "gen-1"}), chat("part")]


def refused(provider: ProviderName, status: int, message: str = "no", **headers: str) -> Script:
    """An error before the stream, in the provider's own shape."""
    error: dict[str, object] = {"message": message, "type": "invalid_request_error" if status == 400 else "x"}
    if provider == "openrouter":
        error["code"] = status
    body = {"type": "error", "error": error} if provider == "anthropic" else {"error": error}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return [response(status, json.dumps(body).encode(), headers=named)]


def broken(provider: ProviderName, code: int | str, kind: str) -> Script:
    """An error inside the stream, after the first piece of text."""
    if provider == "anthropic":
        error = {"type": "error", "error": {"type": kind, "message": "upstream broke"}}
        return [*begun(provider), data(error, event="error"), END]
    chunk = chat(finish="error", error={"code": code, "message": "upstream broke", "metadata": {}})
    return [*begun(provider), chunk, DONE]


@dataclass(frozen=True)
class Case:
    script: Callable[[ProviderName], Script]
    kind: ProviderFaultKind
    status: int | None
    text: str = ""
    attempts: int = 1
    says: str = ""


CASES = {
    "401": Case(lambda p: refused(p, 401), "auth", 401, says="key"),
    "402": Case(lambda p: refused(p, 402), "payment", 402, says="credit"),
    "403": Case(lambda p: refused(p, 403), "auth", 403),
    "404": Case(lambda p: refused(p, 404), "notFound", 404, says="model"),
    "400": Case(lambda p: refused(p, 400, "bad number"), "rejected", 400, says="bad number"),
    "413": Case(lambda p: refused(p, 413), "contextWindow", 413, says="cachewise.context.maxTokens"),
    "too long": Case(
        lambda p: refused(p, 400, "prompt is too long: 900 > 200 tokens"), "contextWindow", 400, says="too long"
    ),
    "429 with a short wait": Case(
        lambda p: refused(p, 429, retry_after="0"), "rateLimit", 429, attempts=3, says="limits how often"
    ),
    "429 with a long wait": Case(lambda p: refused(p, 429, retry_after="120"), "rateLimit", 429, says="120 s"),
    "429 without a wait": Case(lambda p: refused(p, 429), "rateLimit", 429, attempts=3, says="in a moment"),
    "500": Case(lambda p: refused(p, 500), "server", 500, attempts=3, says="Try again"),
    "502": Case(lambda p: refused(p, 502), "server", 502, attempts=3),
    "503": Case(lambda p: refused(p, 503), "overloaded", 503, attempts=3, says="overloaded"),
    "529": Case(lambda p: refused(p, 529), "overloaded", 529, attempts=3),
    "reset before the head": Case(lambda _: [RESET], "connection", None, attempts=3, says="could not be reached"),
    "closed before the head": Case(lambda _: [CLOSE], "connection", None, attempts=3),
    "reset before the first text": Case(lambda _: [stream_head(), RESET], "connection", None, attempts=3),
    "reset in the middle": Case(lambda p: [*begun(p), RESET], "connection", None, "part", says="in the middle"),
    "closed in the middle": Case(lambda p: [*begun(p), CLOSE], "connection", None, "part", says="in the middle"),
    "ends without saying why": Case(lambda p: [*begun(p), END], "protocol", None, "part"),
    "ends before it begins": Case(lambda _: [stream_head(), END], "protocol", None),
    "garbage in place of events": Case(
        lambda _: [stream_head(), piece(b"\x00\xff\xfe garbage\n\n\n"), END], "protocol", None
    ),
    "garbage as data": Case(
        lambda _: [stream_head(), piece(b"event: message_start\ndata: {not json\n\n"), END], "protocol", None
    ),
    "half a character as data": Case(
        lambda _: [stream_head(), piece(b'event: message_start\ndata: {"a":"\xc3"}\n\n'), END], "protocol", None
    ),
    "a number as data": Case(
        lambda _: [stream_head(), piece(b"event: message_start\ndata: 5\n\n"), END], "protocol", None
    ),
    "garbage in the middle": Case(
        lambda p: [*begun(p), piece(b"event: content_block_delta\ndata: }{\n\n"), END], "protocol", None, "part"
    ),
    "error in the stream, code a number": Case(lambda p: broken(p, 503, "overloaded_error"), "overloaded", -1, "part"),
    "error in the stream, code a string": Case(lambda p: broken(p, "server_error", "api_error"), "server", 500, "part"),
    "rate limit in the stream": Case(lambda p: broken(p, 429, "rate_limit_error"), "rateLimit", 429, "part"),
    "web page": Case(
        lambda _: [response(200, b"<html>Log in</html>", content_type="text/html")], "protocol", 200, says="web page"
    ),
    "redirect within the host": Case(
        lambda _: [response(307, headers={"location": "/elsewhere"})], "protocol", 307, says="redirect"
    ),
    "compressed": Case(
        lambda _: [response(200, b"\x1f\x8b", headers={"content-encoding": "gzip"})], "protocol", 200, says="compressed"
    ),
}


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("name", CASES)
async def test_fault(name: str, provider: ProviderName) -> None:
    """-1 as the status stands for any: inside a stream, Anthropic's overload is a 529, where others name their own."""
    case = CASES[name]
    async with Upstream(*[case.script(provider)] * case.attempts, good(provider)) as upstream:
        built = build(endpoint(provider, upstream.url))
        events = [event async for event in built.stream(request(MODELS[provider]))]
        assert [event for event in events if isinstance(event, Failed | Stopped)] == events[-1:]
        last = events[-1]
        assert isinstance(last, Failed)
        assert (last.fault.kind, last.attempts) == (case.kind, case.attempts)
        assert case.status in (last.fault.status, -1)
        assert text_of(events) == case.text
        check_sentence(last.fault.sentence, case.says)
        assert len(upstream.requests) == case.attempts

        events = await collect(built, request(MODELS[provider]))
        assert text_of(events) == "fine"
        assert events[-1] == Stopped("stop")


def check_sentence(sentence: str, says: str) -> None:
    """A sentence for people: one line, an end, no key, no name of an exception."""
    assert says in sentence
    assert sentence[0].isupper()
    assert sentence.endswith((".", "…"))
    assert "\n" not in sentence
    assert CANARY not in sentence
    assert "Error(" not in sentence
    assert "Traceback" not in sentence


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_stall_before_the_first_text_runs_into_its_deadline(provider: ProviderName) -> None:
    scripts: list[Script] = [[HOLD], [stream_head(), HOLD], [stream_head(), piece(b": still here\n\n"), HOLD]]
    for script in scripts:
        async with Upstream(script) as upstream:
            built = build(endpoint(provider, upstream.url), with_limits(first_event=0.3))
            last = (await collect(built, request(MODELS[provider])))[-1]
            assert isinstance(last, Failed)
            assert last.fault.kind == "timeout"
            assert last.attempts == 1
            check_sentence(last.fault.sentence, "in time")
            await upstream.until_gone()


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("deadline", ["idle", "whole"])
async def test_a_stall_in_the_middle_keeps_the_text(provider: ProviderName, deadline: str) -> None:
    async with Upstream([*begun(provider), HOLD]) as upstream:
        built = build(endpoint(provider, upstream.url), with_limits(**{deadline: 0.8}))
        events = await collect(built, request(MODELS[provider]))
        assert text_of(events) == "part"
        assert isinstance(events[-1], Failed)
        assert events[-1].fault.kind == "timeout"
        await upstream.until_gone()


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_retry_that_works_is_no_fault(provider: ProviderName) -> None:
    async with Upstream(refused(provider, 503, retry_after="0"), [RESET], good(provider)) as upstream:
        events = await collect(build(endpoint(provider, upstream.url)), request(MODELS[provider]))
        assert text_of(events) == "fine"
        assert events[-1] == Stopped("stop")
        assert [type(event) for event in events].count(Opened) == 1
        assert len({received.body for received in upstream.requests}) == 1, "a retry sends the same bytes"


@pytest.mark.parametrize(("retries", "wait"), [(0, "0"), (2, "21"), (2, "Fri, 01 Jan 2100 00:00:00 GMT")])
async def test_no_retry_beyond_what_the_request_allows(retries: int, wait: str) -> None:
    async with Upstream(refused("openai", 429, retry_after=wait), good("openai")) as upstream:
        wanted = request(MODELS["openai"], max_retries=retries, max_wait=20.0)
        last = (await collect(build(endpoint("openai", upstream.url)), wanted))[-1]
        assert isinstance(last, Failed)
        assert len(upstream.requests) == 1


async def test_waits_are_summed_up() -> None:
    """Three waits of 40 ms do not fit into 100 ms, two do."""
    async with Upstream(refused("openai", 429, retry_after="0.04")) as upstream:
        wanted = request(MODELS["openai"], max_retries=9, max_wait=0.1)
        last = (await collect(build(endpoint("openai", upstream.url)), wanted))[-1]
        assert isinstance(last, Failed)
        assert last.attempts == len(upstream.requests) == 3
        assert last.fault.retry_after == 0.04


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_nobody_listening_is_no_request(provider: ProviderName) -> None:
    async with Upstream([RESET]) as upstream:
        url = upstream.url
    last = (await collect(build(endpoint(provider, url)), request(MODELS[provider])))[-1]
    assert isinstance(last, Failed)
    assert (last.fault.kind, last.attempts) == ("connection", 0)
    check_sentence(last.fault.sentence, url)


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_to_another_host_carries_nothing(provider: ProviderName, status: int) -> None:
    async with Upstream(good(provider)) as thief:
        target = f"{thief.url}/steal?token=secret"
        async with Upstream([response(status, headers={"location": target})]) as upstream:
            last = (await collect(build(endpoint(provider, upstream.url)), request(MODELS[provider])))[-1]
            assert isinstance(last, Failed)
            assert (last.fault.kind, last.fault.status) == ("protocol", status)
            check_sentence(last.fault.sentence, thief.url)
            assert "secret" not in last.fault.sentence
        assert thief.connections == 0


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_key_of_another_host_is_not_sent(provider: ProviderName) -> None:
    async with Upstream(good(provider)) as upstream:
        built = build(endpoint(provider, upstream.url, bound_to="https://elsewhere.example"))
        with pytest.raises(ForbiddenHost) as caught:
            await collect(built, request(MODELS[provider]))
        assert CANARY not in repr(caught.value)
        assert upstream.connections == 0


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("key", ["sk-canary 1", "sk-canary\n1", "sk-cänary"])
async def test_a_key_that_no_header_can_hold_is_said_and_not_shown(provider: ProviderName, key: str) -> None:
    async with Upstream(good(provider)) as upstream:
        last = (await collect(build(endpoint(provider, upstream.url, key=key)), request(MODELS[provider])))[-1]
        assert isinstance(last, Failed)
        assert last.fault.kind == "auth"
        assert key not in last.fault.sentence
        assert upstream.requests == []


async def test_an_answer_without_end_is_not_read_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cachewise.providers.transport.MAX_ANSWER_BYTES", 1000)
    async with Upstream([stream_head(), piece(b":" + b"x" * 2000), HOLD]) as upstream:
        last = (await collect(build(endpoint("openai", upstream.url)), request(MODELS["openai"])))[-1]
        assert isinstance(last, Failed)
        assert (last.fault.kind, last.attempts) == ("protocol", 1)
        await upstream.until_gone()


async def test_an_answer_that_was_complete_stays_complete() -> None:
    """The connection breaks between the reason why the answer ended and the usage."""
    async with Upstream([*begun("openrouter"), chat(finish="stop"), RESET]) as upstream:
        events = await collect(build(endpoint("openrouter", upstream.url)), request(MODELS["openrouter"]))
        assert text_of(events) == "part"
        assert events[-1] == Stopped("stop")


async def test_a_name_without_vendor_is_said_before_anything_is_sent() -> None:
    async with Upstream(good("openrouter")) as upstream:
        last = (await collect(build(endpoint("openrouter", upstream.url)), request("openrouter:haiku")))[-1]
        assert isinstance(last, Failed)
        assert (last.fault.kind, last.attempts) == ("notFound", 0)
        assert upstream.connections == 0


async def test_many_at_once_fail_one_by_one() -> None:
    """One client for all requests: the fault of one does not reach the others."""
    async with Upstream(refused("openai", 401), *[good("openai")] * 9) as upstream:
        built = build(endpoint("openai", upstream.url), QUICK)

        async def ask() -> StreamEvent:
            return [event async for event in built.stream(request(MODELS["openai"]))][-1]

        ends = await asyncio.gather(*(ask() for _ in range(10)))
        await built.aclose()
        assert sum(isinstance(end, Failed) for end in ends) == 1
        assert ends.count(Stopped("stop")) == 9


def text_of(events: list[StreamEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))

"""A key is in the header of a request to its own host, and nowhere else."""

from __future__ import annotations

import asyncio
import gc
import io
import logging
import traceback
from collections.abc import Iterator
from dataclasses import replace

import pytest

from cachewise.faults import ForbiddenHost
from cachewise.model.events import Failed
from cachewise.model.names import ProviderName
from support.providers import CANARY, MODELS, build, collect, endpoint, request
from support.upstream import RESET, Script, Upstream, anthropic_answer, chat_answer, response, stream_head

PROVIDERS: tuple[ProviderName, ...] = ("openrouter", "anthropic", "openai", "local")


def good(provider: ProviderName) -> Script:
    return anthropic_answer(["fine"]) if provider == "anthropic" else chat_answer(["fine"])


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """All that any library logs at DEBUG."""
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    root = logging.getLogger()
    names = ["", "openai", "anthropic", "httpx2", "httpcore2", "pydantic_ai", "cachewise", "asyncio"]
    levels = {name: logging.getLogger(name).level for name in names}
    root.addHandler(handler)
    for name in names:
        logging.getLogger(name).setLevel(logging.DEBUG)
    yield text
    root.removeHandler(handler)
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_the_key_goes_into_one_header_and_nothing_else(provider: ProviderName) -> None:
    async with Upstream(good(provider)) as upstream:
        await collect(build(endpoint(provider, upstream.url)), request(MODELS[provider]))
        sent = upstream.requests[0]
    holds = {name: value for name, value in sent.headers.items() if CANARY in value}
    assert holds == ({"x-api-key": CANARY} if provider == "anthropic" else {"authorization": f"Bearer {CANARY}"})
    assert CANARY.encode() not in sent.body
    assert CANARY not in sent.path
    assert "placeholder" not in repr(sent.headers)


ECHOES: dict[str, Script] = {
    "echoed in an error": [response(400, f'{{"error":{{"message":"no such key {CANARY}"}}}}'.encode())],
    "echoed in a page": [response(404, f"<html>{CANARY}</html>".encode(), content_type="text/html")],
    "refused": [response(401, b"{}")],
    "broken": [stream_head(), RESET],
    "echoed in a redirect": [response(302, headers={"location": f"/?key={CANARY}"})],
}


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("name", ECHOES)
async def test_no_fault_and_no_log_line_shows_the_key(name: str, provider: ProviderName, logged: io.StringIO) -> None:
    async with Upstream(ECHOES[name]) as upstream:
        built = build(endpoint(provider, upstream.url))
        last = (await collect(built, request(MODELS[provider], max_retries=0)))[-1]
        assert isinstance(last, Failed)
        shown = [repr(last), str(last.fault), repr(last.fault.data()), *traceback.format_exception(last.fault)]
        shown += [repr(built), repr(vars(built))]
        assert CANARY not in "".join(shown)
        assert last.fault.__cause__ is None
        assert last.fault.__context__ is None
    # The libraries log what a server sends, which is their own affair at DEBUG; what we add must not hold the key.
    ours = [line for line in logged.getvalue().splitlines() if "echoed" not in name or "Bearer" in line]
    assert CANARY not in "\n".join(ours)


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_no_object_of_an_sdk_holds_the_key(provider: ProviderName) -> None:
    """The SDKs' clients, options and exceptions live long; the copy of the request that holds the key does not."""
    async with Upstream(good(provider)) as upstream:
        built = build(endpoint(provider, upstream.url))
        assert [event async for event in built.stream(request(MODELS[provider]))]
        gc.collect()
        for thing in gc.get_objects():
            module = getattr(type(thing), "__module__", "")
            if module.split(".")[0] in ("openai", "anthropic", "pydantic_ai") and hasattr(thing, "__dict__"):
                assert CANARY not in [value for value in vars(thing).values() if isinstance(value, str)], module
        await built.aclose()


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_the_refusal_of_a_foreign_host_says_nothing_of_the_key(provider: ProviderName) -> None:
    async with Upstream(good(provider)) as upstream:
        built = build(endpoint(provider, upstream.url, bound_to="https://elsewhere.example"))
        with pytest.raises(ForbiddenHost) as caught:
            await collect(built, request(MODELS[provider]))
        assert CANARY not in "".join(traceback.format_exception(caught.value))
        assert upstream.connections == 0


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_the_environment_of_the_sdks_and_of_proxies_has_no_say(
    provider: ProviderName, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Upstream(good(provider)) as upstream, Upstream(good(provider)) as thief:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, thief.url)
        for name in ("OPENAI_BASE_URL", "ANTHROPIC_BASE_URL", "OPENROUTER_BASE_URL"):
            monkeypatch.setenv(name, thief.url)
        for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "OPENROUTER_API_KEY"):
            monkeypatch.setenv(name, "sk-of-the-environment")
        monkeypatch.setenv("ANTHROPIC_CUSTOM_HEADERS", "x-stray: 1\nAuthorization: Bearer stray")
        monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "x-stray: 1")
        monkeypatch.setenv("OPENAI_ORG_ID", "org-1")
        monkeypatch.setenv("OPENROUTER_APP_URL", "https://stray.example")
        await collect(build(endpoint(provider, upstream.url)), request(MODELS[provider]))
        headers = upstream.requests[0].headers
        assert thief.connections == 0
    assert "sk-of-the-environment" not in repr(headers)
    assert "stray" not in repr(headers)
    assert ("openai-organization" in headers) == (provider == "openai")
    assert not any(name.startswith("x-stainless") for name in headers)
    assert headers["user-agent"].startswith("cachewise/")


async def test_headers_of_the_user_file_go_out() -> None:
    async with Upstream(good("local")) as upstream:
        target = endpoint("local", upstream.url, key=None, headers={"X-Team": "blue", "Authorization": "Basic abc"})
        await collect(build(target), request(MODELS["local"]))
        headers = upstream.requests[0].headers
    assert (headers["x-team"], headers["authorization"]) == ("blue", "Basic abc")


@pytest.mark.parametrize("suffix", ["", "/", "/v1", "/v1/"])
async def test_an_anthropic_base_url_may_end_in_v1(suffix: str) -> None:
    async with Upstream(good("anthropic")) as upstream:
        target = endpoint("anthropic", upstream.url + suffix)
        await collect(build(target), request(MODELS["anthropic"]))
        assert upstream.requests[0].path.partition("?")[0] == "/v1/messages"


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_proxy_gets_the_name_of_the_host_and_no_more(provider: ProviderName) -> None:
    heard: list[bytes] = []

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as proxy:
        address = f"http://127.0.0.1:{proxy.sockets[0].getsockname()[1]}"
        target = replace(endpoint(provider, "https://models.example.com"), proxy=address)
        last = (await collect(build(target), request(MODELS[provider], max_retries=0)))[-1]
    assert isinstance(last, Failed)
    assert f"through the proxy at {address}" in last.fault.sentence
    [asked] = heard
    assert asked.startswith(b"CONNECT models.example.com:443 HTTP/1.1\r\n")
    assert CANARY.encode() not in asked
    assert b"authorization" not in asked.lower()

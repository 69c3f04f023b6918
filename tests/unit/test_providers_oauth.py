"""Signing in to OpenRouter: the challenge, the exchange and its faults, and the page that the browser comes back to."""

from __future__ import annotations

import asyncio
import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from cachewise.cli.callback import Callback, listening
from cachewise.faults import RequestFailed
from cachewise.providers.oauth import SignIn, begin, exchange
from support.oauth_server import KEY, SignInServer, sign_in_server


@pytest.fixture
def server() -> Iterator[SignInServer]:
    with sign_in_server() as server:
        yield server


def signed_in(server: SignInServer) -> tuple[SignIn, str]:
    """An attempt whose user has signed in, and the code."""
    attempt = begin(server.base_url, None)
    return attempt, server.issue(parse_qs(urlsplit(attempt.url).query))


@pytest.mark.parametrize("callback", [None, "http://localhost:5000/x"])
def test_the_page(callback: str | None) -> None:
    attempt = begin("https://openrouter.ai/api/v1", callback)
    target = urlsplit(attempt.url)
    query = parse_qs(target.query)
    assert f"{target.scheme}://{target.netloc}{target.path}" == "https://openrouter.ai/auth"
    assert attempt.keys_url == "https://openrouter.ai/api/v1/auth/keys"
    digest = urlsafe_b64encode(hashlib.sha256(attempt.verifier.encode()).digest()).rstrip(b"=").decode()
    assert query["code_challenge"] == [digest]
    assert query.get("callback_url") == (None if callback is None else [callback])
    assert attempt.verifier not in attempt.url + repr(attempt)
    assert 43 <= len(attempt.verifier) <= 128
    assert begin("https://openrouter.ai/api/v1", callback).verifier != attempt.verifier


async def test_a_code_becomes_a_key_once(server: SignInServer) -> None:
    attempt, code = signed_in(server)
    assert await exchange(attempt, f" {code}\n") == KEY
    with pytest.raises(RequestFailed, match="not accepted"):
        await exchange(attempt, code)


async def test_the_code_of_another_attempt_is_worth_nothing(server: SignInServer) -> None:
    _, code = signed_in(server)
    with pytest.raises(RequestFailed, match="not accepted"):
        await exchange(begin(server.base_url, None), code)


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        ((500, b""), "status 500"),
        ((302, b"http://127.0.0.1:9/"), "status 302"),
        ((200, b"<html>"), "no key"),
        ((200, b"\xff"), "no key"),
        ((200, b"[]"), "no key"),
        ((200, b'{"key": 5}'), "no key"),
        ((200, b'{"key": " "}'), "no key"),
        ((200, b'{"key": "two words"}'), "no key"),
        ((200, b'{"key": "' + b"x" * 100_000 + b'"}'), "no key"),
    ],
    ids=["broken", "redirect", "page", "no text", "list", "number", "blank", "odd", "endless"],
)
async def test_answers_that_are_no_key(server: SignInServer, reply: tuple[int, bytes], words: str) -> None:
    attempt, code = signed_in(server)
    server.reply = reply
    with pytest.raises(RequestFailed, match=words) as error:
        await exchange(attempt, code)
    assert code not in error.value.sentence
    assert attempt.verifier not in error.value.sentence


async def test_nobody_there(unused_tcp_port: int) -> None:
    with pytest.raises(RequestFailed, match="could not be reached"):
        await exchange(begin(f"http://127.0.0.1:{unused_tcp_port}/api/v1", None), "code")


async def visit(callback: Callback, line: str) -> bytes:
    """What the callback answers to a request."""
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(callback.url).port)
    writer.write(line.replace("PATH", callback.path).encode() + b"\r\nHost: localhost\r\n\r\n")
    reply = await reader.read()
    writer.close()
    await writer.wait_closed()
    return reply


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("GET PATH?code=wanted HTTP/1.1", b"200"),
        ("GET PATH HTTP/1.1", b"400"),
        ("GET PATH?code=a&code=b HTTP/1.1", b"400"),
        ("GET PATH?error=denied HTTP/1.1", b"400"),
        ("GET /?code=wanted HTTP/1.1", b"404"),
        ("GET PATHx?code=wanted HTTP/1.1", b"404"),
        ("POST PATH?code=wanted HTTP/1.1", b"404"),
        ("", b"404"),
    ],
)
async def test_only_the_one_path_takes_a_code(line: str, status: bytes) -> None:
    async with listening() as callback:
        reply = await visit(callback, line)
        assert reply.startswith(b"HTTP/1.1 " + status)
        assert callback.code.done() == (status == b"200")
        assert b"wanted" not in reply.partition(b"\r\n\r\n")[2]


async def test_the_first_code_counts_and_garbage_does_no_harm() -> None:
    async with listening() as callback:
        _, writer = await asyncio.open_connection("127.0.0.1", urlsplit(callback.url).port)
        writer.write(b"x" * 20_000)
        writer.close()
        for code in ("first", "second"):
            await visit(callback, f"GET PATH?code={code} HTTP/1.1")
        assert await callback.code == "first"

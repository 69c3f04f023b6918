"""Framing: which bodies and refusals come out of which bytes, however they are cut."""

from __future__ import annotations

import asyncio
import os
import tracemalloc
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cachewise.lsp.errors import INVALID_REQUEST, PARSE_ERROR
from cachewise.lsp.messages import Refused
from cachewise.lsp.wire import (
    MAX_BODY,
    MAX_HEADERS,
    MAX_LINE,
    Frame,
    Framer,
    is_browser,
    read_fd,
    read_stream,
)

GOOD = b'Content-Length: 8\r\n\r\n{"a": 1}'
BODY = b'{"a": 1}'
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A busy machine is no failure."""


def outcome(frames: list[Frame]) -> list[Any]:
    """Bodies as they are, refusals by their code."""
    return [frame.code if isinstance(frame, Refused) else frame for frame in frames]


def feed(stream: bytes, size: int) -> list[Any]:
    framer = Framer()
    frames: list[Frame] = []
    for start in range(0, len(stream), size):
        frames += framer.feed(stream[start : start + size])
    return outcome(frames)


def check(stream: bytes, expected: list[Any]) -> None:
    for size in (len(stream), 1, 7, 4096):
        assert feed(stream, size) == expected, f"in chunks of {size}"


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        pytest.param(GOOD, [BODY], id="plain"),
        pytest.param(GOOD * 3, [BODY] * 3, id="three in a row"),
        pytest.param(b"content-length: 8\r\n\r\n" + BODY, [BODY], id="lower case"),
        pytest.param(b"CONTENT-LENGTH:8\r\n\r\n" + BODY, [BODY], id="upper case and no blank"),
        pytest.param(b"Content-Length \t:  8  \r\n\r\n" + BODY, [BODY], id="blanks around"),
        pytest.param(b"Content-Length: 8\n\n" + BODY, [BODY], id="bare line feeds"),
        pytest.param(b"Content-Type: x; charset=utf-8\r\nContent-Length: 8\r\n\r\n" + BODY, [BODY], id="type first"),
        pytest.param(b"Content-Length: 8\r\nX-Other: \xff\r\n\r\n" + BODY, [BODY], id="unknown header after"),
        pytest.param(b"Content-Length: 0\r\n\r\n" + GOOD, [b"", BODY], id="empty body"),
        pytest.param(b"\r\n\r\n" + GOOD + b"\r\n" + GOOD, [BODY, BODY], id="empty lines between messages"),
        pytest.param(b"Content-Length: 8\r\nContent-Length: 8\r\n\r\n" + BODY, [BODY], id="the same length twice"),
        pytest.param(b"Content-Length: 0008\r\n\r\n" + BODY, [BODY], id="leading zeros"),
        pytest.param(GOOD[:-1], [], id="unfinished body"),
        pytest.param(GOOD[:9], [], id="unfinished header"),
    ],
)
def test_messages(stream: bytes, expected: list[Any]) -> None:
    check(stream, expected)


@pytest.mark.parametrize(
    ("broken", "codes"),
    [
        pytest.param(b"Content-Length: x\r\n\r\n", [PARSE_ERROR], id="length is no number"),
        pytest.param(b"Content-Length: -5\r\n\r\n", [PARSE_ERROR], id="negative length"),
        pytest.param(b"Content-Length: 1_0\r\n\r\n", [PARSE_ERROR], id="length that only Python takes"),
        pytest.param(b"Content-Length:\r\n\r\n", [PARSE_ERROR], id="no length"),
        pytest.param("Content-Length: ٣\r\n\r\n".encode(), [PARSE_ERROR], id="arabic digits"),
        pytest.param(b"Content-Length: 67108865\r\n\r\n", [INVALID_REQUEST], id="one byte too many"),
        pytest.param(b"Content-Length: 999999999999999\r\n\r\n", [INVALID_REQUEST], id="a petabyte"),
        pytest.param(b"Content-Length: " + b"9" * 26 + b"\r\n\r\n", [INVALID_REQUEST], id="beyond 64 bits"),
        pytest.param(b"Content-Length: " + b"9" * 6000 + b"\r\n\r\n", [INVALID_REQUEST], id="beyond Python's digits"),
        pytest.param(b"X-Other: 1\r\n\r\n", [PARSE_ERROR], id="no Content-Length at all"),
        pytest.param(b"no header\r\n\r\n", [PARSE_ERROR], id="no colon"),
        pytest.param(b"\xff\xfe: 1\r\n\r\n", [PARSE_ERROR], id="no header name"),
        pytest.param(b'{"jsonrpc":"2.0","method":"x"}\n', [PARSE_ERROR], id="a body without headers"),
        pytest.param(b"a: " + b"x" * MAX_LINE + b"\r\n\r\n", [PARSE_ERROR], id="a line too long"),
        pytest.param(b"x" * 100_000, [PARSE_ERROR], id="100 KB without a line end"),
        pytest.param(b"a: 1\r\n" * (MAX_HEADERS // 6 + 1) + b"\r\n", [PARSE_ERROR], id="too many lines"),
        pytest.param(b"Content-Length: 3\r\n\r\n" + b'{"too": "long"}', [b'{"t', PARSE_ERROR], id="length too small"),
        pytest.param(b"garbage", [PARSE_ERROR], id="garbage joined to the next header"),
    ],
)
def test_after_a_refusal_the_next_message_is_read(broken: bytes, codes: list[Any]) -> None:
    check(broken + GOOD + GOOD, [*codes, BODY, BODY])


def test_two_lengths_are_refused_once_and_read_on() -> None:
    # What follows is read by the second length; a refusal has told the client that something is wrong.
    check(b"Content-Length: 5\r\nContent-Length: 8\r\n\r\n" + BODY + GOOD, [PARSE_ERROR, BODY, BODY])


def test_text_in_a_skipped_message_is_not_mistaken_for_a_header() -> None:
    inner = rb'{"text": "Content-Length: 8\r\n\r\n{\"a\": 2}"}'
    check(b"Content-Length: 99999999\r\n\r\n" + inner + GOOD, [INVALID_REQUEST, BODY])


def test_a_body_of_the_greatest_length_is_read() -> None:
    framer = Framer()
    assert framer.feed(b"Content-Length: %d\r\n\r\n" % MAX_BODY) == []
    piece = b" " * (MAX_BODY // 64)
    frames: list[Frame] = []
    for _ in range(64):
        frames += framer.feed(piece)
    assert [len(frame) for frame in frames if isinstance(frame, bytes)] == [MAX_BODY]


@pytest.mark.parametrize(
    "start",
    [
        pytest.param(b"", id="200 MB without a line end"),
        pytest.param(b"Content-Length: 999999999999999\r\n\r\n", id="200 MB after a false length"),
        pytest.param(b"Content-Length: 0\r\n\r\n" * 10 + b"x", id="after good messages"),
    ],
)
def test_refusing_takes_no_memory(start: bytes) -> None:
    framer = Framer()
    framer.feed(start)
    piece = b"x" * 65536
    tracemalloc.start()
    try:
        for _ in range(200 * 16):
            framer.feed(piece)
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000
    assert outcome(framer.feed(b"\r\n" + GOOD)) == [BODY]


HEADERISH = st.sampled_from(
    [
        GOOD,
        b"Content-Length: ",
        b"content-length: 8\r\n",
        b"\r\n",
        b"\n",
        b"8",
        b":",
        b"{}",
        b"Content-Length: 2\r\n\r\n{}",
    ]
)
STREAMS = st.lists(st.one_of(HEADERISH, st.binary(max_size=20)), max_size=30).map(b"".join)


@UNHURRIED
@given(stream=STREAMS, cuts=st.lists(st.integers(1, 40), min_size=1, max_size=20))
def test_cutting_the_stream_changes_nothing(stream: bytes, cuts: list[int]) -> None:
    framer = Framer()
    frames: list[Frame] = []
    rest, turn = stream, 0
    while rest:
        size = cuts[turn % len(cuts)]
        frames += framer.feed(rest[:size])
        rest, turn = rest[size:], turn + 1
    assert outcome(frames) == feed(stream, max(1, len(stream)))


@UNHURRIED
@given(stream=STREAMS, bodies=st.lists(st.binary(max_size=50), min_size=1, max_size=5))
def test_messages_are_read_again_after_any_garbage(stream: bytes, bodies: list[bytes]) -> None:
    good = b"".join(b"Content-Length: %d\r\n\r\n%s" % (len(body), body) for body in bodies)
    # A body that the garbage announced may swallow what follows; it is no longer than the longest number in it.
    lengths = [int(digits) for digits in _numbers(stream) if len(digits) <= 4]
    # Two more line ends may be needed to end its headers.
    padding = b"\n" * (max(lengths, default=0) + 3)
    if any(len(digits) > 4 for digits in _numbers(stream)):
        return
    assert feed(stream + padding + good, 4096)[-len(bodies) :] == bodies


def _numbers(stream: bytes) -> list[bytes]:
    digits = bytes(byte if 48 <= byte <= 57 else 32 for byte in stream)
    return digits.split()


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        (b"GET / HTTP/1.1", True),
        (b"POST ", True),
        (b"OPTIONS *", True),
        (b"PRI * HTTP/2.0", True),
        (b"P", None),
        (b"", None),
        (b"GET", None),
        (b"GETTING: 1", False),
        (b"Content-Length", False),
        (b"C", None),  # CONNECT
        (b"\x16\x03\x01", False),
    ],
)
def test_browsers_are_known_by_their_first_bytes(first: bytes, expected: bool | None) -> None:
    assert is_browser(first) is expected


async def collect(frames: AsyncIterator[Frame]) -> list[Any]:
    return outcome([frame async for frame in frames])


async def test_reading_a_descriptor_until_its_end() -> None:
    reading, writing = os.pipe()
    frames = asyncio.create_task(collect(read_fd(reading)))
    await asyncio.to_thread(os.write, writing, GOOD + b"Content-Length: x\r\n\r\n" + GOOD + GOOD[:-1])
    os.close(writing)
    assert await asyncio.wait_for(frames, 10) == [BODY, PARSE_ERROR, BODY]
    os.close(reading)


async def test_reading_a_non_blocking_descriptor() -> None:
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    frames = read_fd(reading)
    first: asyncio.Future[Frame] = asyncio.ensure_future(anext(frames))
    await asyncio.sleep(0)
    os.write(writing, GOOD)
    assert await asyncio.wait_for(first, 10) == BODY
    os.close(writing)
    assert await asyncio.wait_for(collect(frames), 10) == []
    os.close(reading)


async def test_a_descriptor_is_not_read_faster_than_messages_are_handled() -> None:
    reading, writing = os.pipe()
    body = b"x" * 1_000_000
    message = b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
    written = 0

    def write() -> None:
        nonlocal written
        for _ in range(30):
            view = memoryview(message)
            while view:
                view = view[os.write(writing, view) :]
            written += 1
        os.close(writing)

    frames = read_fd(reading)
    writer = asyncio.create_task(asyncio.to_thread(write))
    assert await asyncio.wait_for(anext(frames), 10) == body
    # Only one message was taken: the rest stays with the client beyond a fixed number of bytes.
    last = -1
    while written != last:
        last = written
        await asyncio.wait([writer], timeout=0.2)
    assert written < 15
    assert len(await asyncio.wait_for(collect(frames), 20)) == 29
    await writer
    os.close(reading)


async def test_reading_a_stream_until_its_end() -> None:
    reader = asyncio.StreamReader()
    reader.feed_data(GOOD[5:] + b"junk" + GOOD)
    reader.feed_eof()
    assert await collect(read_stream(reader, GOOD[:5])) == [BODY, PARSE_ERROR, BODY]


async def test_a_broken_connection_is_an_end() -> None:
    reader = asyncio.StreamReader()
    reader.set_exception(ConnectionResetError())
    assert await collect(read_stream(reader)) == []

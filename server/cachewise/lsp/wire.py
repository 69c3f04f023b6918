"""Reading the wire: bytes become message bodies, whatever the client sends and in whatever pieces.

`Framer` does the work and knows no I/O; `read_fd` feeds it from a file descriptor on a thread of its own (one hop to
the event loop per chunk, not per header line), `read_stream` from an asyncio stream.

Limits: a header line 8 KiB, a header block 16 KiB, a body 64 MiB. Nothing is allocated before it has arrived. What
breaks a limit, or is no header, is answered with an error under a null id; then the reader drops bytes until it sees
`Content-Length: <digits>` at the end of a line, and reads on from there. Text inside a JSON message can't be mistaken
for that: JSON escapes line ends within strings, and outside of strings the words would not be JSON. So the rest of an
oversized message is skipped without being kept, and one bad message costs no other.

Not here: what the bodies mean (`messages.py`), writing (`outbox.py`).
"""

from __future__ import annotations

import asyncio
import os
import re
import select
import threading
from collections import deque
from collections.abc import AsyncIterator

from cachewise.lsp.errors import INVALID_REQUEST, PARSE_ERROR
from cachewise.lsp.messages import Refused

MAX_LINE = 8 * 1024
MAX_HEADERS = 16 * 1024
MAX_BODY = 64 * 1024 * 1024
CHUNK = 64 * 1024
BACKLOG = 2 * 1024 * 1024
"""Bytes of complete messages that may wait for the event loop before the reading thread pauses."""

_NEXT_HEADER = re.compile(rb"content-length:[ \t]{0,8}\d{1,8}[ \t]{0,8}\r?\n", re.IGNORECASE)
_LONGEST_HEADER = 48
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_DIGITS = re.compile(rb"\d{1,8}")
_HTTP = tuple(b"GET ,POST ,HEAD ,PUT ,OPTIONS ,CONNECT ,DELETE ,PATCH ,TRACE ,PRI * ".split(b","))

Frame = bytes | Refused


class Framer:
    """Cuts a stream of bytes into bodies. The result does not depend on how the stream is cut into chunks."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._scanned = 0
        """Where in the buffer the next header line starts."""
        self._length: int | None = None
        """The Content-Length of the header block being read."""
        self._in_body = False
        self._seeking = False

    def feed(self, data: bytes) -> list[Frame]:
        """Takes more bytes; returns the bodies and refusals that they complete, in order."""
        self._buffer += data
        frames: list[Frame] = []
        while True:
            if self._seeking and not self._seek():
                return frames
            if self._in_body:
                body = self._take_body()
                if body is None:
                    return frames
                frames.append(body)
            else:
                fault = self._read_headers()
                if fault is not None:
                    frames.append(fault)
                elif not self._in_body:
                    return frames

    def _take_body(self) -> bytes | None:
        assert self._length is not None
        if len(self._buffer) < self._length:
            return None
        body = bytes(memoryview(self._buffer)[: self._length])
        del self._buffer[: self._length]
        self._in_body, self._length = False, None
        return body

    def _read_headers(self) -> Refused | None:
        """Reads header lines until the block is complete, the bytes run out, or something is wrong."""
        while True:
            end = self._buffer.find(b"\n", self._scanned, self._scanned + MAX_LINE)
            if end < 0:
                if len(self._buffer) - self._scanned >= MAX_LINE:
                    return self._resync(PARSE_ERROR, "A header line is longer than 8 KiB.")
                return None
            line = bytes(self._buffer[self._scanned : end]).rstrip(b"\r")
            if end + 1 > MAX_HEADERS:
                return self._resync(PARSE_ERROR, "The headers of a message are longer than 16 KiB.")
            if line:
                fault = self._read_line(line)
                if fault is not None:
                    return self._resync(*fault)
                self._scanned = end + 1
            elif self._scanned == 0:
                del self._buffer[: end + 1]  # an empty line between two messages
            elif self._length is None:
                return self._resync(PARSE_ERROR, "A message has no Content-Length.")
            else:
                del self._buffer[: end + 1]
                self._scanned, self._in_body = 0, True
                return None

    def _read_line(self, line: bytes) -> tuple[int, str] | None:
        name, colon, value = line.partition(b":")
        if not colon or not _NAME.fullmatch(name.strip()):
            return PARSE_ERROR, "Expected a header line."
        if name.strip().lower() != b"content-length":
            return None
        value = value.strip()
        if not value.isdigit():
            return PARSE_ERROR, "The Content-Length is not a number of bytes."
        if not _DIGITS.fullmatch(value) or int(value) > MAX_BODY:
            return INVALID_REQUEST, "The message is longer than 64 MiB."
        if self._length not in (None, int(value)):
            return PARSE_ERROR, "A message has two different Content-Lengths."
        self._length = int(value)
        return None

    def _resync(self, code: int, sentence: str) -> Refused:
        # One byte further than where this block began: whatever is found next is progress.
        del self._buffer[:1]
        self._scanned, self._length, self._seeking = 0, None, True
        return Refused(code, sentence)

    def _seek(self) -> bool:
        """Drops bytes up to the next Content-Length; False if it has not arrived yet."""
        found = _NEXT_HEADER.search(self._buffer)
        if found is None:
            del self._buffer[:-_LONGEST_HEADER]
            return False
        start = found.start()
        del found  # it holds the buffer, which could not be resized
        del self._buffer[:start]
        self._seeking = False
        return True


def is_browser(first: bytes) -> bool | None:
    """Whether a connection's first bytes are those of a web browser; None if more are needed to tell."""
    if first.startswith(_HTTP):
        return True
    return None if any(method.startswith(first) for method in _HTTP) else False


async def read_stream(reader: asyncio.StreamReader, first: bytes = b"") -> AsyncIterator[Frame]:
    """The frames of a TCP connection, until its end. `first` was read from it already."""
    framer = Framer()
    data = first
    while True:
        for frame in framer.feed(data):
            yield frame
        try:
            data = await reader.read(CHUNK)
        except ConnectionError:
            return
        if not data:
            return


async def read_fd(fd: int) -> AsyncIterator[Frame]:
    """The frames that arrive at a file descriptor, until its end. The thread that reads it is a daemon."""
    inbox = _Inbox(asyncio.get_running_loop())
    threading.Thread(target=inbox.fill, args=(fd,), name="cachewise-reader", daemon=True).start()
    while (frame := await inbox.get()) is not None:
        yield frame


class _Inbox:
    """What the reading thread has read and the event loop has not yet handled."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._frames: deque[Frame | None] = deque()
        self._arrived = asyncio.Event()
        self._room = threading.Condition()
        self._waiting = 0

    def fill(self, fd: int) -> None:
        """Reads until the end. Runs in the reading thread."""
        framer = Framer()
        while data := _read(fd):
            frames = framer.feed(data)
            if frames and not self._hand_over([*frames]):
                return
        self._hand_over([None])

    async def get(self) -> Frame | None:
        """The next frame; None at the end."""
        while not self._frames:
            self._arrived.clear()
            await self._arrived.wait()
        frame = self._frames.popleft()
        with self._room:
            self._waiting -= _size(frame)
            self._room.notify()
        return frame

    def _hand_over(self, frames: list[Frame | None]) -> bool:
        with self._room:
            self._waiting += sum(map(_size, frames))
        try:
            self._loop.call_soon_threadsafe(self._deliver, frames)
        except RuntimeError:  # the loop is closed: the server has ended
            return False
        with self._room:
            while self._waiting > BACKLOG:
                self._room.wait()
        return True

    def _deliver(self, frames: list[Frame | None]) -> None:
        self._frames.extend(frames)
        self._arrived.set()


def _size(frame: Frame | None) -> int:
    return len(frame) if isinstance(frame, bytes) else 100


def _read(fd: int) -> bytes:
    """The next bytes of a descriptor; empty at its end, and where reading has become impossible."""
    while True:
        try:
            return os.read(fd, CHUNK)
        except BlockingIOError:  # the client handed over a non-blocking pipe
            select.select([fd], [], [])
        except OSError:
            return b""

"""A provider of raw bytes on the loopback: it answers each request with the next script, and records what it was sent.

A script is a list of steps: bytes to send as they are, an `Act`, or an `Until`. The helpers make the bytes of real
answers, so that a test can also leave out, cut or garble any of them.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from socket import SO_LINGER, SOL_SOCKET
from types import TracebackType
from typing import Any


class Act(Enum):
    """What a script does besides sending bytes."""

    HOLD = "send nothing until the client closes the connection"
    RESET = "break the connection off with a TCP reset"
    CLOSE = "close the connection"


HOLD, RESET, CLOSE = Act.HOLD, Act.RESET, Act.CLOSE


@dataclass(frozen=True)
class Until:
    """Send nothing until the event is set."""

    event: asyncio.Event


Step = bytes | Act | Until
Script = Sequence[Step]


@dataclass(frozen=True)
class Received:
    """One request as it came over the wire. Header names are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Upstream:
    """`async with Upstream(script, ...) as upstream`: the last script is used again for every further request."""

    def __init__(self, *scripts: Script) -> None:
        self._scripts = list(scripts)
        self._server: asyncio.Server | None = None
        self._changed = asyncio.Condition()
        self.requests: list[Received] = []
        self.connections = 0
        self.gone = 0
        """How many connections the client has closed while a script was held."""
        self.url = ""

    async def __aenter__(self) -> Upstream:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=1 << 24)
        port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        if hasattr(self._server, "close_clients"):
            self._server.close_clients()
        await asyncio.wait_for(self._server.wait_closed(), 5)

    async def until_requested(self, count: int = 1) -> None:
        """Wait for the given number of requests."""
        await self._until(lambda: len(self.requests) >= count)

    async def until_gone(self, count: int = 1) -> None:
        """Wait until the client has closed that many held connections."""
        await self._until(lambda: self.gone >= count)

    async def _until(self, reached: Any) -> None:
        async with self._changed:
            await asyncio.wait_for(self._changed.wait_for(reached), 5)

    async def _note(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while (request := await _read(reader)) is not None:
                script = self._scripts[min(len(self.requests), len(self._scripts) - 1)]
                self.requests.append(request)
                await self._note()
                if not await self._play(script, reader, writer):
                    return
        except (ConnectionError, asyncio.IncompleteReadError):
            self.gone += 1
            await self._note()
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _play(self, script: Script, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Run a script; whether the connection can take another request."""
        for step in script:
            if isinstance(step, bytes):
                writer.write(step)
                await writer.drain()
            elif isinstance(step, Until):
                await step.event.wait()
            elif step is HOLD:
                await reader.read(1)
                self.gone += 1
                await self._note()
                return False
            elif step is RESET:
                # Closing with a linger time of zero makes the kernel send RST in place of FIN.
                writer.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
                writer.transport.abort()
                return False
            else:
                return False
        return True


async def _read(reader: asyncio.StreamReader) -> Received | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("latin-1").rstrip().split("\r\n")
    method, path, _ = first.split(" ")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Received(method, path, headers, body)


def response(
    status: int, body: bytes = b"", *, content_type: str = "application/json", headers: Mapping[str, str] | None = None
) -> bytes:
    """A whole response."""
    more = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
    head = f"HTTP/1.1 {status} X\r\ncontent-type: {content_type}\r\ncontent-length: {len(body)}\r\n{more}\r\n"
    return head.encode() + body


def stream_head(*, headers: Mapping[str, str] | None = None) -> bytes:
    """The head of a streamed response."""
    more = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
    return f"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n{more}\r\n".encode()


def piece(data: bytes) -> bytes:
    """Some bytes of a streamed response."""
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


END = b"0\r\n\r\n"
DONE = piece(b"data: [DONE]\n\n") + END
COMMENT = piece(b": OPENROUTER PROCESSING\n\n")


def data(value: Any, *, event: str | None = None) -> bytes:
    """One server-sent event with a JSON value."""
    name = f"event: {event}\n" if event else ""
    return piece(f"{name}data: {json.dumps(value)}\n\n".encode())


def chat(text: str = "", *, finish: str | None = None, usage: Mapping[str, Any] | None = None, **more: Any) -> bytes:
    """One chunk of a chat completion, as OpenAI and OpenRouter send them."""
    chunk: dict[str, Any] = {
        "id": "gen-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "delta": {"role": "assistant", "content": text}, "finish_reason": finish}],
        **more,
    }
    if usage is not None:
        chunk["usage"] = dict(usage)
    return data(chunk)


def chat_answer(texts: Iterable[str], *, usage: Mapping[str, Any] | None = None, finish: str = "stop") -> list[Step]:
    """A whole good chat completion, with the usage in a chunk without choices, if any."""
    steps: list[Step] = [stream_head(headers={"x-generation-id": "gen-1"}), COMMENT]
    steps += [chat(text) for text in texts]
    steps.append(chat(finish=finish))
    if usage is not None:
        steps.append(chat(usage=usage, choices=[]))
    return [*steps, DONE]


ANTHROPIC_USAGE = {
    "input_tokens": 500,
    "cache_creation_input_tokens": 1500,
    "cache_read_input_tokens": 10000,
    "cache_creation": {"ephemeral_5m_input_tokens": 1000, "ephemeral_1h_input_tokens": 500},
    "output_tokens": 1,
}


def message_start(usage: Mapping[str, Any] = ANTHROPIC_USAGE) -> bytes:
    """The first event of an Anthropic stream."""
    message: dict[str, Any] = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": dict(usage),
    }
    return data({"type": "message_start", "message": message}, event="message_start")


def block_start() -> bytes:
    """The start of a text block."""
    block = {"type": "text", "text": ""}
    return data({"type": "content_block_start", "index": 0, "content_block": block}, event="content_block_start")


def block_delta(text: str) -> bytes:
    """Some text of an Anthropic stream."""
    delta = {"type": "text_delta", "text": text}
    return data({"type": "content_block_delta", "index": 0, "delta": delta}, event="content_block_delta")


def message_end(output: int, reason: str = "end_turn") -> bytes:
    """The last events of an Anthropic stream."""
    delta = {"stop_reason": reason, "stop_sequence": None}
    return (
        data({"type": "content_block_stop", "index": 0}, event="content_block_stop")
        + data({"type": "message_delta", "delta": delta, "usage": {"output_tokens": output}}, event="message_delta")
        + data({"type": "message_stop"}, event="message_stop")
        + END
    )


def anthropic_answer(texts: Sequence[str], *, usage: Mapping[str, Any] = ANTHROPIC_USAGE) -> list[Step]:
    """A whole good Anthropic message."""
    deltas = [block_delta(text) for text in texts]
    return [stream_head(), message_start(usage), block_start(), *deltas, message_end(len(texts))]

"""A small HTTP/1.1 server on the loopback interface: just what a provider's simulator needs.

Built on `asyncio.Protocol`, so that a client's leaving is noticed at once, whatever the handler is waiting for.
Not here: the format (`http_format.py`), TLS, and pipelining (later requests of a connection wait for their turn).
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from cachewise.simulator.http_format import Request, head_of, take_request


class ClientGone(Exception):
    """The client closed the connection while its request was being answered."""


class Exchange:
    """One request and the ways to answer it. Every way raises `ClientGone` once the client left."""

    def __init__(self, connection: _Connection, request: Request) -> None:
        self._connection = connection
        self.request = request
        self.answered = False

    @property
    def gone_at(self) -> float | None:
        """When the client left, by `time.monotonic`; None while it is here."""
        return self._connection.gone_at

    async def respond(self, status: int, value: Any, headers: Mapping[str, str] | None = None) -> None:
        """Answer with a JSON value."""
        data = json.dumps(value, separators=(",", ":")).encode()
        fields = {"content-type": "application/json", "content-length": str(len(data)), **(headers or {})}
        await self._send(head_of(status, fields) + data)

    async def open_stream(self, headers: Mapping[str, str]) -> None:
        """Send the head of a server-sent event stream."""
        fields = {"content-type": "text/event-stream", "cache-control": "no-cache", "transfer-encoding": "chunked"}
        await self._send(head_of(200, {**fields, **headers}))

    async def send(self, data: bytes) -> None:
        """Send one piece of the stream."""
        if data:
            await self._send(b"%x\r\n%b\r\n" % (len(data), data))

    async def close_stream(self) -> None:
        """End the stream in good order."""
        await self._send(b"0\r\n\r\n")

    async def sleep(self, seconds: float | None) -> None:
        """Wait, but no longer than the client does. None waits until it leaves."""
        if seconds == 0:
            await asyncio.sleep(0)
        else:
            try:
                async with asyncio.timeout(seconds):
                    await self._connection.gone.wait()
            except TimeoutError:
                pass
        self._check()

    def reset(self) -> None:
        """Drop the connection with a TCP reset."""
        self._connection.reset()

    async def _send(self, data: bytes) -> None:
        self._check()
        self.answered = True
        await self._connection.write(data)
        self._check()

    def _check(self) -> None:
        if self._connection.gone.is_set():
            raise ClientGone


Handler = Callable[[Exchange], Awaitable[None]]


class HttpServer:
    """Listens on 127.0.0.1 and calls `handler` for each request, in a task that dies with its connection's server."""

    def __init__(self, handler: Handler, on_change: Callable[[], None]) -> None:
        self._handler = handler
        self._on_change = on_change
        self._connections: set[_Connection] = set()
        self._server: asyncio.Server | None = None
        self.port = 0

    @property
    def open_sockets(self) -> int:
        """How many client connections are open."""
        return len(self._connections)

    async def start(self, port: int) -> None:
        """Listen; port 0 takes a free one.

        Raises:
            OSError: The port is taken.
        """
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), "127.0.0.1", port, backlog=1024)
        self.port = self._server.sockets[0].getsockname()[1]

    async def aclose(self) -> None:
        """Stop listening, drop every connection and wait for the handlers to end."""
        if self._server is not None:
            self._server.close()
        tasks = [task for connection in list(self._connections) if (task := connection.drop()) is not None]
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._server is not None:
            await self._server.wait_closed()

    def opened(self, connection: _Connection) -> None:
        """A client connected."""
        self._connections.add(connection)
        self._on_change()

    def lost(self, connection: _Connection) -> None:
        """A connection ended."""
        self._connections.discard(connection)
        self._on_change()

    async def handle(self, exchange: Exchange) -> None:
        """Run the handler; a fault of the simulator itself becomes a 500 that says so."""
        try:
            await self._handler(exchange)
        except ClientGone:
            return
        except Exception as fault:
            if exchange.answered:
                exchange.reset()
                return
            message = f"The simulator failed: {type(fault).__name__}: {fault}"
            await exchange.respond(500, {"error": {"code": 500, "message": message}})


class _Connection(asyncio.Protocol):
    """One client connection: takes requests apart and runs them one after another."""

    def __init__(self, server: HttpServer) -> None:
        self._server = server
        self._received = bytearray()
        self._task: asyncio.Task[None] | None = None
        self._transport: asyncio.Transport | None = None
        self._writable = asyncio.Event()
        self._writable.set()
        self.gone = asyncio.Event()
        self.gone_at: float | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        sock = transport.get_extra_info("socket")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._server.opened(self)

    def data_received(self, data: bytes) -> None:
        self._received += data
        self._next()

    def eof_received(self) -> bool:
        self._mark_gone()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._mark_gone()
        self._server.lost(self)

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    async def write(self, data: bytes) -> None:
        assert self._transport is not None
        self._transport.write(data)
        await self._writable.wait()

    def reset(self) -> None:
        """Close so that the peer sees a reset: lingering is switched off first."""
        assert self._transport is not None
        sock = self._transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()

    def drop(self) -> asyncio.Task[None] | None:
        """Close at once; the task that is still running, if any."""
        if self._task is not None:
            self._task.cancel()
        if self._transport is not None:
            self._transport.abort()
        return self._task

    def _mark_gone(self) -> None:
        if not self.gone.is_set():
            self.gone_at = time.monotonic()
            self.gone.set()
            self._writable.set()

    def _next(self) -> None:
        """Start the next whole request, unless one is running."""
        if self._task is not None or self.gone.is_set():
            return
        assert self._transport is not None
        try:
            request = take_request(self._received)
        except ValueError as fault:
            data = json.dumps({"error": {"code": 400, "message": str(fault)}}).encode()
            self._transport.write(head_of(400, {"content-length": str(len(data)), "connection": "close"}) + data)
            self._transport.close()
            return
        if request is not None:
            self._task = asyncio.get_running_loop().create_task(self._server.handle(Exchange(self, request)))
            self._task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._task = None
        if not task.cancelled() and not self.gone.is_set():
            self._next()

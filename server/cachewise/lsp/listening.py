"""The client of a server that listens on a TCP address: the first connection that speaks the protocol.

A page in a browser can connect to any port of its own machine, so what begins like its requests is sent away. Not
here: whether an address may be listened on (`cli`), and what is done with the client (`server.py`).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

from cachewise.lsp.wire import is_browser

FIRST_BYTES_DEADLINE = 10.0
"""Seconds in which a TCP client must have said something."""

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter, bytes]
"""The two ways of a connection, and the bytes that were read from it already."""


async def first_client(
    host: str, port: int, on_listening: Callable[[str, int], None], ended: asyncio.Future[int]
) -> Connection | None:
    """The first connection that is not a browser's; None if the end comes first.

    Args:
        host: Checked by the caller.
        port: 0 lets the system choose.
        on_listening: Called with the address and port once clients can connect.
        ended: Done when the server is to end.

    Raises:
        OSError: The address can't be listened on.
    """
    seat: asyncio.Future[Connection] = asyncio.get_running_loop().create_future()

    async def arrive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = await _first_bytes(reader)
        if first is None or seat.done():
            writer.close()
        else:
            seat.set_result((reader, writer, first))

    listener = await asyncio.start_server(arrive, host, port)
    try:
        on_listening(*listener.sockets[0].getsockname()[:2])
        either: list[asyncio.Future[Any]] = [seat, ended]
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        return seat.result() if seat.done() else None
    finally:
        listener.close()


async def _first_bytes(reader: asyncio.StreamReader) -> bytes | None:
    """Enough of a connection's first bytes to know it is not a browser's; None if it is, or says nothing."""
    first = b""
    with contextlib.suppress(TimeoutError, ConnectionError):
        async with asyncio.timeout(FIRST_BYTES_DEADLINE):
            while data := await reader.read(16):
                first += data
                browser = is_browser(first)
                if browser is not None:
                    return None if browser else first
    return None

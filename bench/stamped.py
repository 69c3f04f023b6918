"""A provider whose tokens are the times at which they were sent, so that whoever receives one knows how old it is.

It speaks just enough of OpenRouter's streaming for the server to be content. It runs in the process that measures,
so both ends read the same clock.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from support.upstream import DONE, chat, stream_head

_USAGE = {"prompt_tokens": 5000, "completion_tokens": 10, "total_tokens": 5010, "cost": 0.001}


@asynccontextmanager
async def stamped_provider(tokens: int, pause: float) -> AsyncIterator[str]:
    """The base URL of a provider that answers each request with so many stamps, `pause` seconds apart."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                await reader.readexactly(int(head.split(b"content-length:")[1].split(b"\r\n")[0]))
                writer.write(stream_head(headers={"x-generation-id": "gen-1"}))
                for _ in range(tokens):
                    await asyncio.sleep(pause)
                    writer.write(chat(f"{time.perf_counter_ns()} "))
                writer.write(chat(finish="stop") + chat(usage=_USAGE, choices=[]) + DONE)
        writer.close()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0, limit=1 << 24)
    try:
        yield f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/api/v1"
    finally:
        listener.close()

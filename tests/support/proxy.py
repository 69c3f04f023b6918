"""A TCP proxy that makes a network bad on demand: late replies, replies that never come, cut connections."""

from __future__ import annotations

import asyncio
from contextlib import suppress


class Proxy:
    """Listens on a free loopback port and passes bytes to `target_port`, counting them in chunks. Use `async with`.

    `delay` holds every reply back for so many seconds; `cut_replies` closes the connection instead of passing the next
    replies on; `swallow` passes commands on and drops the replies.
    """

    def __init__(self, target_port: int) -> None:
        self.delay = 0.0
        self.cut_replies = 0
        self.swallow = False
        self.connections = 0
        self.commands = 0
        self.replies = 0
        self.port = 0
        self._target = target_port
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Proxy:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exc: object) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    def cut(self) -> None:
        """Close every connection now."""
        for writer in self._writers:
            writer.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        self._writers.add(writer)
        try:
            with suppress(OSError):
                out_reader, out_writer = await asyncio.open_connection("127.0.0.1", self._target)
                self._writers.add(out_writer)
                try:
                    forward = asyncio.create_task(self._forward(reader, out_writer))
                    await self._reply(out_reader, writer)
                    forward.cancel()
                    await asyncio.gather(forward, return_exceptions=True)
                finally:
                    out_writer.close()
                    self._writers.discard(out_writer)
        except asyncio.CancelledError:
            pass
        finally:
            writer.close()
            self._writers.discard(writer)
            self._tasks.discard(task)

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                self.commands += 1
                writer.write(data)
                await writer.drain()
            writer.close()

    async def _reply(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                if self.cut_replies > 0:
                    self.cut_replies -= 1
                    return
                if self.swallow:
                    continue
                if self.delay:
                    await asyncio.sleep(self.delay)
                self.replies += 1
                writer.write(data)
                await writer.drain()

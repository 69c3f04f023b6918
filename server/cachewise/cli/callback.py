"""Where a browser comes back to after signing in: one path on a loopback port that nobody can guess, for one code.

Not here: what the code is turned into (`providers/oauth.py`).
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

_PATIENCE = 10.0
"""Seconds for a browser to send its request."""
_LONGEST = 8 * 1024
_PAGE = """<!doctype html><meta charset="utf-8"><title>cachewise</title>
<p style="font-family: sans-serif; margin: 3em">{}</p>"""


@dataclass(slots=True)
class Callback:
    """The waiting end."""

    url: str = ""
    path: str = field(default_factory=lambda: f"/{secrets.token_urlsafe(16)}")
    code: asyncio.Future[str] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection. Anything but the expected request changes nothing."""
        try:
            async with asyncio.timeout(_PATIENCE):
                head = await reader.readuntil(b"\r\n\r\n")
                status, words = self._take(head.split(b"\r\n", 1)[0].decode("latin-1"))
                page = _PAGE.format(words).encode()
                writer.write(
                    f"HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(page)}\r\n"
                    "Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nConnection: close\r\n\r\n".encode()
                    + page
                )
                await writer.drain()
        except (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            pass  # no browser, or one that left
        finally:
            writer.close()

    def _take(self, request: str) -> tuple[str, str]:
        method, _, rest = request.partition(" ")
        target = urlsplit(rest.partition(" ")[0])
        codes = parse_qs(target.query).get("code", [])
        if method != "GET" or not secrets.compare_digest(target.path.encode(), self.path.encode()):
            return "404 Not Found", "There is nothing here."
        if len(codes) != 1:
            return "400 Bad Request", "There was no code in the answer. Start again with <code>cachewise login</code>."
        if not self.code.done():
            self.code.set_result(codes[0])
        return "200 OK", "You are signed in. You can close this page and go back to the terminal."


@asynccontextmanager
async def listening() -> AsyncIterator[Callback]:
    """Listen on a free loopback port."""
    callback = Callback()
    server = await asyncio.start_server(callback.serve, "127.0.0.1", 0, limit=_LONGEST)
    try:
        port = server.sockets[0].getsockname()[1]
        callback.url = f"http://localhost:{port}{callback.path}"
        yield callback
    finally:
        server.close()
        callback.code.cancel()

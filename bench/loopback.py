"""A provider that answers at once and says how long it took itself: `python bench/loopback.py`.

It speaks as much of OpenRouter's streaming and of Tabby's completions as the servers that are measured need. Prints its
origin as JSON, and ends when its input is closed. GET /times tells the seconds of all completions since the last look.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from support.upstream import DONE, chat, stream_head

_USAGE = {"prompt_tokens": 30_000, "completion_tokens": 12, "total_tokens": 30_012, "cost": 0.001}


class Loopback:
    """All answers are numbered, so that none is the same as the one before."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self._count = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, kept open."""
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                began = time.perf_counter()
                _method, path, _ = head.split(b" ", 2)
                for line in head.lower().split(b"\r\n"):
                    if line.startswith(b"content-length:"):
                        await reader.readexactly(int(line.split(b":")[1]))
                if path == b"/times":
                    writer.write(_json(self.times))
                    self.times = []
                elif path.endswith(b"/chat/completions"):
                    text = self._text()
                    writer.write(
                        stream_head(headers={"x-generation-id": "gen-1"})
                        + chat(text)
                        + chat(finish="stop")
                        + chat(usage=_USAGE, choices=[])
                        + DONE
                    )
                    self.times.append(time.perf_counter() - began)
                elif b"/generation?" in path:
                    writer.write(_json({"data": {"native_tokens_prompt": 30_000, "total_cost": 0.001}}))
                elif path == b"/v1/completions":
                    writer.write(_json({"id": "cmpl-1", "choices": [{"index": 0, "text": self._text()}]}))
                    self.times.append(time.perf_counter() - began)
                elif path == b"/v1/health":
                    writer.write(_json({"model": "loopback", "device": "cpu", "arch": "", "cpu_info": "",
                                        "cpu_count": 1, "cuda_devices": [], "version": {"build_date": "", "git_sha": "",
                                        "build_timestamp": "", "git_describe": "v0"}}))  # fmt: skip
                else:
                    writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
                await writer.drain()
        writer.close()

    def _text(self) -> str:
        self._count += 1
        return f"result_{self._count} = compute_the_total_of({self._count})\n"


def _json(value: object) -> bytes:
    body = json.dumps(value).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


async def main() -> None:
    """Serve until standard input ends."""
    listener = await asyncio.start_server(Loopback().serve, "127.0.0.1", 0, limit=1 << 24)
    print(json.dumps({"origin": f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"}), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    listener.close()


if __name__ == "__main__":
    asyncio.run(main())

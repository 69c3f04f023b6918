"""A very small editor: enough of an LSP client to show the server at work in a terminal.

Not here: what is shown (`demo.py`), and anything that a test needs beyond that.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

from cachewise.faults import Fault

DEADLINE = 30.0
"""Seconds that the server may take for any answer of the demo."""


class Editor:
    """A real server process on stdio, and the documents opened in it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._listeners: dict[str, Callable[[Any], None]] = {}
        self._reader = asyncio.get_running_loop().create_task(self._read())

    @classmethod
    async def start(cls, env: Mapping[str, str]) -> Self:
        """Start `cachewise serve` as a process of its own, with just this environment."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "cachewise", "serve"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=dict(env),
            limit=2**26,
        )
        return cls(process)

    async def initialize(self, folder: Path) -> dict[str, Any]:
        """The handshake; returns what the server announced."""
        root = {"uri": folder.as_uri(), "name": folder.name}
        answer: dict[str, Any] = await self.request(
            "initialize", {"processId": None, "rootUri": root["uri"], "workspaceFolders": [root], "capabilities": {}}
        )
        self.notify("initialized", {})
        return answer

    def open(self, path: Path, text: str, language: str) -> str:
        """Open a document; returns its URI."""
        uri = path.as_uri()
        document = {"uri": uri, "languageId": language, "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": document})
        return uri

    def on(self, method: str, listener: Callable[[Any], None]) -> None:
        """Call `listener` with the parameters of each such notification."""
        self._listeners[method] = listener

    def notify(self, method: str, params: object) -> None:
        """Send a notification."""
        self._send({"jsonrpc": "2.0", "method": method, "params": params})

    async def request(self, method: str, params: object) -> Any:
        """Send a request and wait for its result.

        Raises:
            Fault: the server answered with an error, or not in time.
        """
        if self._reader.done():
            raise Fault("The server went away.")
        number = next(self._ids)
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        self._send({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        try:
            async with asyncio.timeout(DEADLINE):
                return await future
        except TimeoutError:
            raise Fault(f"The server did not answer {method} within {DEADLINE:.0f} s.") from None

    async def stop(self) -> None:
        """Ask the server to go, and wait for it."""
        try:
            if not self._reader.done():
                await self.request("shutdown", None)
                self.notify("exit", None)
                await asyncio.wait_for(self._process.wait(), 5)
        finally:
            if self._process.returncode is None:
                self._process.kill()
                await self._process.wait()
            self._reader.cancel()

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps(message).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))

    async def _read(self) -> None:
        stream = self._process.stdout
        assert stream is not None
        try:
            while True:
                header = (await stream.readuntil(b"\r\n\r\n")).decode("ascii")
                lengths = [
                    line.split(":")[1] for line in header.splitlines() if line.lower().startswith("content-length")
                ]
                self._take(json.loads(await stream.readexactly(int(lengths[0]))))
        except asyncio.IncompleteReadError:
            for future in self._waiting.values():
                if not future.done():
                    future.set_exception(Fault("The server went away."))

    def _take(self, message: dict[str, Any]) -> None:
        if "method" in message:
            if "id" in message:
                self._send({"jsonrpc": "2.0", "id": message["id"], "result": None})
            elif listener := self._listeners.get(message["method"]):
                listener(message.get("params"))
            return
        future = self._waiting.pop(message["id"], None)
        if future is None or future.done():
            return
        if error := message.get("error"):
            future.set_exception(Fault(str(error.get("message"))))
        else:
            future.set_result(message.get("result"))

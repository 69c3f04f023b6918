"""A raw JSON-RPC client for real servers: `LspProcess` over stdio, `LspClient` over any pair of streams.

It keeps every message it received, in order, and checks nothing: what a reply must look like is the business of the
test. No LSP types here, only JSON objects, so that tests see what really went over the wire.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import signal
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self, TypeVar

_T = TypeVar("_T")
Message = dict[str, Any]
Answerer = Callable[[Any], Any]
"""Takes the params of a request of the server and returns the result to reply with."""

DEADLINE = float(os.environ.get("CACHEWISE_TEST_DEADLINE", "20"))
"""Seconds that any wait may take unless the caller says otherwise; generous, since machines under test are busy."""


class RpcError(Exception):
    """The server answered a request with an error."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.data = data


class ServerGone(ConnectionError):
    """The server closed the connection, so that no reply can come any more."""


def frame(body: bytes) -> bytes:
    """The bytes of one message on the wire."""
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


def encode(message: Any) -> bytes:
    """The framed bytes of one JSON message."""
    try:
        return frame(json.dumps(message, ensure_ascii=False).encode())
    except UnicodeEncodeError:  # half of a surrogate pair can only be sent as an escape
        return frame(json.dumps(message).encode())


class LspClient:
    """One end of a connection to a language server.

    `messages` holds everything received, in order; `times` the matching `time.perf_counter()` values;
    `replies` all replies by request id; `answerers` what is replied to requests of the server (default: null).
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.messages: list[Message] = []
        self.times: list[float] = []
        self.replies: dict[Any, list[Message]] = {}
        self.answerers: dict[str, Answerer] = {}
        self._reader = reader
        self._writer = writer
        self._ids = itertools.count(1)
        self._futures: dict[Any, asyncio.Future[Any]] = {}
        self._waiters: list[tuple[Callable[[Message], bool], asyncio.Future[Message]]] = []
        self._reading = asyncio.Event()
        self._reading.set()
        self.closed = False
        self.broken: Exception | None = None
        """What the server sent that is no message; `LspProcess.stop` raises it."""
        self._task = asyncio.create_task(self._read())

    @classmethod
    async def connect(cls, host: str, port: int) -> LspClient:
        """Connects to a server that listens on TCP."""
        return LspClient(*await asyncio.wait_for(asyncio.open_connection(host, port), DEADLINE))

    # Sending

    def send(self, message: Any) -> None:
        """Sends one JSON message as it is."""
        self.send_raw(encode(message))

    def send_raw(self, data: bytes) -> None:
        """Sends bytes that need not be a message at all; bytes to a server that is gone are dropped."""
        if not self._writer.is_closing():
            self._writer.write(data)

    async def drain(self) -> None:
        """Waits until the server has taken most of what was sent."""
        with contextlib.suppress(ConnectionError):
            await self._writer.drain()

    def notify(self, method: str, params: Any = None) -> None:
        self.send({"jsonrpc": "2.0", "method": method, **({} if params is None else {"params": params})})

    def start_request(self, method: str, params: Any = None) -> tuple[int, asyncio.Future[Any]]:
        """Sends a request; the future yields its result or raises `RpcError` or `ServerGone`."""
        request_id = next(self._ids)
        future = self.expect(request_id)
        self.send(
            {"jsonrpc": "2.0", "id": request_id, "method": method, **({} if params is None else {"params": params})}
        )
        return request_id, future

    def expect(self, request_id: Any) -> asyncio.Future[Any]:
        """A future for the next reply to a request that the caller sends by itself."""
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        # A reply that nobody awaits any more must not end as "exception was never retrieved".
        future.add_done_callback(lambda done: done.cancelled() or done.exception())
        if self.closed:
            future.set_exception(self._gone())
        else:
            self._futures[request_id] = future
        return future

    async def request(self, method: str, params: Any = None, timeout: float = DEADLINE) -> Any:
        """Sends a request and waits for its result; raises `RpcError`, `ServerGone` or `TimeoutError`."""
        request_id, future = self.start_request(method, params)
        return await self._within(timeout, future, f"a reply to {method} ({request_id})")

    def cancel(self, request_id: Any) -> None:
        self.notify("$/cancelRequest", {"id": request_id})

    async def initialize(
        self,
        *,
        options: Any = None,
        root: Path | None = None,
        capabilities: Message | None = None,
        timeout: float = DEADLINE,
    ) -> Message:
        """The handshake; returns the result of `initialize`."""
        folders = None if root is None else [{"uri": root.as_uri(), "name": root.name}]
        params = {
            "processId": os.getpid(),
            "rootUri": None if root is None else root.as_uri(),
            "workspaceFolders": folders,
            "capabilities": capabilities or {},
            **({} if options is None else {"initializationOptions": options}),
        }
        result: Message = await self.request("initialize", params, timeout)
        self.notify("initialized", {})
        return result

    def open(self, uri: str, text: str, language: str = "python", version: int = 1) -> None:
        document = {"uri": uri, "languageId": language, "version": version, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": document})

    # Receiving

    def notifications(self, method: str) -> list[Any]:
        """The params of all notifications of this method so far."""
        return [message.get("params") for message in self.messages if message.get("method") == method]

    def progress(self, token: Any) -> list[Any]:
        """All `$/progress` values of one token so far, in order."""
        return [params["value"] for params in self.notifications("$/progress") if params["token"] == token]

    def text_of(self, token: Any) -> str:
        """The text deltas of a partial-result token, joined."""
        return "".join(value["text"] for value in self.progress(token) if "text" in value)

    async def wait_for(
        self,
        method: str,
        predicate: Callable[[Any], bool] = lambda _params: True,
        timeout: float = DEADLINE,
        since: int = 0,
    ) -> Any:
        """The params of the first notification or request of this method that fits.

        Looks through what was received already, from message number `since` (see `mark`), then waits.
        """

        def fits(message: Message) -> bool:
            return message.get("method") == method and predicate(message.get("params"))

        message = await self.wait_for_message(fits, timeout, since, what=method)
        return message.get("params")

    async def wait_for_message(
        self, fits: Callable[[Message], bool], timeout: float = DEADLINE, since: int = 0, *, what: str = "a message"
    ) -> Message:
        """The first message of any kind that fits."""
        for message in self.messages[since:]:
            if fits(message):
                return message
        waiter: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        if self.closed:
            raise self._gone()
        entry = (fits, waiter)
        self._waiters.append(entry)
        try:
            return await self._within(timeout, waiter, what)
        finally:
            if entry in self._waiters:
                self._waiters.remove(entry)

    def mark(self) -> int:
        """The number of messages so far, for `since`."""
        return len(self.messages)

    def forget(self) -> None:
        """Keep no message that came so far."""
        self.messages.clear()
        self.times.clear()

    def pause_reading(self) -> None:
        """Stops taking bytes from the server, once the few buffers in between are full."""
        self._reading.clear()

    def resume_reading(self) -> None:
        self._reading.set()

    # Ending

    async def close(self) -> None:
        """Closes the connection without any goodbye."""
        self._writer.close()
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        with contextlib.suppress(ConnectionError, TimeoutError):
            await asyncio.wait_for(self._writer.wait_closed(), DEADLINE)

    # Inside

    def _gone(self) -> ServerGone:
        return ServerGone(f"the server closed the connection, or sent garbage: {self.broken}")

    async def _within(self, timeout: float, future: asyncio.Future[_T], what: str) -> _T:
        try:
            return await asyncio.wait_for(future, timeout)
        except TimeoutError:
            seen = [message.get("method", f"reply {message.get('id')}") for message in self.messages[-8:]]
            raise TimeoutError(f"no {what} within {timeout} s; last received: {seen}") from None

    async def _read(self) -> None:
        try:
            while (body := await self._next_body()) is not None:
                self._take(json.loads(body))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the server went away in the middle of a message
        except Exception as error:
            self.broken = error
        finally:
            self.closed = True
            for future in [*self._futures.values(), *(waiter for _fits, waiter in self._waiters)]:
                if not future.done():
                    future.set_exception(self._gone())
            self._futures.clear()
            self._waiters.clear()

    async def _next_body(self) -> bytes | None:
        length: int | None = None
        while True:
            await self._reading.wait()
            line = await self._reader.readline()
            if not line:
                return None
            if line == b"\r\n":
                if length is None:
                    raise AssertionError("the server sent a message without Content-Length")
                return await self._reader.readexactly(length)
            name, colon, value = line.partition(b":")
            if not colon:
                raise AssertionError(f"not a header line from the server: {line!r}")
            if name.strip().lower() == b"content-length":
                length = int(value)

    def _take(self, message: Message) -> None:
        self.messages.append(message)
        self.times.append(time.perf_counter())
        if "method" not in message:
            self.replies.setdefault(message.get("id"), []).append(message)
            future = self._futures.pop(message.get("id"), None)
            if future is not None and not future.done():
                if "error" in message:
                    error = message["error"]
                    future.set_exception(RpcError(error["code"], error["message"], error.get("data")))
                else:
                    future.set_result(message.get("result"))
        elif "id" in message:
            answer = self.answerers.get(message["method"])
            result = answer(message.get("params")) if answer else None
            self.send({"jsonrpc": "2.0", "id": message["id"], "result": result})
        for entry in list(self._waiters):
            fits, waiter = entry
            if fits(message):
                self._waiters.remove(entry)
                if not waiter.done():
                    waiter.set_result(message)


class LspProcess(LspClient):
    """A server process on stdio. Use it as `async with await LspProcess.start([...]) as lsp:`."""

    def __init__(self, process: Process) -> None:
        assert process.stdout is not None
        assert process.stdin is not None
        super().__init__(process.stdout, process.stdin)
        self.process = process
        self._stderr = bytearray()
        self._stderr_task = asyncio.create_task(self._read_stderr())

    @classmethod
    async def start(
        cls, cmd: Sequence[str | Path], env: Mapping[str, str] | None = None, *, cwd: Path | None = None
    ) -> LspProcess:
        """Starts a server. `env` is added to this process's environment."""
        process = await asyncio.create_subprocess_exec(
            *map(str, cmd), stdin=PIPE, stdout=PIPE, stderr=PIPE, cwd=cwd, env={**os.environ, **(env or {})}
        )
        return LspProcess(process)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.stop()

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def stderr(self) -> str:
        """What the server wrote to its standard error so far."""
        return self._stderr.decode(errors="replace")

    @property
    def memory(self) -> int:
        """Resident bytes of the server process (Linux)."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    async def wait_for_log(self, text: str, timeout: float = DEADLINE) -> None:
        """Waits until this text is in what the server wrote to its standard error; works while reading is paused."""
        async with asyncio.timeout(timeout):
            while text not in self.stderr:
                await asyncio.sleep(0.005)

    async def wait_exit(self, timeout: float = DEADLINE) -> int:
        """Waits until the server has ended by itself; returns its exit status."""
        # Not `process.wait()`, which also waits for output that was not read.
        async with asyncio.timeout(timeout):
            while (status := self.process.returncode) is None:
                await asyncio.sleep(0.005)
        await self._settle()
        return status

    async def stop(self, timeout: float = 5.0) -> int:
        """Ends the server: shutdown and exit, then a closed stdin, then signals. Returns the exit status."""
        self.resume_reading()
        if self.process.returncode is None:
            with contextlib.suppress(TimeoutError, RpcError, ConnectionError):
                await self.request("shutdown", timeout=timeout)
            with contextlib.suppress(ConnectionError):
                self.notify("exit")
                self._writer.close()
        for sign in (None, signal.SIGTERM, signal.SIGKILL):
            if sign is not None:
                with contextlib.suppress(ProcessLookupError):
                    self.process.send_signal(sign)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.process.wait(), timeout)
                break
        await self._settle()
        assert self.process.returncode is not None
        return self.process.returncode

    async def _settle(self) -> None:
        """Reads the pipes to their ends, so that nothing of the process is left when the loop closes."""
        self.resume_reading()
        self._writer.close()
        tasks = (self._task, self._stderr_task)
        _done, pending = await asyncio.wait(tasks, timeout=5)
        for task in pending:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()
        if self.broken is not None:
            raise self.broken

    async def _read_stderr(self) -> None:
        assert self.process.stderr is not None
        while chunk := await self.process.stderr.read(65536):
            self._stderr += chunk

    def _gone(self) -> ServerGone:
        if self.broken is not None:
            return ServerGone(f"the server sent garbage: {self.broken}")
        tail = self.stderr[-2000:]
        return ServerGone(f"the server process is gone (exit status {self.process.returncode}); its stderr: {tail}")

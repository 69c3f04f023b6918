"""The language server on its transport: stdio, or one client on a TCP port; and how it ends.

It ends when the client says `exit`, closes its end, stops taking messages for good, or when a signal asks for it. Then
live requests are cancelled and given a moment to close their connections, `on_stop` runs, and the last messages go
out: all within about a second, whatever hangs.

Not here: what is done with messages (`protocol.py`, `handlers.py`), whether a TCP address may be listened on (`cli`).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import Any, BinaryIO, NoReturn, TypeVar

from lsprotocol import types
from pygls.exceptions import FeatureAlreadyRegisteredError
from pygls.lsp.server import LanguageServer

from cachewise.lsp.capabilities import Encoding, choose_encoding
from cachewise.lsp.converter import make_converter
from cachewise.lsp.errors import log_failure, quiet_loop, quiet_pygls
from cachewise.lsp.outbox import STALLED, Outbox, at_once, write_to_fd, write_to_socket
from cachewise.lsp.protocol import Protocol
from cachewise.lsp.wire import Frame, is_browser, read_fd, read_stream

HANDLERS_DEADLINE = 0.3
"""Seconds that cancelled handlers have to clean up at the end."""
STOP_DEADLINE = 0.7
"""Seconds for those and `on_stop` together."""
DRAIN_DEADLINE = 0.2
"""Seconds for the last messages to go out."""
FIRST_BYTES_DEADLINE = 10.0
"""Seconds in which a TCP client must have said something."""
CATCH_UP_INTERVAL = 0.02
"""Seconds between two looks at a client that does not read."""

_log = logging.getLogger("cachewise.lsp")
_F = TypeVar("_F", bound=Callable[..., Any])


class CachewiseServer(LanguageServer):
    """The language server of one client. Register handlers with `feature`, then call one of the `serve_` methods.

    Attributes:
        commands: The names announced for `workspace/executeCommand`.
        command_handler: Runs them all; what it returns is the result.
        on_stop: Awaited before the end, under a deadline.
    """

    protocol: Protocol

    def __init__(self, name: str, version: str) -> None:
        quiet_pygls()
        super().__init__(name, version, protocol_cls=Protocol, converter_factory=make_converter)
        self.commands: tuple[str, ...] = ()
        self.command_handler: Callable[[types.ExecuteCommandParams], Awaitable[Any]] | None = None
        self.on_stop: Callable[[], Awaitable[None]] | None = None
        self._ended: asyncio.Future[int] | None = None

    @property
    def wire(self) -> Protocol:
        """The way to the client."""
        return self.protocol

    def feature(self, feature_name: str, options: Any | None = None) -> Callable[[_F], _F]:
        """Registers the handler of a method; it is called with the parameters and nothing else.

        pygls' own version passes the server too, if the annotation of the first parameter lets it, as `object` does.

        Args:
            feature_name: The method. Parameters of those that lsprotocol does not know stay plain JSON objects.
            options: What the capability says, where the protocol has options for it.

        Raises:
            FeatureAlreadyRegisteredError: There is a handler for this method.
        """

        def register(handler: _F) -> _F:
            if feature_name in self.protocol.fm.features:
                raise FeatureAlreadyRegisteredError(feature_name)  # type: ignore[no-untyped-call]
            self.protocol.fm.features[feature_name] = handler
            if options is not None:
                self.protocol.fm.feature_options[feature_name] = options
            return handler

        return register

    def plain(self, value: Any) -> Any:
        """A value of lsprotocol's types as plain JSON."""
        return self.protocol.plain(value)

    def choose_encoding(self, client: types.ClientCapabilities) -> Encoding:
        """The position encoding that is announced to a client with these capabilities."""
        return choose_encoding(client)

    def report_server_error(self, error: Exception, source: Any) -> None:
        """What pygls would show in a popup goes to the log, without its content."""
        log_failure(error, f"pygls ({getattr(source, '__name__', 'unknown')})")

    def serve_stdio(self, stdin: BinaryIO | None = None, stdout: BinaryIO | None = None) -> int:
        """Serves the client at the other end of the two streams until the end; returns the exit status.

        If these are the process's own, they are claimed for the protocol: from here on, `print` and libraries that
        write to standard output reach standard error, and reading standard input yields nothing.
        """
        incoming, outgoing = _claim(stdin or sys.stdin.buffer, stdout or sys.stdout.buffer)

        async def main() -> int:
            outbox = Outbox(write_to_fd(outgoing), self._hang_up(asyncio.get_running_loop()), at_once(outgoing))
            return await self._serve(read_fd(incoming), outbox)

        return self._run(main)

    def serve_tcp(self, host: str, port: int, on_listening: Callable[[str, int], None]) -> int:
        """Listens on an address, serves the first client that speaks the protocol, and ends with it.

        Args:
            host: Checked by the caller: whoever connects can spend the user's money.
            port: 0 lets the system choose.
            on_listening: Called with the address and port once clients can connect.

        Raises:
            OSError: The address can't be listened on.
        """

        async def main() -> int:
            connection = await self._first_client(host, port, on_listening)
            if connection is None:
                return await self._end_of(asyncio.get_running_loop())
            reader, writer, first = connection
            sock = writer.get_extra_info("socket").dup()
            hang_up = self._hang_up(asyncio.get_running_loop())
            outbox = Outbox(write_to_socket(sock), hang_up, at_once(sock.fileno()))
            try:
                return await self._serve(read_stream(reader, first), outbox)
            finally:
                sock.close()
                writer.close()

        return self._run(main)

    def stop(self, status: int = 0) -> None:
        """Ends the server; call it on the event loop's thread. The first status given is the one that counts."""
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(status)

    # One connection

    async def _serve(self, frames: AsyncIterator[Frame], outbox: Outbox) -> int:
        self.protocol.outbox = outbox
        self.protocol.on_exit = self.stop
        ended = self._end_of(asyncio.get_running_loop())
        reading = asyncio.create_task(self._read(frames, outbox))
        try:
            return await ended
        finally:
            reading.cancel()
            await self._wind_down()
            # Blocks, but nothing else is left to run; a thread for it might not be free.
            outbox.close(DRAIN_DEADLINE)

    async def _read(self, frames: AsyncIterator[Frame], outbox: Outbox) -> None:
        try:
            async for frame in frames:
                if self._accept(frame):
                    await asyncio.sleep(0)
                if outbox.congested:
                    _log.info("the client does not read: %d bytes wait, no further requests are taken", outbox.unsent)
                while outbox.congested:
                    if outbox.stalled_for() > STALLED:
                        _log.error("the client takes no messages any more")
                        self.stop(1)
                        return
                    await asyncio.sleep(CATCH_UP_INTERVAL)
            self.stop(0)
        except Exception as failure:
            log_failure(failure, "reading")
            self.stop(1)

    def _accept(self, frame: Frame) -> bool:
        try:
            return self.protocol.accept(frame)
        except Exception as failure:  # a mistake in this room must not end the conversation
            log_failure(failure, "handling a message")
            return False

    async def _wind_down(self) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + STOP_DEADLINE
        await self.protocol.requests.wind_down(HANDLERS_DEADLINE)
        if self.on_stop is None:
            return
        stopping = asyncio.ensure_future(self.on_stop())
        # Not `wait_for`: it would wait for a hook that does not heed its cancellation.
        done, _late = await asyncio.wait({stopping}, timeout=max(0.1, deadline - loop.time()))
        if not done:
            stopping.cancel()
            _log.error("the server's rooms were not closed in time")
        elif not stopping.cancelled() and (failure := stopping.exception()) is not None:
            log_failure(failure, "closing the server's rooms")

    def _hang_up(self, loop: asyncio.AbstractEventLoop) -> Callable[[], None]:
        """What the writing thread calls when the client is gone."""

        def hang_up() -> None:
            with contextlib.suppress(RuntimeError):  # the loop may be closed by now
                loop.call_soon_threadsafe(self.stop)

        return hang_up

    def _end_of(self, loop: asyncio.AbstractEventLoop) -> asyncio.Future[int]:
        if self._ended is None:
            self._ended = loop.create_future()
        return self._ended

    # TCP

    async def _first_client(
        self, host: str, port: int, on_listening: Callable[[str, int], None]
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, bytes] | None:
        """The first connection that is not a browser's, with the bytes it has sent; None if the end comes first."""
        loop = asyncio.get_running_loop()
        ended = self._end_of(loop)
        seat: asyncio.Future[tuple[asyncio.StreamReader, asyncio.StreamWriter, bytes]] = loop.create_future()

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

    # The process

    def _run(self, main: Callable[[], Coroutine[Any, Any, int]]) -> int:
        """`asyncio.run`, but without waiting for threads and tasks that do not end."""
        loop = asyncio.new_event_loop()
        quiet_loop(loop)
        self._ended = loop.create_future()
        if threading.current_thread() is threading.main_thread():
            for name in (signal.SIGTERM, signal.SIGINT):
                with contextlib.suppress(NotImplementedError):
                    loop.add_signal_handler(name, self.stop)
        try:
            return loop.run_until_complete(main())
        finally:
            left = asyncio.all_tasks(loop)
            for task in left:
                task.cancel()
            if left:
                loop.run_until_complete(asyncio.wait(left, timeout=DRAIN_DEADLINE))
            loop.close()


def leave(status: int) -> NoReturn:
    """Ends the process at once, whatever other threads are still at, such as an import or a provider's event loop.

    All that must be kept was written before, under deadlines; an interpreter that tidies up under running threads
    only adds noise to the log.
    """
    logging.shutdown()
    sys.stderr.flush()
    os._exit(status)


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


def _claim(stdin: BinaryIO, stdout: BinaryIO) -> tuple[int, int]:
    """Private descriptors of the two streams; the process's standard ones are pointed elsewhere."""
    incoming, outgoing = os.dup(stdin.fileno()), os.dup(stdout.fileno())
    nothing = os.open(os.devnull, os.O_RDWR)
    if stdin.fileno() == 0:
        os.dup2(nothing, 0)
    if stdout.fileno() == 1:
        try:
            os.dup2(2, 1)
        except OSError:  # started without a standard error
            os.dup2(nothing, 1)
        sys.stdout = sys.stderr
    os.close(nothing)
    return incoming, outgoing

"""The language server on its transport: stdio, or one client on a TCP port; and how it ends.

It ends when the client says `exit`, closes its end, stops taking messages for good, or when a signal asks for it. Then
live requests are cancelled and given a moment to close their connections, `on_stop` runs, and the last messages go
out: all within about a second, whatever hangs.

Not here: what is done with messages (`protocol.py`, `handlers.py`), which TCP client is served (`listening.py`), and
what is particular to a process of its own (`process.py`).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import Any, BinaryIO, TypeVar

from lsprotocol import types
from pygls.exceptions import FeatureAlreadyRegisteredError
from pygls.lsp.server import LanguageServer

from cachewise.lsp.capabilities import Encoding, choose_encoding
from cachewise.lsp.converter import make_converter
from cachewise.lsp.errors import log_failure, quiet_pygls
from cachewise.lsp.outbox import STALLED, Outbox, at_once, write_to_fd, write_to_socket
from cachewise.lsp.process import claim, run
from cachewise.lsp.protocol import Protocol
from cachewise.lsp.wire import Frame, read_fd, read_stream

HANDLERS_DEADLINE = 0.3
"""Seconds that cancelled handlers have to clean up at the end."""
STOP_DEADLINE = 0.7
"""Seconds for those and `on_stop` together."""
DRAIN_DEADLINE = 0.2
"""Seconds for the last messages to go out."""
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
        incoming, outgoing = claim(stdin or sys.stdin.buffer, stdout or sys.stdout.buffer)

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
        from cachewise.lsp.listening import first_client  # a start on stdio does without

        async def main() -> int:
            ended = self._end_of(asyncio.get_running_loop())
            connection = await first_client(host, port, on_listening, ended)
            if connection is None:
                return await ended
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

    def _run(self, main: Callable[[], Coroutine[Any, Any, int]]) -> int:
        loop = asyncio.new_event_loop()
        self._ended = loop.create_future()
        return run(loop, main, self.stop)

"""Writing the wire: `Outbox` takes messages from the event loop at once and writes them on a thread of its own.

A small message goes out without the thread where nothing waits and the operating system has room for it: to change
threads takes longer than all else that there is to do with a reply. A client that stops reading never stops the server:

- A message with a key (progress, status) replaces the unsent one with the same key, in its place in the queue, so that
  such messages never pile up. `pending` lets streams of text hold their deltas back and merge them meanwhile.
- A message without a key is never dropped: it may be the only reply to a request. When more than `CONGESTED` bytes are
  unsent, `congested` is true and the server stops *reading* requests until the client has caught up; a client that
  has taken nothing at all for `STALLED` seconds while congested counts as gone (the server asks `stalled_for`).

Not here: what the messages say, and the decision to end (`server.py`).
"""

from __future__ import annotations

import os
import select
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable

CONGESTED = 4 * 1024 * 1024
"""Unsent bytes above which the server stops taking requests."""
STALLED = 30.0
"""Seconds without a byte taken, while congested, after which a client counts as gone."""
_BATCH = 64 * 1024
"""Bytes handed to the operating system at once; what is in a batch can no longer be replaced."""

Write = Callable[[memoryview], int]
"""Writes some of the bytes and returns how many; raises OSError when the client is gone. May block."""


class _Letter:
    """One framed message that waits to be sent."""

    __slots__ = ("data", "key")

    def __init__(self, key: Hashable | None, data: bytes) -> None:
        self.key = key
        self.data = data


class Outbox:
    """A queue of messages and the thread that writes them.

    Args:
        write: How bytes get out; see `write_to_fd` and `write_to_socket`.
        on_broken: Called once, in the writing thread, when writing has become impossible.
        at_once: Writes what it can without waiting, which may be nothing; see `at_once`.
    """

    def __init__(self, write: Write, on_broken: Callable[[], None], at_once: Write | None = None) -> None:
        self._write = write
        self._at_once = at_once
        self._on_broken = on_broken
        self._changed = threading.Condition()
        self._queue: deque[_Letter] = deque()
        self._keyed: dict[Hashable, _Letter] = {}
        self._writing: frozenset[Hashable] = frozenset()
        self._unsent = 0
        self._last_progress = time.monotonic()
        self._closing = False
        self._dead = False
        self._thread = threading.Thread(target=self._run, name="cachewise-writer", daemon=True)
        self._thread.start()

    def send(self, body: bytes, key: Hashable | None = None) -> None:
        """Queues a message; never blocks. After `close`, or when the client is gone, the message is dropped.

        Args:
            body: The JSON text of the message, without headers.
            key: Replaces the unsent message with the same key, if there is one.
        """
        data = b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
        with self._changed:
            if self._closing or self._dead:
                return
            letter = None if key is None else self._keyed.get(key)
            if letter is not None:
                self._unsent += len(data) - len(letter.data)
                letter.data = data
                return
            if self._unsent == 0:
                self._last_progress = time.monotonic()
                written = 0 if self._at_once is None else self._at_once(memoryview(data))
                if written == len(data):
                    return
                if written:
                    key, data = None, data[written:]  # what has begun can't be replaced
            letter = _Letter(key, data)
            if key is not None:
                self._keyed[key] = letter
            self._queue.append(letter)
            self._unsent += len(data)
            self._changed.notify_all()

    def pending(self, key: Hashable) -> bool:
        """Whether a message with this key has not gone out entirely."""
        with self._changed:
            return key in self._keyed or key in self._writing

    @property
    def unsent(self) -> int:
        """Bytes that wait or are being written."""
        return self._unsent

    @property
    def congested(self) -> bool:
        """Whether so much is unsent that no further requests should be taken."""
        return self._unsent > CONGESTED and not self._dead

    def stalled_for(self) -> float:
        """Seconds since the client last took anything, 0 if nothing is waiting for it."""
        with self._changed:
            return time.monotonic() - self._last_progress if self._unsent else 0.0

    def close(self, timeout: float) -> bool:
        """Takes no more messages and waits up to `timeout` seconds for the rest to go out; blocks.

        Returns:
            Whether everything was sent. If not, the thread is left behind; it is a daemon and holds up nothing.
        """
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join(timeout)
        return not self._thread.is_alive() and not self._dead

    def _run(self) -> None:
        while (batch := self._next_batch()) is not None:
            view = memoryview(batch)
            while view:
                try:
                    written = self._write(view[:_BATCH])
                except OSError:
                    self._give_up()
                    return
                view = view[written:]
                with self._changed:
                    self._unsent -= written
                    self._last_progress = time.monotonic()
            with self._changed:
                self._writing = frozenset()

    def _next_batch(self) -> bytes | None:
        """Waits for messages and takes as many as fit into one write; None when there will be no more."""
        with self._changed:
            while not self._queue:
                if self._closing:
                    return None
                self._changed.wait()
            letters = [self._queue.popleft()]
            size = len(letters[0].data)
            while self._queue and size + len(self._queue[0].data) <= _BATCH:
                letters.append(self._queue.popleft())
                size += len(letters[-1].data)
            keys = {letter.key for letter in letters if letter.key is not None}
            for key in keys:
                del self._keyed[key]
            self._writing = frozenset(keys)
            return letters[0].data if len(letters) == 1 else b"".join(letter.data for letter in letters)

    def _give_up(self) -> None:
        with self._changed:
            self._dead = True
            self._queue.clear()
            self._keyed.clear()
            self._writing = frozenset()
            self._unsent = 0
        self._on_broken()


def at_once(fd: int) -> Write | None:
    """Writes small pieces to a pipe or socket, as long as that can't block; None on systems that can't tell.

    A pipe that is ready takes `PIPE_BUF` bytes, in one piece (POSIX, pipe(7)). Whatever is wrong is left to the thread.
    """
    if not hasattr(select, "poll"):
        return None
    room = select.poll()
    room.register(fd, select.POLLOUT)

    def write(data: memoryview) -> int:
        if len(data) > select.PIPE_BUF or room.poll(0) != [(fd, select.POLLOUT)]:
            return 0
        try:
            return os.write(fd, data)
        except OSError:
            return 0

    return write


def write_to_fd(fd: int) -> Write:
    """Writes to a pipe, also to one that the client made non-blocking."""

    def write(data: memoryview) -> int:
        while True:
            try:
                return os.write(fd, data)
            except BlockingIOError:
                select.select([], [fd], [])

    return write


def write_to_socket(sock: socket.socket) -> Write:
    """Writes to a duplicate of an asyncio connection's socket.

    The two share their non-blocking mode, so a timeout is set instead of a blocking mode: Python then waits by itself.
    A stalled client is noticed elsewhere long before this timeout passes.
    """
    sock.settimeout(3600.0)
    return sock.send

"""Small messages that go out without the writing thread: in order with all others, and never where that could block."""

from __future__ import annotations

import os
import select
import socket
import threading
from collections.abc import Iterator

import pytest

from cachewise.lsp.outbox import Outbox, Write, at_once, write_to_fd, write_to_socket
from cachewise.lsp.wire import Framer

DEADLINE = 20.0


class Taker:
    """Takes so many bytes of each message at once, and the rest through the thread once that is let."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.taken: list[tuple[str, bytes]] = []
        self.open = threading.Event()

    def at_once(self, data: memoryview) -> int:
        part = bytes(data[: self.most])
        if part:
            self.taken.append(("at once", part))
        return len(part)

    def write(self, data: memoryview) -> int:
        assert self.open.wait(DEADLINE)
        self.taken.append(("thread", bytes(data)))
        return len(data)

    def outbox(self) -> Outbox:
        return Outbox(self.write, lambda: None, self.at_once)

    @property
    def bodies(self) -> list[bytes]:
        framer = Framer()
        found = framer.feed(b"".join(data for _, data in self.taken))
        return [body for body in found if isinstance(body, bytes)]


def test_what_is_taken_at_once_never_waits() -> None:
    taker = Taker(most=1000)
    outbox = taker.outbox()
    for body in (b"a", b"b"):
        outbox.send(body, "k")
        assert not outbox.pending("k")
    assert outbox.unsent == 0
    assert outbox.stalled_for() == 0
    assert outbox.close(DEADLINE)
    assert [how for how, _ in taker.taken] == ["at once", "at once"]
    assert taker.bodies == [b"a", b"b"], "a message that has gone out is not replaced"


def test_what_is_taken_in_part_is_finished_first_and_as_it_was() -> None:
    taker = Taker(most=5)
    outbox = taker.outbox()
    outbox.send(b"first", "k")
    outbox.send(b"second", "k")
    outbox.send(b"third")
    assert [how for how, _ in taker.taken] == ["at once"], "what comes behind a part waits for it"
    taker.open.set()
    assert outbox.close(DEADLINE)
    assert taker.bodies == [b"first", b"second", b"third"]


def test_what_waits_is_not_overtaken() -> None:
    taker = Taker(most=0)
    outbox = taker.outbox()
    outbox.send(b"first")
    taker.most = 1000
    outbox.send(b"second")
    taker.open.set()
    assert outbox.close(DEADLINE)
    assert taker.taken[0][0] == "thread"
    assert taker.bodies == [b"first", b"second"]


Ends = tuple[int, int]


@pytest.fixture
def pipe() -> Iterator[Ends]:
    reading, writing = os.pipe()
    yield reading, writing
    os.close(reading)
    os.close(writing)


def writer(fd: int) -> Write:
    found = at_once(fd)
    assert found is not None
    return found


def fill(fd: int) -> int:
    """Fill a pipe up; how many bytes it took."""
    os.set_blocking(fd, False)
    filled = 0
    while True:
        try:
            filled += os.write(fd, b"x" * 65536)
        except BlockingIOError:
            os.set_blocking(fd, True)
            return filled


@pytest.mark.parametrize("size", [1, select.PIPE_BUF, select.PIPE_BUF + 1, 100_000])
def test_a_pipe_with_room_takes_what_it_takes_in_one_piece(pipe: Ends, size: int) -> None:
    reading, writing = pipe
    taken = writer(writing)(memoryview(b"y" * size))
    assert taken == (size if size <= select.PIPE_BUF else 0)
    if taken:
        assert os.read(reading, 200_000) == b"y" * size


def test_a_full_pipe_takes_nothing_and_does_not_block(pipe: Ends) -> None:
    reading, writing = pipe
    filled = fill(writing)
    write = writer(writing)
    assert write(memoryview(b"y")) == 0
    left = filled
    while left:
        left -= len(os.read(reading, left))
    assert write(memoryview(b"y")) == 1
    assert os.read(reading, 10) == b"y"


def test_a_closed_pipe_is_left_to_the_thread_which_reports_it() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    assert writer(writing)(memoryview(b"y")) == 0
    broken = threading.Event()
    outbox = Outbox(write_to_fd(writing), broken.set, at_once(writing))
    outbox.send(b"x")
    assert broken.wait(DEADLINE)
    outbox.close(DEADLINE)
    os.close(writing)


@pytest.mark.parametrize("kind", ["pipe", "socket"])
def test_messages_of_all_sizes_arrive_in_order(kind: str) -> None:
    sizes = [(7919 * number) % (3 * select.PIPE_BUF) for number in range(400)] + [300_000]
    sent = [b"%d " % number + b"x" * size for number, size in enumerate(sizes)]
    received: list[bytes] = []
    sock: socket.socket | None = None
    if kind == "pipe":
        reading, writing = os.pipe()
        outbox = Outbox(write_to_fd(writing), lambda: None, at_once(writing))
    else:
        sock, there = socket.socketpair()
        reading, writing = there.detach(), sock.fileno()
        outbox = Outbox(write_to_socket(sock), lambda: None, at_once(writing))

    def read() -> None:
        framer = Framer()
        while len(received) < len(sent):
            received.extend(body for body in framer.feed(os.read(reading, 4096)) if isinstance(body, bytes))

    thread = threading.Thread(target=read)
    thread.start()
    for body in sent:
        outbox.send(body)
    assert outbox.close(DEADLINE)
    thread.join(DEADLINE)
    assert received == sent
    os.close(reading)
    if sock is None:
        os.close(writing)
    else:
        sock.close()

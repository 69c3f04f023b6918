"""The outbox: what goes out in which order, what replaces what, and what a client that does not read can do."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from typing import Any

import pytest

from cachewise.lsp.outbox import CONGESTED, Outbox, write_to_fd, write_to_socket
from cachewise.lsp.wire import Framer

DEADLINE = 20.0


class Client:
    """Takes what an outbox writes, but only when it is let."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.writing = threading.Event()
        self.broken = threading.Event()
        self.framer = Framer()
        self.bodies: list[bytes] = []
        self.largest = 0
        self.fails = False

    def write(self, data: memoryview) -> int:
        self.writing.set()
        assert self.open.wait(DEADLINE)
        if self.fails:
            raise BrokenPipeError
        self.largest = max(self.largest, len(data))
        for body in self.framer.feed(bytes(data)):
            assert isinstance(body, bytes)
            self.bodies.append(body)
        return len(data)

    def outbox(self) -> Outbox:
        return Outbox(self.write, self.broken.set)


def blocked() -> tuple[Client, Outbox]:
    """A client that has stopped reading in the middle of its first message."""
    client = Client()
    outbox = client.outbox()
    outbox.send(b"first")
    assert client.writing.wait(DEADLINE)
    return client, outbox


Letters = list[tuple[bytes, Any]]


@pytest.mark.parametrize(
    ("letters", "received"),
    [
        pytest.param([(b"a", None), (b"b", None), (b"c", None)], [b"a", b"b", b"c"], id="in order"),
        pytest.param([(b"a", "k"), (b"b", "k"), (b"c", "k")], [b"c"], id="the last with a key"),
        pytest.param([(b"a", "k"), (b"b", None), (b"c", "k")], [b"c", b"b"], id="in the place of the first"),
        pytest.param([(b"a", "k"), (b"b", "l"), (b"c", "k"), (b"d", "l")], [b"c", b"d"], id="keys apart"),
        pytest.param([(b"a", 1), (b"b", ("x", 1)), (b"c", "1")], [b"a", b"b", b"c"], id="any hashable key"),
        pytest.param([(b"", None), (b"x" * 300_000, None), (b"y", None)], [b"", b"x" * 300_000, b"y"], id="any size"),
        pytest.param([(b"a" * 9, "k"), (b"b", "k")], [b"b"], id="shorter than before"),
    ],
)
def test_what_waits(letters: Letters, received: list[bytes]) -> None:
    client, outbox = blocked()
    for body, key in letters:
        outbox.send(body, key)
    client.open.set()
    assert outbox.close(DEADLINE)
    assert client.bodies == [b"first", *received]
    assert outbox.unsent == 0


def test_sent_messages_are_not_replaced() -> None:
    client = Client()
    outbox = client.outbox()
    outbox.send(b"a", "k")
    assert client.writing.wait(DEADLINE)
    outbox.send(b"b", "k")
    client.open.set()
    assert outbox.close(DEADLINE)
    assert client.bodies == [b"a", b"b"]


def test_pending_from_send_until_it_has_gone_out() -> None:
    client = Client()
    outbox = client.outbox()
    assert not outbox.pending("k")
    outbox.send(b"a", "k")
    assert client.writing.wait(DEADLINE)
    assert outbox.pending("k"), "being written is not yet sent"
    outbox.send(b"b", "other")
    assert outbox.pending("other")
    client.open.set()
    assert outbox.close(DEADLINE)
    assert not outbox.pending("k")
    assert not outbox.pending("other")


def test_keyed_messages_do_not_pile_up() -> None:
    client, outbox = blocked()
    before = outbox.unsent
    for number in range(10_000):
        outbox.send(b"%08d" % number + b"x" * 1000, number % 3)
    assert outbox.unsent - before < 3 * 1100
    client.open.set()
    assert outbox.close(DEADLINE)
    assert [body[:8] for body in client.bodies[1:]] == [b"00009999", b"00009997", b"00009998"]


def test_congestion_begins_and_ends() -> None:
    client, outbox = blocked()
    assert not outbox.congested
    for _ in range(CONGESTED // 100_000 + 1):
        outbox.send(b"x" * 100_000)
    assert outbox.congested
    assert outbox.stalled_for() >= 0
    client.open.set()
    assert outbox.close(DEADLINE)
    assert not outbox.congested
    assert outbox.stalled_for() == 0
    assert client.largest <= 65536, "progress on large messages is seen piece by piece"


def test_closing_gives_up_at_its_deadline() -> None:
    client, outbox = blocked()
    assert not outbox.close(0.01)
    outbox.send(b"too late")
    client.open.set()
    assert outbox.close(DEADLINE)
    assert client.bodies == [b"first"]


def test_a_gone_client_is_reported_once_and_costs_nothing() -> None:
    client, outbox = blocked()
    client.fails = True
    outbox.send(b"x" * (CONGESTED + 1), "k")
    client.open.set()
    assert client.broken.wait(DEADLINE)
    for _ in range(100):
        outbox.send(b"x" * 100_000)
    assert outbox.unsent == 0
    assert not outbox.congested
    assert not outbox.pending("k")
    assert not outbox.close(DEADLINE), "not everything was sent"


def test_many_threads_may_send() -> None:
    client = Client()
    client.open.set()
    outbox = client.outbox()

    def send(name: int) -> None:
        for number in range(500):
            outbox.send(b"%d %d" % (name, number))

    threads = [threading.Thread(target=send, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outbox.close(DEADLINE)
    for name in range(4):
        mine = [body for body in client.bodies if body.startswith(b"%d " % name)]
        assert mine == [b"%d %d" % (name, number) for number in range(500)]


def receive(read: Callable[[], bytes], amount: int) -> bytes:
    data = b""
    while len(data) < amount:
        data += read()
    return data


@pytest.mark.parametrize("blocking", [True, False])
def test_writing_to_a_pipe(blocking: bool) -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, blocking)
    outbox = Outbox(write_to_fd(writing), lambda: None)
    body = b"x" * 500_000  # far more than a pipe holds
    outbox.send(body)
    assert receive(lambda: os.read(reading, 65536), 500_026) == b"Content-Length: 500000\r\n\r\n" + body
    assert outbox.close(DEADLINE)
    os.close(reading)
    os.close(writing)


def test_writing_to_a_socket_that_asyncio_has_made_non_blocking() -> None:
    here, there = socket.socketpair()
    here.setblocking(False)
    copy = here.dup()
    outbox = Outbox(write_to_socket(copy), lambda: None)
    body = b"x" * 3_000_000
    outbox.send(body)
    assert receive(lambda: there.recv(65536), 3_000_027) == b"Content-Length: 3000000\r\n\r\n" + body
    assert outbox.close(DEADLINE)
    assert not os.get_blocking(here.fileno())
    for sock in (here, there, copy):
        sock.close()


def test_a_closed_pipe_is_reported() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    broken = threading.Event()
    outbox = Outbox(write_to_fd(writing), broken.set)
    outbox.send(b"x")
    assert broken.wait(DEADLINE)
    outbox.close(DEADLINE)
    os.close(writing)

"""Deltas: at once, then at the pace of a screen, and never faster than the client reads."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cachewise.lsp.progress import DeltaStream, WorkDone
from support.wire import HeldWire


async def ticks(wire: HeldWire, count: int) -> None:
    """Wait until so many messages are sent."""
    async with asyncio.timeout(5):
        while len(wire.sent) < count:
            await asyncio.sleep(0.001)


async def test_the_first_text_goes_at_once_and_the_rest_is_merged() -> None:
    wire = HeldWire()
    stream = DeltaStream(wire, "t")
    stream.write("a")
    assert wire.values("t") == [{"text": "a", "seq": 0}]
    stream.write("b")
    stream.write("c")
    assert len(wire.sent) == 1, "three deltas in one tick"
    await ticks(wire, 2)
    assert wire.values("t")[1] == {"text": "bc", "seq": 1}
    stream.close()
    assert len(wire.sent) == 2


async def test_the_document_is_named_before_the_text() -> None:
    wire = HeldWire()
    stream = DeltaStream(wire, "t")
    stream.announce("cachewise:/a.md")
    stream.write("a")
    assert wire.values("t") == [{"text": "", "seq": 0, "document": "cachewise:/a.md"}, {"text": "a", "seq": 1}]
    stream.close()


async def test_after_a_pause_text_goes_at_once_again() -> None:
    wire = HeldWire()
    stream = DeltaStream(wire, 7)
    stream.write("a")
    async with asyncio.timeout(5):
        while stream._timer is not None:
            await asyncio.sleep(0.001)
    stream.write("b")
    assert [value["text"] for value in wire.values(7)] == ["a", "b"]
    stream.close()


async def test_a_client_that_does_not_read_gets_one_delta_when_it_does() -> None:
    wire = HeldWire(stuck=True)
    stream = DeltaStream(wire, "t")
    for number in range(200):
        stream.write(f"{number} ")
        if number % 50 == 0:
            await asyncio.sleep(0.02)
    assert len(wire.sent) == 1, "deltas pile up while nobody reads"
    wire.go_on()
    await ticks(wire, 2)
    stream.close()
    values = wire.values("t")
    assert "".join(value["text"] for value in values) == "".join(f"{number} " for number in range(200))
    assert [value["seq"] for value in values] == [0, 1]


async def test_closing_sends_what_is_left_even_to_a_client_that_does_not_read() -> None:
    wire = HeldWire(stuck=True)
    stream = DeltaStream(wire, "t")
    stream.write("a")
    stream.write("b")
    stream.close()
    stream.close()
    assert wire.values("t") == [{"text": "a", "seq": 0}, {"text": "b", "seq": 1}]


async def test_dropping_sends_nothing_more() -> None:
    wire = HeldWire()
    stream = DeltaStream(wire, "t")
    stream.write("a")
    stream.write("b")
    stream.drop()
    stream.close()
    assert stream._timer is None, "a tick is still due"
    assert wire.values("t") == [{"text": "a", "seq": 0}]


@given(st.lists(st.tuples(st.text(min_size=1), st.sampled_from(["go on", "stick", "turn", "stay"])), max_size=30))
def test_joined_deltas_are_what_was_written(steps: list[tuple[str, str]]) -> None:
    async def run() -> list[dict[str, Any]]:
        wire = HeldWire()
        stream = DeltaStream(wire, "t")
        for text, what in steps:
            stream.write(text)
            if what == "stick":
                wire.stuck = True
            elif what == "go on":
                wire.go_on()
            elif what == "turn":
                await asyncio.sleep(0)
        stream.close()
        return wire.values("t")

    values = asyncio.run(run())
    assert "".join(value["text"] for value in values) == "".join(text for text, _ in steps)
    assert [value["seq"] for value in values] == list(range(len(values)))


def test_work_ends_once() -> None:
    wire = HeldWire()
    work = WorkDone(wire, "w")
    work.begin("Explaining a.py")
    work.report("half")
    work.end("explain · done")
    work.end("again")
    assert wire.values("w") == [
        {"kind": "begin", "title": "Explaining a.py", "cancellable": True},
        {"kind": "report", "message": "half"},
        {"kind": "end", "message": "explain · done"},
    ]


@pytest.mark.parametrize("token", [0, "", "w", 7])
def test_any_token_is_a_token(token: int | str) -> None:
    wire = HeldWire()
    WorkDone(wire, token).end("done")
    assert wire.values(token) == [{"kind": "end", "message": "done"}]


def test_no_token_no_progress() -> None:
    wire = HeldWire()
    work = WorkDone(wire, None)
    work.begin("x")
    work.end("y")
    assert wire.sent == []

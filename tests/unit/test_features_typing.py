"""The rhythm of typing, and the pause that it asks for."""

from __future__ import annotations

import pytest

from cachewise.features.triggers import Edit
from cachewise.features.typing import BEHIND_DELETION, LONGEST_GAP, Typing
from cachewise.session.documents import Change
from support.simulated import Clock

URI = "file:///a.py"
HERE = ((0, 0), (0, 0))
KEY, BACKSPACE = Change(HERE, "x"), Change(((0, 0), (0, 1)), "")


def typed(clock: Clock, typing: Typing, gaps: list[float]) -> None:
    for gap in gaps:
        clock.now += gap
        typing.edited(URI, [KEY])


@pytest.mark.parametrize(
    ("gaps", "passed", "ceiling", "wanted"),
    [
        pytest.param([], 0.0, 0.3, 0.3, id="nothing is known yet"),
        pytest.param([5.0], 0.0, 0.3, 0.3, id="the first key"),
        pytest.param([5.0], 0.1, 0.3, 0.2, id="what has passed counts"),
        pytest.param([5.0, 0.1, 0.1, 0.1], 0.0, 0.3, 0.15, id="a fast hand needs a shorter pause"),
        pytest.param([5.0, 0.1, 0.1, 0.1], 0.2, 0.3, 0.0, id="the editor has waited already"),
        pytest.param([5.0, 0.25, 0.25, 0.25], 0.0, 0.3, 0.3, id="never more than the ceiling"),
        pytest.param([5.0, 0.4, 0.4, 0.4], 0.0, 0.3, 0.1, id="a slow hand, of which no ceiling would tell more"),
        pytest.param([5.0, 0.1, 0.1, 3.0], 0.0, 0.3, 0.15, id="a rest between is no part of the rhythm"),
        pytest.param([5.0, 0.1, 0.1], LONGEST_GAP, 0.3, 0.3, id="long afterwards the cursor was moved"),
        pytest.param([5.0, 0.1, 0.1], 0.0, 0.0, 0.0, id="no pause at all"),
    ],
)
def test_pause(gaps: list[float], passed: float, ceiling: float, wanted: float) -> None:
    clock = Clock()
    typing = Typing(clock)
    typed(clock, typing, gaps)
    clock.now += passed
    assert typing.pause(URI, ceiling) == pytest.approx(wanted)
    assert typing.pause("file:///other.py", ceiling) == ceiling


def test_the_rhythm_is_followed() -> None:
    clock = Clock()
    typing = Typing(clock)
    typed(clock, typing, [5.0, *[0.05] * 20])
    fast = typing.pause(URI, 1.0)
    typed(clock, typing, [0.3] * 20)
    assert fast == pytest.approx(0.075)
    assert 0.4 < typing.pause(URI, 1.0) < 0.46


@pytest.mark.parametrize(("ceiling", "wanted"), [(0.0, BEHIND_DELETION), (0.075, BEHIND_DELETION), (2.0, 2.0)])
def test_behind_a_deletion_the_pause_is_longer(ceiling: float, wanted: float) -> None:
    clock = Clock()
    typing = Typing(clock)
    typed(clock, typing, [5.0, 0.1, 0.1])
    typing.edited(URI, [BACKSPACE])
    assert typing.pause(URI, ceiling) == pytest.approx(wanted)
    clock.now += 0.2
    assert typing.pause(URI, ceiling) == pytest.approx(wanted - 0.2)
    typing.edited(URI, [KEY])
    assert typing.pause(URI, ceiling) < wanted or ceiling == 0.0


@pytest.mark.parametrize(
    ("changes", "last"),
    [
        pytest.param([], "typed", id="nothing"),
        pytest.param([KEY], "typed", id="a key"),
        pytest.param([BACKSPACE], "deleted", id="backspace"),
        pytest.param([BACKSPACE, BACKSPACE], "deleted", id="several cursors"),
        pytest.param([BACKSPACE, KEY], "typed", id="a word over another"),
        pytest.param([Change(None, "")], "typed", id="whole texts tell nothing"),
    ],
)
def test_what_was_done(changes: list[Change], last: Edit) -> None:
    typing = Typing()
    assert typing.last(URI) == "none"
    typing.edited(URI, changes)
    assert typing.last(URI) == last
    typing.accepted(URI)
    assert typing.last(URI) == "accepted"
    typing.edited(URI, [KEY])
    assert typing.last(URI) == "typed"
    typing.forget(URI)
    typing.forget(URI)
    typing.accepted(URI)
    assert typing.last(URI) == "none"

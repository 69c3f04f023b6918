from __future__ import annotations

import gzip
import json
import sys
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[2]))

from bench.layouts import (
    LAYOUTS,
    EagerJournal,
    EndMarked,
    Hole,
    Planner,
    Request,
    ShortPlanner,
    Snapshot1,
    StableMarked,
    WholeMarked,
)
from bench.picture import picture
from bench.recordings import Moment, Patch, Recording, applied, load, made, moments
from bench.replay import MARKETS, Replay, _new_text, market, replay, table

from cachewise.context.pieces import Piece
from support.contexts import lines

OLD = "".join(f"def old_{n}(value):\n    total = value + {n}\n    return total\n\n\n" for n in range(120))
NEW = OLD.replace("total = value + 7\n", "total = value * 7\n    print(total)\n").replace("def old_60", "def new_60")
NEW = NEW.replace("def old_90(value):\n", 'def old_90(value):\n    """Add ninety to it, and say what came out."""\n')
OTHERS = [Piece(name=f"lib/{n}.py", text=lines(120, f"lib{n}"), path=f"/lib/{n}.py", open=True) for n in range(8)]


def sequence(seed: int = 3) -> list[Moment]:
    return list(moments(made(OLD, NEW, seed), 0.2))


def ratio(result: Replay, name: str) -> float:
    return next(bill.total for bill in result.bills if bill.name == name) / result.floor.total


@given(st.text("ab \n", max_size=80), st.text("ab \n", max_size=80), st.integers(0, 99))
@settings(max_examples=150, deadline=None)
def test_a_made_recording_types_the_new_text(old: str, new: str, seed: int) -> None:
    recording = made(old, new, seed)
    text = old
    for _, patches in recording.edits:
        text = applied(text, patches)
        assert all(len(patch.inserted) <= 1 for patch in patches), "key by key"
    assert text == new
    assert all(one <= two for (one, _), (two, _) in pairwise(recording.edits))
    assert made(old, new, seed) == recording


def test_a_recording_is_read_back(tmp_path: Path) -> None:
    recording = made(OLD, NEW, 1)
    path = tmp_path / "made.json.gz"
    path.write_bytes(gzip.compress(json.dumps(recording.to_json()).encode()))
    assert [patches for _, patches in load(path).edits] == [patches for _, patches in recording.edits]
    shape = recording.to_json() | {"endContent": "another"}
    path.write_bytes(gzip.compress(json.dumps(shape).encode()))
    with pytest.raises(ValueError, match="do not end in the text"):
        load(path)


def test_a_request_for_each_pause() -> None:
    edits = tuple((time, (Patch(at, 0, "x"),)) for at, time in enumerate((0.0, 0.5, 3.0, 3.2, 3.4)))
    found = list(moments(Recording("", "xxxxx", edits)))
    assert found == [Moment(0.5, "xx", 2), Moment(3.4, "xxxxx", 5)]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param("abc", "abXc", "X", id="inside"),
        pytest.param("", "abc", "abc", id="all of it"),
        pytest.param("abc", "ac", "", id="less"),
        pytest.param("aaa", "aaaa", "a", id="of the same kind"),
    ],
)
def test_what_is_new(old: str, new: str, expected: str) -> None:
    assert _new_text(old, new) == expected


@pytest.mark.parametrize("name", MARKETS)
def test_the_planner_stays_near_the_floor_and_is_the_best(name: str) -> None:
    result = replay(sequence(), OTHERS, name, [StableMarked, Hole, Snapshot1, EagerJournal, ShortPlanner, Planner])
    ours = min(ratio(result, "cachewise"), ratio(result, "cachewise, always 5 minutes"))
    assert result.requests > 30
    assert ours <= 1.3, "a short recording; the system text and the frames weigh more than in a long one"
    for bill in result.bills:
        if not bill.name.startswith("cachewise"):
            assert ours <= 1.02 * bill.total / result.floor.total, bill.name


def test_marking_everything_costs_more_than_leaving_the_file_plain() -> None:
    result = replay(sequence(), OTHERS, "claude", [WholeMarked, StableMarked])
    assert ratio(result, WholeMarked.name) > ratio(result, StableMarked.name) > 1.5


def test_a_mark_at_the_end_alone_is_never_read() -> None:
    result = replay(sequence()[:20], OTHERS, "claude", [EndMarked, WholeMarked])
    assert result.bills[0].read == 0
    assert result.bills[0].total > result.uncached
    assert result.bills[1].read > 0


@pytest.mark.parametrize("name", ["claude", "read 0.05", "automatic"])
def test_the_planner_is_near_what_its_choices_could_have_cost_at_best(name: str) -> None:
    requests = sequence()
    result = replay(requests, OTHERS, name, [Planner], optimum_every=1)
    coarse = replay(requests, OTHERS, name, [], optimum_every=7)
    assert result.optimum is not None
    assert coarse.optimum is not None
    assert result.optimum <= coarse.optimum + 1e-6
    assert 0.97 * result.bills[0].total <= 1.1 * result.optimum
    assert result.optimum <= 1.01 * result.bills[0].total


@pytest.mark.parametrize("make", LAYOUTS, ids=lambda make: make.name)
def test_every_token_of_a_prompt_is_on_the_bill(make: type[StableMarked]) -> None:
    result = replay(sequence()[:12], OTHERS, "claude", [make])
    bill = result.bills[0]
    assert len(bill.costs) == 12
    assert bill.read + bill.write + bill.plain > 0
    assert bill.total <= 2 * (bill.read + bill.write + bill.plain)


def test_all_layouts_send_the_document_as_it_is() -> None:
    trade = market("claude")
    for make in (WholeMarked, StableMarked, Hole):
        layout = make(OTHERS, trade)
        for moment in sequence()[:10]:
            request = Request(moment.text, moment.cursor, "tail", moment.time, cold=False)
            assert moment.text in "".join(block.text for block in layout.prompt(request))


def test_the_table_and_the_picture_name_every_layout() -> None:
    result = replay(sequence()[:5], OTHERS, "claude", [StableMarked, Planner], optimum_every=2)
    assert "offline optimum" in table(result)
    shown = table(result)
    drawn = picture("a <title>", [(bill.name, bill.costs) for bill in (*result.bills, result.floor)])
    root = ElementTree.fromstring(drawn)
    words = "".join(root.itertext())
    for name in (StableMarked.name, "cachewise", "floor"):
        assert name in shown
        assert name in words

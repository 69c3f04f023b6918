"""The replay of typing: that it types what was recorded, and that its figures mean what they say."""

from __future__ import annotations

import sys
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from bench.bars import bars
from bench.keys import Model, State, states
from bench.keystrokes import Figures, Person, replayed, table
from bench.recordings import Patch, Recording
from bench.rules import RULES, Rule

from support.virtual import run

OLD = "".join(f"def old_{n}(value):\n    total = value + {n}\n    return total\n\n\n" for n in range(8))
PLACE = OLD.index("    return total\n\n\ndef old_4") - 1
TYPED = "\n    print(total)\n    for other in range(total):\n        print(other, value)"
NEW = OLD[:PLACE] + TYPED + OLD[PLACE:]


def recording() -> Recording:
    """Somebody who types at the end of a line, five keys a second."""
    keys = enumerate(TYPED)
    return Recording(OLD, NEW, tuple((1000.0 + at // 5, (Patch(PLACE + at, 0, key),)) for at, key in keys))


def sequence() -> list[State]:
    return states(recording(), 0, 500)


def test_states_are_the_recording_key_by_key() -> None:
    found = sequence()
    assert found[-1].text == NEW
    assert found[0].time == 0.0
    assert all(a.time <= b.time for a, b in pairwise(found))
    part = states(recording(), 10, 5)
    assert [state.text for state in part] == [state.text for state in found[10:15]]


@pytest.mark.parametrize("right", [0.0, 1.0])
def test_the_model_knows_as_often_as_it_is_told(right: float) -> None:
    found = sequence()
    model = Model(found, right)
    at = next(n for n, state in enumerate(found) if "for ot" in state.text)
    state, end = found[at], len(found[-1].text)
    typed = found[-1].text[state.cursor : end - (len(state.text) - state.cursor)]
    answer = model.answer(state.text, state.cursor)
    assert (answer == typed) is (right == 1.0)
    assert model.answer(state.text, state.cursor) == answer
    outcome = state.text[: state.cursor] + answer + state.text[state.cursor :]
    assert (model.reaches(at, outcome) is not None) is (right == 1.0)


def figures(rule: Rule | None, right: float = 1.0) -> Figures:
    found = sequence()
    return run(replayed("one", rule, found, Model(found, right), completion_offline="off"))


@pytest.mark.parametrize("rule", [None, *RULES], ids=lambda rule: rule.name if rule else "cachewise")
def test_every_assistant_types_to_the_end_and_what_is_told_adds_up(
    rule: Rule | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[str] = []
    typing = Person.type_all

    async def watched(person: Person) -> None:
        await typing(person)
        ended.append(person.rooms.documents.get("untitled:typed").text)

    monkeypatch.setattr(Person, "type_all", watched)
    row = figures(rule)
    assert ended == [NEW], "the document ends as it was recorded, whatever was taken"
    assert 0 <= row.right <= row.on_screen <= row.keys
    assert row.keys + row.characters >= len(NEW) - len(sequence()[0].text)
    assert row.bill.cancelled <= row.bill.sent <= row.asked + row.answered
    assert (row.bill.dollars > 0) is (row.bill.sent > 0)


def test_a_model_that_is_always_right_spares_keys_and_one_that_never_is_does_not() -> None:
    good, bad = figures(None, 1.0), figures(None, 0.0)
    assert good.taken > 0
    assert good.keys < bad.keys
    assert good.right / good.keys > bad.right / bad.keys
    assert good.bill.sent > 0


def test_cancel_and_ask_sends_one_request_for_each_key() -> None:
    row = figures(RULES[0], 0.0)
    assert row.bill.sent >= row.asked - 1  # the last key's may not leave any more
    assert row.reused == 0


def test_the_replay_is_the_same_each_time() -> None:
    assert table([figures(None)]) == table([figures(None)])


def test_table_and_picture_have_a_row_for_each() -> None:
    rows = [figures(None), figures(RULES[0])]
    rows[0].name, rows[1].name = "cachewise", "a <b>"
    assert [line.split("  ")[0] for line in table(rows).splitlines()[1:]] == ["cachewise", "a <b>"]
    drawn = ElementTree.fromstring(bars(rows))
    texts = [element.text for element in drawn.iter() if element.text]
    assert "a <b>" in texts

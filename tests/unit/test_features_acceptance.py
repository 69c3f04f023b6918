"""What becomes of suggestions, as it is counted."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from cachewise.features.acceptance import REMEMBERED, Acceptance
from cachewise.features.suggestions import Suggestion
from cachewise.model.snapshot import Snapshot

URI = "file:///a.py"


class Editor:
    """One document, its cursor at the end, and what was counted."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.acceptance = Acceptance(self._count)
        self.text, self.version = "a = ", 1
        self._seen: set[str] = set()

    def _count(self, **more: int) -> None:
        self.counts.update({name: count for name, count in more.items() if count})

    def type(self, text: str) -> None:
        self.text += text
        self.version += 1

    def show(self, ident: str, text: str, replaces: int = 0) -> None:
        at = len(self.text)
        more: dict[str, Any] = {"language": "python", "path": None, "folder": None, "name": "a.py"}
        snapshot = Snapshot(uri=URI, version=self.version, text=self.text, start=at, end=at, **more)
        first = ident not in self._seen
        self._seen.add(ident)
        self.acceptance.shown(snapshot, Suggestion(id=ident, text=text, replaces=replaces, source="m"), first=first)


def test_accepted_in_whole() -> None:
    editor = Editor()
    editor.show("one", "foo()")
    editor.type("foo()")
    offered = editor.acceptance.accepted("one", 5)
    assert offered is not None
    assert offered.stands_in(editor.text)
    editor.acceptance.accepted("one", 5)
    editor.acceptance.accepted("one", None)
    editor.show("two", ".bar")
    editor.acceptance.closed(URI, editor.text)
    assert editor.counts == {"shown": 2, "accepted": 1, "characters": 5, "rejected": 1}


def test_accepted_word_by_word() -> None:
    editor = Editor()
    editor.show("one", "foo(bar, baz)")
    for part in ("foo", "(bar,"):
        editor.type(part)
        offered = editor.acceptance.accepted("one", len(part))
        assert offered is not None
        assert not offered.stands_in(editor.text)
    editor.show("one", " baz)")
    editor.type(" baz)")
    offered = editor.acceptance.accepted("one", None)
    assert offered is not None
    assert offered.stands_in(editor.text)
    assert editor.counts == {"shown": 1, "accepted": 1, "characters": 13}


def test_accepted_after_some_typing() -> None:
    editor = Editor()
    editor.show("one", "foo()")
    editor.type("fo")
    editor.show("one", "o()")
    editor.type("o()")
    offered = editor.acceptance.accepted("one", 3)
    assert offered is not None
    assert offered.stands_in(editor.text)
    assert editor.counts == {"shown": 1, "accepted": 1, "characters": 3}


def test_one_that_grew_is_counted_as_it_is_now() -> None:
    editor = Editor()
    editor.show("one", "foo()")
    editor.show("one", "foo()\nbar()")
    editor.type("foo()\nbar()")
    editor.acceptance.accepted("one", 11)
    assert editor.counts["characters"] == 11


def test_one_that_replaces_a_word() -> None:
    editor = Editor()
    editor.type("FO")
    editor.show("one", "foo()", replaces=2)
    editor.text = "a = foo()"
    offered = editor.acceptance.accepted("one", 5)
    assert offered is not None
    assert offered.stands_in(editor.text)


@pytest.mark.parametrize(
    ("typed", "fate"), [("foo()", "typed"), ("foo() + 1", "typed"), ("fob", "rejected"), ("x", "rejected")]
)
@pytest.mark.parametrize("close", [True, False])
def test_not_accepted(typed: str, fate: str, close: bool) -> None:
    editor = Editor()
    editor.show("one", "foo()")
    editor.type(typed)
    if close:
        editor.acceptance.closed(URI, editor.text)
        editor.acceptance.closed(URI, editor.text)
        assert editor.counts == {"shown": 1, fate: 1}
    else:
        editor.show("two", "!")
        assert editor.counts == {"shown": 2, fate: 1}


def test_one_that_takes_another_ones_place_before_anything_was_typed() -> None:
    editor = Editor()
    editor.show("built-in", "foo()")
    editor.show("model", "bar()")
    editor.type("bar()")
    editor.acceptance.accepted("model", 5)
    editor.acceptance.closed(URI, editor.text)
    assert editor.counts == {"shown": 2, "accepted": 1, "characters": 5}


def test_ids_of_nobody_count_once_and_are_forgotten_in_time() -> None:
    editor = Editor()
    for _ in range(3):
        assert editor.acceptance.accepted("made up", 7) is None
    assert editor.acceptance.accepted("other", None) is None
    assert editor.acceptance.accepted("worse", -3) is None
    assert editor.counts == {"accepted": 3, "characters": 7}
    for number in range(REMEMBERED):
        editor.acceptance.accepted(str(number), 0)
    assert len(editor.acceptance._offered) == REMEMBERED

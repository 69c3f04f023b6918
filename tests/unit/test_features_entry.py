"""The selected entry of a completion list: which suggestions go on from it."""

from __future__ import annotations

import pytest

from cachewise.features.entry import Entry
from cachewise.features.suggestions import OFFLINE, Suggestion, Suggestions
from support.cursors import At

LINE = "x = pri\n"
END = 7
EXTENDED: dict[str, tuple[Entry, str, int, bool]] = {
    "goes on from it": (Entry(4, "print"), "nt(x)", 0, True),
    "says just the same": (Entry(4, "print"), "nt", 0, False),
    "says less": (Entry(4, "print"), "n", 0, False),
    "says something else": (Entry(4, "private"), "nt(x)", 0, False),
    "replaces the entry's word": (Entry(4, "Print"), "Print(x)", 3, True),
    "replaces it by something else": (Entry(4, "print"), "Print(x)", 3, False),
    "replaces less than the entry does": (Entry(4, "print"), "int(x)", 1, True),
    "replaces more": (Entry(4, "print"), "= print(x)", 5, True),
    "replaces more, by something else": (Entry(4, "print"), ": print(x)", 5, False),
    "an entry that only inserts": (Entry(7, "nt"), "nt(x)", 0, True),
    "an entry that retypes in other letters": (Entry(4, "Print"), "nt(x)", 0, False),
    "goes on over a line end": (Entry(4, "print"), "nt\nprint", 0, True),
}


@pytest.mark.parametrize(("entry", "text", "replaces", "extended"), EXTENDED.values(), ids=EXTENDED)
def test_extended(entry: Entry, text: str, replaces: int, extended: bool) -> None:
    suggestion = Suggestion(id="one", text=text, replaces=replaces, source="m")
    assert entry.extended_by(At(LINE, END), suggestion) is extended


FOUND: dict[str, tuple[str, str | None]] = {
    "the newest": ("private", "vate = 1"),
    "an older one": ("print", "nt(x)"),
    "the built-in completer's": ("prime", "me = 2"),
    "none": ("prior", None),
}


@pytest.mark.parametrize(("entry", "text"), FOUND.values(), ids=FOUND)
def test_of_all_that_fit_the_one_that_goes_on_is_found(entry: str, text: str | None) -> None:
    kept, at = Suggestions(), At(LINE, END)
    made = (("p", "rint(x)", "m"), ("pri", "me = 2", OFFLINE), ("pri", "vate = 1", "m"))
    for typed, rest, source in made:
        suggestion = Suggestion(id=rest, text=rest, replaces=0, source=source)
        kept.put(at.uri, f"x = {typed}", "\n", suggestion)
    found = kept.find(at, fits=Entry(4, entry).extended_by)
    assert (None if found is None else found.text) == text


SAID: dict[str, tuple[str, str, bool]] = {
    "the model": ("m", "nt(x)", True),
    "the model, for nothing": ("m", "", False),
    "the built-in completer": (OFFLINE, "nt(x)", False),
}


@pytest.mark.parametrize(("source", "text", "said"), SAID.values(), ids=SAID)
def test_the_model_has_said_something_here(source: str, text: str, said: bool) -> None:
    kept, at = Suggestions(), At(LINE, END)
    kept.put(at.uri, at.before, at.after, Suggestion(id="a", text=text, replaces=0, source=source))
    assert kept.answered(at) is said
    assert not kept.answered(At(LINE, END - 1))


def test_what_is_left_of_one_counts() -> None:
    kept = Suggestions()
    kept.put("file:///a.py", "x = ", "\n", Suggestion(id="a", text="print(x)", replaces=0, source="m"))
    left = kept.find(At(LINE, END), fits=Entry(4, "print").extended_by)
    assert left is not None
    assert left.text == "nt(x)"

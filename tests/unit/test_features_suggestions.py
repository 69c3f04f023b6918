"""Suggestions that are kept: found again wherever accepting them leads to the same text, and nowhere else."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cachewise.features.suggestions import KEPT, OFFLINE, Suggestion, Suggestions, rest_of
from support.cursors import At


def made(text: str, *, replaces: int = 0, ident: str = "one") -> Suggestion:
    return Suggestion(id=ident, text=text, replaces=replaces, source="m")


def accepted(editor: At, suggestion: Suggestion) -> str:
    """The document with a suggestion taken at the cursor."""
    assert 0 <= suggestion.replaces <= editor.end
    return editor.text[: editor.end - suggestion.replaces] + suggestion.text + editor.text[editor.end :]


REST: dict[str, tuple[str, str, str, tuple[str, int] | None]] = {
    "where it was made": ("urn x", "", "", ("urn x", 0)),
    "one character on": ("urn x", "", "u", ("rn x", 0)),
    "all but one": ("urn x", "", "urn ", ("x", 0)),
    "all of it": ("urn x", "", "urn x", None),
    "further than it goes": ("urn x", "", "urn xy", None),
    "another way": ("urn x", "", "a", None),
    "only a line end left": ("a\n", "", "a", None),
    "over a line end": ("\n    a = 1", "", "\n    ", ("a = 1", 0)),
    "replacing a word": ("Return", "ret", "ret", ("Return", 3)),
    "a part of that word": ("Return", "ret", "re", ("Return", 2)),
    "none of it": ("Return", "ret", "", ("Return", 0)),
    "written as suggested": ("Return", "ret", "Ret", ("urn", 0)),
    "written on in other letters": ("Return", "ret", "retu", None),
}


@pytest.mark.parametrize(("text", "replaced", "typed", "left"), REST.values(), ids=REST)
def test_rest(text: str, replaced: str, typed: str, left: tuple[str, int] | None) -> None:
    found = rest_of(made(text, replaces=len(replaced)), replaced, typed)
    assert (None if found is None else (found.text, found.replaces)) == left
    assert found is None or found.id == "one"


FOUND: dict[str, tuple[At, tuple[object, ...], str | None]] = {
    "the same state": (At("a = b\n", 4), (), "foo()"),
    "typed into": (At("a = fob\n", 6), (), "o()"),
    "cursor elsewhere": (At("a = b\n", 3), (), None),
    "text before differs": (At("c = b\n", 4), (), None),
    "text behind differs": (At("a = c\n", 4), (), None),
    "longer text behind": (At("a = b\n\n", 4), (), None),
    "other terms": (At("a = b\n", 4), ("never",), None),
    "other document": (At("a = b\n", 4, "file:///b.py"), (), None),
    "before its place": (At("a =b\n", 3), (), None),
    "typed another way": (At("a = xb\n", 5), (), None),
}


@pytest.mark.parametrize(("editor", "terms", "text"), FOUND.values(), ids=FOUND)
def test_find(editor: At, terms: tuple[object, ...], text: str | None) -> None:
    kept = Suggestions()
    kept.put("file:///a.py", "a = ", "b\n", made("foo()"))
    found = kept.find(editor, terms)
    assert (None if found is None else found.text) == text


def test_the_newest_that_fits_is_found_and_a_grown_one_takes_its_own_place() -> None:
    kept = Suggestions()
    at = At("", 0)
    kept.put(at.uri, "", "", made("one"))
    kept.put(at.uri, "", "", made("two", ident="two"))
    assert kept.find(at) == made("two", ident="two")
    assert len(kept) == 1
    kept.put(at.uri, "", "", made("two and more", ident="two"))
    assert kept.find(at) == made("two and more", ident="two")
    kept.put(at.uri, "tw", "", made("two and more", ident="two", replaces=2))
    assert len(kept) == 1
    # What is typed all the way is no hit, but grows into one.
    assert kept.find(At("two", 3)) == made(" and more", ident="two")


BESIDE: dict[str, tuple[str, str, str]] = {
    # what the model made, what is typed, what is found then
    "it begins with what is shown": ("foo(bar)\n    baz()", "fo", "o(bar)\n    baz()"),
    "it is the same": ("foo(bar)", "fo", "o(bar)"),
    "it says something else": ("foo(other)", "fo", "o(bar)"),
    "nothing is typed yet": ("foo(other)", "", "foo(other)"),
}


@pytest.mark.parametrize(("model", "typed", "found"), BESIDE.values(), ids=BESIDE)
@pytest.mark.parametrize("first", ["model", "offline"])
def test_what_is_typed_through_may_grow_but_not_change(model: str, typed: str, found: str, first: str) -> None:
    """The built-in completer's is on the screen when the model's comes, whichever of the two was kept first."""
    kept = Suggestions()
    builtin = Suggestion(id="builtin", text="foo(bar)", replaces=0, source=OFFLINE)
    both = [made(model, ident="model"), builtin]
    for suggestion in both if first == "model" else reversed(both):
        kept.put("file:///a.py", "a = ", "\n", suggestion)
    kept.first_showing("file:///a.py", "builtin")
    left = kept.find(At(f"a = {typed}\n", 4 + len(typed)))
    assert left is not None
    assert left.text == found


def test_showing_counts_once() -> None:
    kept = Suggestions()
    kept.put("u", "", "", made("one"))
    assert kept.first_showing("u", "one")
    assert not kept.first_showing("u", "one")
    kept.put("u", "", "", made("one more"))
    assert not kept.first_showing("u", "one")
    kept.put("u", "", "", made("two", ident="two"))
    assert kept.first_showing("u", "two")
    assert not kept.first_showing("u", "unknown")
    assert not kept.first_showing("v", "one")


def test_the_store_is_bounded_and_forgets() -> None:
    kept = Suggestions()
    for number in range(3 * KEPT):
        kept.put("u", "x" * number, "", made(f"s{number}", ident=str(number)))
    assert kept.find(At("", 0, "u")) is None
    kept.put("v", "", "", made("other"))
    assert len(kept) == KEPT + 1
    kept.forget("u")
    kept.forget("u")
    assert len(kept) == 1
    assert kept.find(At("", 0, "v")) == made("other")


def test_what_is_used_stays() -> None:
    kept = Suggestions()
    for number in range(KEPT):
        kept.put("u", "x" * number, "", made(f"s{number}", ident=str(number)))
    assert kept.find(At("", 0, "u"))
    kept.put("u", "y", "", made("new", ident="new"))
    assert kept.find(At("", 0, "u")) == made("s0", ident="0")
    assert kept.find(At("x", 1, "u")) is None


TEXTS = st.text(alphabet="ab \n\r\t(é👋", max_size=8)


@given(TEXTS, TEXTS, TEXTS.filter(bool), st.integers(0, 4), st.lists(st.integers(0, 2), max_size=30), st.randoms())
def test_typing_through_leads_to_what_accepting_at_once_would_have_given(
    before: str, after: str, text: str, replaces: int, steps: list[int], chance: random.Random
) -> None:
    """Type what is shown, delete, or type anything: what is found always ends in the same document."""
    replaces = min(replaces, len(before))
    kept = Suggestions()
    start = At(before + after, len(before))
    suggestion = made(text, replaces=replaces)
    kept.put(start.uri, before, after, suggestion)
    wanted = accepted(start, suggestion)
    cursor = before
    for step in steps:
        found = kept.find(At(cursor + after, len(cursor)))
        if found is not None:
            assert accepted(At(cursor + after, len(cursor)), found) == wanted
        if step == 0 and found is not None and found.replaces == 0:
            cursor += found.text[0]
        elif step == 1:
            cursor = cursor[:-1]
        elif step == 2:
            cursor += chance.choice("ab \n(")


@given(TEXTS, TEXTS, st.text(alphabet="ab\n", min_size=2, max_size=30))
def test_every_character_typed_through_is_a_hit(before: str, after: str, text: str) -> None:
    kept = Suggestions()
    kept.put("file:///a.py", before, after, made(text))
    for size in range(1, len(text)):
        cursor = before + text[:size]
        found = kept.find(At(cursor + after, len(cursor)))
        assert (found is None) == (not text[size:].strip())
    for size in range(len(text) - 1, 0, -1):  # and every one deleted again
        cursor = before + text[:size]
        found = kept.find(At(cursor + after, len(cursor)))
        assert found is None or found.text == text[size:]


def test_no_stale_suggestion_is_ever_shown() -> None:
    """10,000 random interleavings of edits, moves, slow answers and requests, against a plain list of whole texts."""
    chance = random.Random(5)
    shown = 0
    for _ in range(10_000):
        kept = Suggestions()
        text, at = "".join(chance.choices("ab\n", k=chance.randrange(6))), 0
        asked: list[tuple[str, int]] = []
        outcomes: set[str] = set()
        history = [text]
        for number in range(chance.randrange(4, 14)):
            at = min(at, len(text))
            match chance.randrange(6):
                case 0:
                    asked.append((text, at))
                case 1 if asked:  # an answer comes for a text that may be no more
                    old, cursor = asked.pop(chance.randrange(len(asked)))
                    answer = "".join(chance.choices("ab\n", k=chance.randrange(1, 5)))
                    given = made(answer, replaces=chance.randrange(min(2, cursor) + 1), ident=str(number))
                    kept.put("u", old[:cursor], old[cursor:], given)
                    outcomes.add(accepted(At(old, cursor), given))
                case 2:
                    text, at = text[:at] + (typed := chance.choice("ab\n")) + text[at:], at + len(typed)
                case 3:
                    text, at = text[: max(0, at - 1)] + text[at:], max(0, at - 1)
                case 4:
                    at = chance.randrange(len(text) + 1)
                case 5:
                    text = chance.choice(history)  # undo
            history.append(text)
            at = min(at, len(text))
            editor = At(text, at, "u")
            found = kept.find(editor)
            if found is not None:
                shown += 1
                assert accepted(editor, found) in outcomes
    assert shown > 3_000

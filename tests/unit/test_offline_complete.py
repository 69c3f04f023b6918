"""Guesses: what they are, where they are cut, and that any text is safe."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cachewise.offline.blend import blend
from cachewise.offline.complete import EXTEND, SHOW, Guess, Offer, complete, cut
from cachewise.offline.confidence import calibrated
from cachewise.offline.index import Index
from cachewise.offline.rest import fitted

LINES = """\
import argparse


def build_parser(program):
    parser = argparse.ArgumentParser(prog=program)
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--quiet", action="store_true")
    return parser


def main(arguments):
    parser = build_parser("tool")
    options = parser.parse_args(arguments)
    if options.verbose and options.quiet:
        parser.error("choose one")
    return run_everything(options)
"""


def indexed() -> Index:
    index = Index()
    for at in range(4):
        index.add(f"{at}.py", LINES.replace("tool", f"tool{at}"))
    return index


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        pytest.param("def f(program):\n    parser = arg", "parse.ArgumentParser(prog=program)", id="a line"),
        pytest.param("def main(arguments):\n    options = parser.parse_", "args(arguments)", id="within a word"),
        pytest.param('    parser.add_argument("--other", action="sto', 're_true")', id="within a string"),
        pytest.param("        if options.verbose and ", "options.quiet:", id="another indentation"),
        pytest.param("utterly_unknown_words here ", None, id="nothing known"),
        pytest.param("", "import argparse", id="no text"),
    ],
)
def test_guesses(before: str, expected: str | None) -> None:
    guess = complete(indexed(), before, "\n", "python")
    if expected is None:
        assert guess is None
    else:
        assert guess is not None
        assert expected.startswith(guess.text)


def test_the_document_itself_is_enough() -> None:
    before = LINES + "\n\ndef second(program):\n    parser = argparse.Arg"
    guess = complete(Index(), before, "", "python")
    assert guess is not None
    assert guess.text.startswith("umentParser")


def test_text_below_the_cursor_counts() -> None:
    guess = complete(Index(), "def second(program):\n    parser = argparse.Arg", "\n" + LINES, "python")
    assert guess is not None
    assert guess.text.startswith("umentParser")


def test_an_open_document_counts() -> None:
    index = Index()
    index.open("other.py", LINES)
    guess = complete(index, "def second(program):\n    parser = argp", "", "python", name="this.py")
    assert guess is not None
    assert guess.text.startswith("arse")


def test_the_same_question_has_the_same_answer() -> None:
    cursors = [LINES[:at] for at in range(20, len(LINES), 37)]
    first = [complete(indexed(), before, "\n", "python") for before in cursors]
    index = indexed()
    again = [complete(index, before, "\n", "python") for before in reversed(cursors)]
    assert first == again[::-1]
    assert any(first)


def test_least_is_the_fewest_characters_shown() -> None:
    for at in range(20, len(LINES), 11):
        guess = complete(indexed(), LINES[:at], "\n", "python", least=6)
        assert guess is None or len(guess.text.strip()) >= 6


@pytest.mark.parametrize(
    ("offers", "expected"),
    [
        pytest.param([], None, id="nothing"),
        pytest.param([("value", SHOW)], "value", id="just sure enough"),
        pytest.param([("value", SHOW - 0.01)], None, id="not sure enough"),
        pytest.param([("value", 0.99), ("value(x)", EXTEND)], "value(x)", id="goes on"),
        pytest.param([("value", 0.99), ("value(x)", EXTEND - 0.01)], "value", id="is cut"),
        pytest.param([("v", 0.99), ("v()", SHOW)], "v()", id="too short ones need less to go on"),
        pytest.param([("v", 0.99)], None, id="too short"),
        pytest.param([("  v ", 0.99)], None, id="blanks do not count"),
        pytest.param([("get_", 0.6), ("get_value", 0.62), ("get_value()", 0.9)], "get_value()", id="surer further on"),
    ],
)
def test_cut(offers: list[tuple[str, float]], expected: str | None) -> None:
    best = cut(iter([Offer(*offer) for offer in offers]), least=3)
    assert (best and best.text) == expected


@pytest.mark.parametrize(
    ("guess", "before", "rest", "expected"),
    [
        pytest.param("value)", "f(", "", "value)", id="nothing behind"),
        pytest.param("value  ", "f(", "  ", "value", id="blanks behind"),
        pytest.param("value)", "f(", ")", "value", id="closed already"),
        pytest.param("g(value))", "f(", ")", "g(value)", id="own brackets stay"),
        pytest.param("g(value)", "f(", ")", "g(value)", id="balanced"),
        pytest.param("value):", "if f(", "):", "value", id="closed, and a colon"),
        pytest.param("[0])", "f(a", "])", "[0", id="two brackets closed already"),
        pytest.param('name")', 'f("', '")', "name", id="closing quote"),
        pytest.param('name"', 'f("', '"', "name", id="only a quote"),
        pytest.param('g("name")', "f(", '"', 'g("name")', id="quote behind is an opening one"),
        pytest.param("value", "f(", "old", "", id="a word is there"),
        pytest.param("a, b)", "f(", ", b)", "a", id="all of the rest is in the guess"),
        pytest.param("a, b", "f(", ", b, c)", "a", id="some of the rest is in the guess"),
        pytest.param(")", "f(", ")", "", id="only what is there"),
    ],
)
def test_fitted(guess: str, before: str, rest: str, expected: str) -> None:
    assert fitted(guess, before, rest) == expected


@given(st.text("ab(), ", max_size=12), st.text("(),;. ab", min_size=3, max_size=8))
def test_a_rest_that_is_there_is_not_repeated(guess: str, rest: str) -> None:
    out = fitted(guess, "", rest)
    assert guess.startswith(out)
    if len(rest.strip()) > 1:
        assert not out.endswith(rest.strip())


ANY = st.text(st.characters(), max_size=60)
CODE = st.sampled_from(
    [LINES[at : at + 40] for at in range(0, len(LINES), 23)] + ["\n", "\r\n", "\u2028", "\t", "  ", "\ud83d", "e\u0301"]
)
MIXED = st.lists(ANY | CODE, max_size=8).map("".join)


@settings(max_examples=150, deadline=None)
@given(MIXED, MIXED, MIXED)
def test_any_text_is_safe(text: str, before: str, after: str) -> None:
    index = indexed()
    index.add("any.py", text)
    index.open("open.py", text[::-1])
    guess = complete(index, before, after, "python")
    if guess is not None:
        assert len(guess.text.splitlines()) == 1
        assert guess.text.replace("\t", " ").isprintable()
        assert guess.text == guess.text.rstrip()
        assert 0.0 <= guess.confidence <= 1.0
        guess.text.encode()
    index.remove("any.py")
    index.compact()
    assert complete(index, before, "", "python") == complete(index, before, "", "python")


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(LINES)))
def test_a_finished_line_is_not_written_again(at: int) -> None:
    guess = complete(indexed(), LINES[:at], LINES[at:], "python")
    rest = LINES[at:].partition("\n")[0]
    if guess is not None and len(rest.strip()) > 1:
        assert not guess.text.endswith(rest.strip())


def test_longer_contexts_say_more() -> None:
    made = blend([(5, 1, 1.0), (1, 2, 3.0), (1, 3, 3.0)])
    assert made.chances[1] > made.chances[2] == made.chances[3]
    assert made.longest == 5
    assert made.amount == 1.0


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(1, 9), st.floats(0.1, 9))))
def test_chances_are_no_more_than_one(matches: list[tuple[int, int, float]]) -> None:
    made = blend(matches)
    assert sum(made.chances.values()) <= 1.0 + 1e-9
    assert set(made.chances) <= {number for _, number, _ in matches}
    assert (made.longest == -1) == (not matches)


def test_calibration_never_falls() -> None:
    values = [calibrated(at / 200) for at in range(201)]
    assert all(one <= other for one, other in pairwise(values))
    assert 0.0 < values[0] < values[-1] <= 1.0


def test_a_guess_is_a_value() -> None:
    assert Guess("a", 0.5) == Guess("a", 0.5)

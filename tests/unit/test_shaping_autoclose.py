from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cachewise.shaping.autoclose import MOST, between, closes, left_of

PAIRS = {"(": ")", "[": "]", "{": "}", '"': '"', "'": "'", "`": "`"}


@pytest.mark.parametrize(
    ("typed", "behind", "fits"),
    [
        pytest.param("print(", ")", True, id="bracket"),
        pytest.param("print(", "", False, id="nothing"),
        pytest.param("print(", " ", False, id="white space"),
        pytest.param("print(", "]", False, id="another bracket"),
        pytest.param("print()", ")", False, id="closed already"),
        pytest.param("print", ")", False, id="none was opened"),
        pytest.param("f(a[", "])", True, id="two brackets"),
        pytest.param("f(a[", ")]", False, id="in another order"),
        pytest.param("f(a[", "]", True, id="the editor closed the last"),
        pytest.param("f(a[", ")", True, id="the editor closed the first"),
        pytest.param("f(a[0]", ")", True, id="one is closed"),
        pytest.param("f(a[0]", "])", False, id="one is closed, and stands there"),
        pytest.param('f("', '")', True, id="quote"),
        pytest.param('f("(', '")', True, id="bracket in a string"),
        pytest.param('f("(', ')")', False, id="bracket in a string is not closed"),
        pytest.param('f("\\"', '")', True, id="escaped quote"),
        pytest.param("f('a', ", ")", True, id="closed string"),
        pytest.param("don't(", ")", True, id="apostrophe"),
        pytest.param("fn f<'a>(", ")", True, id="lifetime"),
        pytest.param("if (a) {", "\n}", True, id="line end before it"),
        pytest.param("f(() => {\n  ", "\n})", True, id="block in a call"),
        pytest.param("\n  ", "\n", True, id="a line between braces"),
        pytest.param("\n  ", "  ", False, id="white space without a line end"),
        pytest.param("(" * MOST, ")" * MOST, True, id="many"),
        pytest.param("(" * (MOST + 1), ")" * (MOST + 1), False, id="too many"),
    ],
)
def test_closes(typed: str, behind: str, fits: bool) -> None:
    assert closes(typed, behind) is fits


@pytest.mark.parametrize(
    ("left", "behind", "text"),
    [
        pytest.param("total)", ")", "total", id="to its end"),
        pytest.param(")", ")", "", id="nothing"),
        pytest.param("a[0], b) + 2", ")", "a[0], b", id="goes on behind"),
        pytest.param("g(a)), h(b)", "))", "g(a)", id="goes on between two"),
        pytest.param("a), b)", "))", "a", id="the second is further on"),
        pytest.param("a, (b)", ")", "a, (b", id="never closed by itself"),
        pytest.param("a, b", ")", "a, b", id="not closed yet"),
        pytest.param('a" + b', '"', "a", id="quote"),
        pytest.param('a\\"b" + c', '"', 'a\\"b', id="escaped quote"),
        pytest.param("a' + 'b'", "'", "a' + 'b", id="the last of three quotes"),
        pytest.param('")") + a', ")", '")"', id="bracket in a string"),
        pytest.param("\n  go();\n});", "})", "\n  go();\n", id="block"),
        pytest.param("go();\n});", "\n})", "go();", id="block with its last line end"),
    ],
)
def test_between(left: str, behind: str, text: str) -> None:
    assert between(left, behind) == text


@pytest.mark.parametrize(
    ("text", "typed", "behind", "left"),
    [
        pytest.param("f(a)", "f(", ")", "a", id="bracket"),
        pytest.param("f(a)", "g(", ")", None, id="something else was typed"),
        pytest.param("<p>Hi</p>", "<p>", "</p>", "Hi", id="tag"),
        pytest.param("<p>Hi</p>\n<p>", "<p>", "</p>", None, id="tag, and more"),
        pytest.param("\n  return 1;\n", "\n  ", "\n", "return 1;", id="line between braces"),
        pytest.param("\n  a;\n  b;", "\n  ", "\n", "a;\n  b;", id="line between braces without its line end"),
        pytest.param(" {\n  a;\n}", " {\n  ", "\n}", "a;", id="brace and line"),
        pytest.param("value, other", "value", "er", ", oth", id="the same text in the end"),
        pytest.param("value", "value", "x", None, id="something else behind"),
    ],
)
def test_left_of(text: str, typed: str, behind: str, left: str | None) -> None:
    assert left_of(text, typed, behind) == left


def typed_by_an_editor(text: str, size: int) -> tuple[str, str]:
    """The first characters of a text as an editor has them that closes all brackets and quotes, and what is behind."""
    behind: list[str] = []
    for at, character in enumerate(text[:size]):
        quoted = bool(behind) and behind[-1] in "\"'`"
        if behind and character == behind[-1]:
            behind.pop()
        elif not quoted and character in PAIRS and not (character == "'" and text[at - 1 : at].isalnum()):
            behind.append(PAIRS[character])
    return text[:size], "".join(reversed(behind))


@given(st.text(alphabet="ab ,()[]{}\"'\n", max_size=30), st.integers(0, 30))
def test_what_is_shown_is_always_what_the_suggestion_says_there(text: str, size: int) -> None:
    typed, behind = typed_by_an_editor(text, size)
    if behind:
        assert closes(typed, behind)
        assert text.startswith(typed + between(text[len(typed) :], behind))

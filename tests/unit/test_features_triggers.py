"""When a model is asked, by where the cursor stands and what was done last."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cachewise.features.triggers import LONGEST_FILE, LONGEST_LINE, Edit, Moment, never, not_now, spot


def moment(marked: str, language: str = "python", last: Edit = "typed", uri: str = "file:///a.py") -> Moment:
    """A document in which the cursor is written as `|`."""
    offset = marked.index("|")
    return Moment(text=marked.replace("|", "", 1), offset=offset, language=language, uri=uri, last=last)


ASKED: dict[str, tuple[str, str]] = {
    "the end of a line": ("x = |\n", "python"),
    "an empty document": ("|", "python"),
    "an empty line": ("x = 1\n|\ny = 2\n", "python"),
    "before brackets that the editor closed": ("print(|)\n", "python"),
    "before more of them": ("call({'a': [|]});\n", "javascript"),
    "before an opening brace": ("if (x|) {\n", "c"),
    "before white space": ("x = | \t\n", "python"),
    "with CRLF": ("x = |\r\ny = 1\r\n", "python"),
    "a comment in words": ("# compute the|\n", "python"),
    "a comment behind code": ("x = 1  # the first|", "python"),
    "a docstring": ('    """Return the|\n', "python"),
    "behind a string": ("x = 'a' + |\n", "python"),
    "behind a quoted comment mark": ("x = '#' + |\n", "python"),
    "behind an escaped quote": ("x = 'it\\'s' + |\n", "python"),
    "a lifetime": ("fn first<'a>(x: &'a str) -> |\n", "rust"),
    "an apostrophe in prose": ("It's a|\n", "markdown"),
    "a hash in prose": ("# Ti|\n", "markdown"),
    "in front of a word": ("x = |y\n", "python"),
    "behind a word of an expression": ("x = (a| + 1)\n", "python"),
    "a parameter that was forgotten": ("const tick = (no_sound|) => {\n", "typescript"),
    "an argument before others": ("foo(a, |b)\n", "python"),
    "a condition": ("if x| == 3:\n", "python"),
    "a key typed in front of a word": ("return n|value\n", "python"),
    "a string": ("x = 'some te|'\n", "python"),
    "a string that nothing closes": ('x = "some te|\n', "go"),
    "a string with a comment mark in it": ("x = 'http://|'\n", "javascript"),
    "behind an escape": ("x = 'a\\'|\n", "python"),
    "a template": ("x = `a|`\n", "typescript"),
    "a string in data": ('  "name": "ca|"\n', "json"),
    "a division": ("x = a / |\n", "javascript"),
    "behind a closed string of three quotes": ('x = """a""" + |\n', "python"),
}


@pytest.mark.parametrize(("marked", "language"), ASKED.values(), ids=ASKED)
def test_asked(marked: str, language: str) -> None:
    assert not_now(moment(marked, language)) is None


NOT_ASKED: dict[str, tuple[str, str, str]] = {
    "an empty comment": ("# |\n", "python", "comment"),
    "a comment behind code": ("x = 1  # |\n", "python", "comment"),
    "a comment of slashes": ("x = 1 // |\n", "typescript", "comment"),
    "a comment of dashes": ("local x -- |\n", "lua", "comment"),
    "a comment before more of it": ("# compute |the sum\n", "python", "comment"),
    "a docstring that closes behind": ('"""Return|"""\n', "python", "docstring"),
}


@pytest.mark.parametrize(("marked", "language", "reason"), NOT_ASKED.values(), ids=NOT_ASKED)
def test_not_asked(marked: str, language: str, reason: str) -> None:
    assert reason in (not_now(moment(marked, language)) or "")


@pytest.mark.parametrize("marked", ["pri|nt\n", "größ|e\n", "x = 1|2\n"])
@pytest.mark.parametrize(("last", "asked"), [("none", False), ("typed", True), ("deleted", False)])
def test_in_the_middle_of_a_word_only_what_is_typed_there_counts(marked: str, last: Edit, asked: bool) -> None:
    reason = not_now(moment(marked, last=last))
    assert reason == (None if asked else "the cursor is in the middle of a word")


@pytest.mark.parametrize(("last", "asked"), [("none", True), ("typed", True), ("deleted", True), ("accepted", False)])
def test_what_was_done_last(last: Edit, asked: bool) -> None:
    assert (not_now(moment("x = |\n", last=last)) is None) is asked


def test_what_is_too_long() -> None:
    assert "file" in (not_now(moment("x\n" * (LONGEST_FILE // 2 + 1) + "|")) or "")
    assert "line" in (not_now(moment("x\n" + "x" * (LONGEST_LINE + 1) + "|")) or "")
    assert not_now(moment("x" * LONGEST_LINE + "\n|\n" + "x" * LONGEST_LINE)) is None


def test_what_is_never_suggested_for() -> None:
    at = moment("x = |\n")
    assert never(at) is None
    for disabled, written in {"markdown": False, "mark*": False, "*": False, "python": True, "down": True}.items():
        notes = Moment(text="", offset=0, language="markdown", uri="file:///a.md", last="none", disabled=[disabled])
        assert (never(notes) is None) is written, disabled
    for uri, written in {"git:/a.py": False, "cachewise:/1.md": False, "output:x": False, "untitled:1": True}.items():
        assert (never(moment("x = |\n", uri=uri)) is None) is written
    assert never(moment("|", uri="vscode-notebook-cell:/a.ipynb#W0")) is None


@given(
    st.text(alphabet="ab'\"`#/-\\ \n", max_size=40), st.integers(0, 40), st.sampled_from(["python", "go", "lua", "x"])
)
def test_any_text_gets_an_answer(text: str, offset: int, language: str) -> None:
    at = min(offset, len(text))
    found = not_now(Moment(text=text, offset=at, language=language, uri="file:///a", last="typed"))
    assert found is None or found.startswith("the cursor is in")
    where, inside = spot(text[:at].rpartition("\n")[2], language)
    assert text[:at].endswith(inside)
    assert where == "code" or language != "x"

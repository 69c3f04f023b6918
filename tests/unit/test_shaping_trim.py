from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cachewise.shaping.place import WINDOW, Place, newlines
from cachewise.shaping.trim import cleaned, eol_of, joins, trimmed, with_eol


@pytest.mark.parametrize(
    ("text", "eol"),
    [
        pytest.param("", "\n", id="empty"),
        pytest.param("a", "\n", id="none"),
        pytest.param("a\nb\r\n", "\n", id="the first one counts"),
        pytest.param("a\r\nb\n", "\r\n", id="crlf"),
        pytest.param("a\rb\n", "\r", id="cr"),
        pytest.param("a\u2028b\x85c\fd\r\n", "\r\n", id="what ends no line"),
    ],
)
def test_eol_of(text: str, eol: str) -> None:
    assert eol_of(text) == eol


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        pytest.param("a\r\nb\rc\n", "a\nb\nc\n", id="line ends"),
        pytest.param("a\u2028b\x85c\fd", "a\u2028b\x85c\fd", id="what ends no line"),
        pytest.param("<|cursor|>a<|cursor|>b", "ab", id="cursor marks"),
        pytest.param("a<|im_end|>\nb", "a", id="end mark"),
        pytest.param("a<EOT>b", "a", id="end mark of another model"),
        pytest.param("\ufeffa\0b\x1b[0m\tc\x0cd", "ab[0m\tc\x0cd", id="control characters"),
        pytest.param("a\u202eb\u2066c\u200d\u200fd", "abc\u200d\u200fd", id="order of text"),
        pytest.param("<think>\na < b\n</think>\n\n  c", "  c", id="thoughts"),
        pytest.param("\n<think>\na", "", id="open thoughts"),
        pytest.param("a<think>b</think>", "a<think>b</think>", id="an element"),
        pytest.param("a <|cur", "a ", id="cursor mark begun"),
        pytest.param("a <|fim_middle|", "a ", id="end mark begun"),
        pytest.param("a <|> b", "a <|> b", id="an operator"),
        pytest.param("f <| g", "f <| g", id="another operator"),
        pytest.param("a <|", "a <|", id="an operator at the end"),
        pytest.param("a <|zip", "a <|zip", id="an operator with a name"),
        pytest.param("<s>old</s>", "<s>old</s>", id="HTML"),
        pytest.param("a < b", "a < b", id="less than"),
    ],
)
def test_cleaned(raw: str, text: str) -> None:
    assert cleaned(raw) == text


@pytest.mark.parametrize(
    ("text", "before", "after", "language", "result"),
    [
        pytest.param("a  \n\n", "x = ", "\ny", "python", "a", id="at a line's end"),
        pytest.param("a  \nb\t\n", "x = ", "\ny", "python", "a\nb", id="inside"),
        pytest.param("a  \nb", "", "", "markdown", "a  \nb", id="hard break"),
        pytest.param("a\u00a0\u2028", "x = ", "", "python", "a\u00a0\u2028", id="other white space is text"),
        pytest.param("a  ", "x = ", "+ b", "python", "a  ", id="spaces before the rest"),
        pytest.param("a ", "x = ", " + b", "python", "a", id="the rest has its own space"),
        pytest.param("a\n", "x = ", "+ b", "python", "a", id="line end before the rest"),
        pytest.param("a\n", "  ", "b", "python", "a\n  ", id="lines before a statement"),
        pytest.param(" \n", "  ", "b", "python", "", id="nothing"),
        pytest.param("\n  a", "{", "}", "c", "\n  a\n", id="lines between braces"),
        pytest.param("\n  a\n", "  f(", ")", "c", "\n  a\n  ", id="lines between brackets"),
        pytest.param("\n  a", "  f(", ")", "c", "\n  a", id="lines that end at a bracket"),
    ],
)
def test_trimmed(text: str, before: str, after: str, language: str, result: str) -> None:
    assert trimmed(text, Place.of(before, after, language)) == result


def test_with_eol() -> None:
    assert with_eol("a\nb", "\r\n") == "a\r\nb"
    assert with_eol("a\nb", "\n") == "a\nb"


@pytest.mark.parametrize(
    ("character", "expected"), [("\u0301", True), ("\u200d", True), ("🏽", True), ("a", False), ("", False)]
)
def test_joins(character: str, expected: bool) -> None:
    assert joins(character) is expected


@pytest.mark.parametrize(
    ("before", "language", "in_prose", "in_fence"),
    [
        pytest.param("x = ", "python", False, False, id="code"),
        pytest.param("x = 1  # ", "python", True, False, id="comment"),
        pytest.param("  // ", "typescript", True, False, id="line comment"),
        pytest.param("/**\n * ", "typescript", True, False, id="block comment"),
        pytest.param('def f():\n    """\n    ', "python", True, False, id="docstring"),
        pytest.param('def f():\n    """A."""\n    ', "python", False, False, id="behind a docstring"),
        pytest.param("#[", "rust", False, False, id="attribute"),
        pytest.param("#include ", "c", False, False, id="preprocessor"),
        pytest.param("# A\n", "markdown", True, False, id="prose"),
        pytest.param("```sh\n", "markdown", False, True, id="code block"),
        pytest.param("```sh\nls\n```\n", "markdown", True, False, id="behind a code block"),
        pytest.param("```sh\n", "python", False, False, id="a fence is nothing in code"),
    ],
)
def test_kinds_of_places(before: str, language: str, in_prose: bool, in_fence: bool) -> None:
    place = Place.of(before, "", language)
    assert (place.in_prose, place.in_fence) == (in_prose, in_fence)


def test_place() -> None:
    place = Place.of("a\r\nb\r\t x = ", "1 \r\nc\rd", "python")
    assert (place.above, place.prefix, place.rest, place.below) == (("a", "b"), "\t x = ", "1 ", ("c", "d"))
    assert (place.indent, place.blank, place.ends_line) == ("\t ", False, False)
    assert place.around("?") == "a\nb\n\t x = ?1 \nc\nd"
    assert Place.of("\n \t", " \t", "python").blank
    assert Place.of("", " \t\nx", "python").ends_line


def test_only_a_window_is_looked_at() -> None:
    place = Place.of("a\n" * WINDOW + "x", "y\n" + "b" * 10 + "\n" + "c" * WINDOW, "python")
    assert len("\n".join((*place.above, place.prefix))) == WINDOW
    assert place.below == ("b" * 10,)


@given(st.text(alphabet="a\r\n\x85\u2028"))
def test_newlines_leaves_one_kind(text: str) -> None:
    assert newlines(text) == io.StringIO(text, newline=None).read()

from __future__ import annotations

import os
import random
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cachewise.session.lines import Encoding, LineIndex, Position, split_lines
from support import plain_text

ENCODINGS: tuple[Encoding, ...] = get_args(Encoding)
texts = st.lists(st.sampled_from(plain_text.ALPHABET), max_size=40).map("".join)
positions = st.tuples(st.integers(-1, 12), st.integers(-1, 30))
edits = st.lists(st.tuples(positions, positions, texts), max_size=8)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        pytest.param("", [""], id="empty text is one empty line"),
        pytest.param("a", ["a"], id="no line end"),
        pytest.param("a\n", ["a\n", ""], id="line feed"),
        pytest.param("a\rb", ["a\r", "b"], id="carriage return"),
        pytest.param("a\r\nb", ["a\r\n", "b"], id="both are one line end"),
        pytest.param("\r\r\n\n", ["\r", "\r\n", "\n", ""], id="mixed"),
        pytest.param("\n\r", ["\n", "\r", ""], id="the other way round are two"),
        pytest.param("a\fb\vc\x1cd\x1de\x1ef\x85g\u2028h\u2029i", None, id="no other character ends a line"),
    ],
)
def test_splits_at_the_three_line_ends_only(text: str, lines: list[str] | None) -> None:
    assert split_lines(text) == ([text] if lines is None else lines)


@pytest.mark.parametrize(
    ("text", "encoding", "position", "offset"),
    [
        pytest.param("ab\ncd", "utf-16", (1, 1), 4, id="plain"),
        pytest.param("ab\ncd", "utf-16", (0, 9), 2, id="past the line end is before the line feed"),
        pytest.param("ab\r\ncd", "utf-16", (0, 3), 2, id="between CR and LF is before both"),
        pytest.param("ab\rcd", "utf-8", (0, 3), 2, id="before a lone CR"),
        pytest.param("ab\ncd", "utf-16", (7, 0), 5, id="past the last line is the end"),
        pytest.param("ab\ncd\n", "utf-16", (2, 0), 6, id="the empty last line"),
        pytest.param("ab", "utf-16", (-1, 5), 0, id="line below zero"),
        pytest.param("ab\ncd", "utf-16", (1, -3), 3, id="character below zero"),
        pytest.param("x😀y", "utf-16", (0, 2), 1, id="inside a surrogate pair is before it"),
        pytest.param("x😀y", "utf-16", (0, 3), 2, id="behind a surrogate pair"),
        pytest.param("x😀y", "utf-8", (0, 4), 1, id="inside four bytes is before them"),
        pytest.param("x😀y", "utf-8", (0, 5), 2, id="behind four bytes"),
        pytest.param("x😀y", "utf-32", (0, 2), 2, id="one unit per character"),
        pytest.param("é字y", "utf-8", (0, 4), 1, id="inside three bytes"),
        pytest.param("é字y", "utf-8", (0, 5), 2, id="behind three bytes"),
        pytest.param("😀😀😀", "utf-16", (0, 99), 3, id="far past the end of wide characters"),
    ],
)
def test_offset_of_position(text: str, encoding: Encoding, position: Position, offset: int) -> None:
    assert LineIndex(text, encoding).offset_at(*position) == offset


@pytest.mark.parametrize(
    ("text", "encoding", "offset", "position"),
    [
        pytest.param("ab\ncd", "utf-16", 4, (1, 1), id="plain"),
        pytest.param("ab\r\ncd", "utf-16", 3, (0, 2), id="between CR and LF"),
        pytest.param("ab\ncd\n", "utf-16", 6, (2, 0), id="the empty last line"),
        pytest.param("ab", "utf-16", 99, (0, 2), id="past the end"),
        pytest.param("ab", "utf-16", -1, (0, 0), id="below zero"),
        pytest.param("a😀b", "utf-16", 2, (0, 3), id="two units"),
        pytest.param("a😀b", "utf-8", 2, (0, 5), id="four units"),
        pytest.param("a😀b", "utf-32", 2, (0, 2), id="one unit"),
    ],
)
def test_position_of_offset(text: str, encoding: Encoding, offset: int, position: Position) -> None:
    assert LineIndex(text, encoding).position_at(offset) == position


@pytest.mark.parametrize(
    ("text", "start", "end", "new", "after"),
    [
        pytest.param("abc", (0, 1), (0, 2), "X", "aXc", id="replace"),
        pytest.param("a\nb\nc", (0, 1), (2, 0), "", "ac", id="join lines"),
        pytest.param("ab", (0, 1), (0, 1), "1\r\n2\n3", "a1\r\n2\n3b", id="split a line"),
        pytest.param("a\nb", (0, 0), (9, 9), "", "", id="delete everything"),
        pytest.param("a\nb", (0, 0), (9, 9), "c\nd\n", "c\nd\n", id="replace everything"),
        pytest.param("", (0, 0), (0, 0), "a\n", "a\n", id="into an empty text"),
        pytest.param("abc", (0, 2), (0, 1), "X", "aXc", id="reversed range"),
        pytest.param("a\nb\n", (1, 0), (2, 0), "", "a\n", id="delete the last full line"),
        pytest.param("a\rb", (1, 0), (1, 0), "\n", "a\r\nb", id="an inserted LF joins the CR before it"),
        pytest.param("a\rx\nb", (1, 0), (1, 1), "", "a\r\nb", id="a deletion joins CR and LF"),
        pytest.param("a\nb", (0, 1), (0, 1), "\r", "a\r\nb", id="an inserted CR joins the LF behind it"),
        pytest.param("a\r\nb", (0, 1), (0, 1), "\r", "a\r\r\nb", id="a CR before CRLF"),
        pytest.param("a\r\nb", (0, 1), (1, 0), "\n", "a\nb", id="CRLF becomes LF"),
        pytest.param("\r\n", (0, 0), (1, 0), "", "", id="delete a line end"),
        pytest.param("\r", (1, 0), (1, 0), "\n\n", "\r\n\n", id="two LF behind a CR"),
    ],
)
def test_edit(text: str, start: Position, end: Position, new: str, after: str) -> None:
    index = LineIndex(text, "utf-16")
    index.replace(start, end, new)
    assert index.text == after
    assert [index.line(n) for n in range(index.line_count)] == split_lines(after)


def check_equal(index: LineIndex, text: str) -> None:
    """The index says the same as the plain text, in its lines and at every offset."""
    assert index.text == text
    assert [index.line(n) for n in range(index.line_count)] == split_lines(text)
    assert index.line_count == len(plain_text.line_spans(text))
    for offset in range(-1, len(text) + 2):
        position = plain_text.position_of(text, offset, index.encoding)
        assert index.position_at(offset) == position
        assert index.offset_at(*position) == plain_text.offset_of(text, *position, index.encoding)


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(text=texts, changes=edits)
def test_any_edits_leave_the_text_that_plain_editing_leaves(
    encoding: Encoding, text: str, changes: list[tuple[Position, Position, str]]
) -> None:
    index = LineIndex(text, encoding)
    for start, end, new in changes:
        index.replace(start, end, new)
        text = plain_text.edited(text, start, end, new, encoding)
    check_equal(index, text)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_long_run_of_edits(encoding: Encoding) -> None:
    """CACHEWISE_FUZZ sets the number of edits. The seed is the round's number, so a failure names itself."""
    edits_wanted = int(os.environ.get("CACHEWISE_FUZZ", "5000"))
    for seed in range(max(1, edits_wanted // 250)):
        rng = random.Random(seed)
        text = plain_text.random_text(rng, 200)
        index = LineIndex(text, encoding)
        for step in range(250):
            start, end = (plain_text.random_position(rng, text) for _ in range(2))
            if rng.random() < 0.8:
                end = start if rng.random() < 0.5 else (start[0], start[1] + rng.randrange(4))
            new = plain_text.random_text(rng, 60 if len(text) < 100 else 4)
            index.replace(start, end, new)
            text = plain_text.edited(text, start, end, new, encoding)
            place = plain_text.random_position(rng, text)
            offset = plain_text.offset_of(text, *place, encoding)
            assert index.offset_at(*place) == offset, (seed, step)
            assert index.position_at(offset) == plain_text.position_of(text, offset, encoding), (seed, step)
            if step % 10 == 0:
                assert index.text.encode() == text.encode(), (seed, step)
        check_equal(index, text)


def test_an_edit_leaves_the_other_lines_alone() -> None:
    index = LineIndex("".join(f"line {n} of the text\n" for n in range(1000)), "utf-16")
    before = [index.line(n) for n in range(index.line_count)]
    index.replace((500, 3), (500, 4), "x\ny")
    after = [index.line(n) for n in range(index.line_count)]
    assert all(old is new for old, new in zip(before[:500], after[:500], strict=True))
    assert all(old is new for old, new in zip(before[501:], after[502:], strict=True))


def test_the_text_is_joined_once_between_edits() -> None:
    index = LineIndex("a\nb\n", "utf-16")
    index.replace((0, 0), (0, 1), "c")
    first = index.text
    assert index.text is first
    index.replace((0, 0), (0, 1), "d")
    assert index.text == "d\nb\n"


def test_a_whole_new_text_forgets_the_old_one() -> None:
    index = LineIndex("a\nbb\nc", "utf-16")
    assert index.offset_at(2, 1) == 6
    index.replace_all("\ud83d\ude00\n\nd")
    assert (index.text, index.line_count) == ("😀\n\nd", 3)
    assert index.offset_at(2, 1) == 4
    assert index.position_at(1) == (0, 2)


def test_halves_of_a_pair_that_come_in_two_edits_are_one_character() -> None:
    index = LineIndex("ab", "utf-16")
    index.replace((0, 1), (0, 1), "\ud83d")
    assert index.offset_at(0, 2) == 2
    index.replace((0, 2), (0, 2), "\ude00")
    assert index.text == "a😀b"
    assert index.position_at(2) == (0, 3)


def test_a_lone_surrogate_counts_one_unit_of_utf_16() -> None:
    index = LineIndex("a\ud83db\nc", "utf-16")
    assert index.offset_at(0, 3) == 3
    assert index.position_at(3) == (0, 3)


@pytest.mark.parametrize("number", [-1, 2])
def test_there_is_no_such_line(number: int) -> None:
    with pytest.raises(IndexError):
        LineIndex("a\nb", "utf-16").line(number)

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cachewise.context.differences import split_lines
from cachewise.context.window import line_at, lines_between, window_around

texts = st.lists(st.sampled_from(("a", "bc\n", "\r\n", "\r", "\n", "long " * 50, "é")), max_size=40).map("".join)
sizes = st.integers(0, 60)


@pytest.mark.parametrize(
    ("marked", "before", "after", "expected", "lines"),
    [
        pytest.param("|", 10, 10, "", (0, 0), id="empty document"),
        pytest.param("ab|c", 10, 10, "abc", (0, 1), id="all of a short one"),
        pytest.param("one\ntwo\nth|ree\nfour\nfive\n", 7, 8, "two\nthree\n", (1, 3), id="cut at line starts"),
        pytest.param("one\ntwo\nth|ree\nfour\nfive\n", 0, 0, "three\n", (2, 3), id="always the cursor's line"),
        pytest.param("one\r\ntwo\r\nth|ree\r\nfour\r\n", 5, 5, "three\r\n", (2, 3), id="CRLF"),
        pytest.param("one\rtwo\rth|ree\rfour\r", 5, 5, "three\r", (2, 3), id="lone CR"),
        pytest.param("one\ntwo\n|", 5, 5, "two\n", (1, 2), id="behind the last line"),
        pytest.param("one\ntwo\n|\nx\n", 0, 0, "\n", (2, 3), id="an empty line"),
    ],
)
def test_window(marked: str, before: int, after: int, expected: str, lines: tuple[int, int]) -> None:
    cursor = marked.index("|")
    text = marked.replace("|", "")
    window = window_around(text, cursor, before, after)
    assert text[window.start : window.end] == expected
    assert (window.first_line, window.last_line) == lines
    assert window.whole_lines


def test_a_line_without_end_is_cut() -> None:
    text = "x" * 5_000 + "\n"
    window = window_around(text, 2_500, 700, 300)
    assert not window.whole_lines
    assert (window.start, window.end) == (1_800, 2_800)
    assert (window.first_line, window.last_line) == (0, 1)


def test_a_long_line_is_kept_whole_while_that_is_bearable() -> None:
    text = "short\n" + "x" * 1_500 + "\nshort\n"
    window = window_around(text, 800, 700, 300)
    assert window.whole_lines
    assert text[window.start : window.end] == "x" * 1_500 + "\n"


@settings(max_examples=400)
@given(texts, st.integers(0, 1000), sizes, sizes)
def test_windows_are_whole_lines_around_the_cursor(text: str, place: int, before: int, after: int) -> None:
    cursor = len(text) * place // 1000
    window = window_around(text, cursor, before, after)
    assert window.start <= cursor <= window.end
    if window.whole_lines:
        shown = "".join(split_lines(text)[window.first_line : window.last_line])
        assert shown == text[window.start : window.end]


@settings(max_examples=300)
@given(texts, st.integers(0, 1000))
def test_line_numbers_are_those_of_the_lines(text: str, place: int) -> None:
    offset = len(text) * place // 1000
    lines = split_lines(text)
    number = line_at(text, offset)
    start = sum(map(len, lines[:number]))
    end = start + (len(lines[number]) if number < len(lines) else 0)
    assert start <= offset <= end


@settings(max_examples=300)
@given(texts, st.integers(0, 1000), sizes, sizes)
def test_a_known_line_gives_the_same_window(text: str, place: int, before: int, after: int) -> None:
    cursor = len(text) * place // 1000
    known = window_around(text, cursor, before, after, line_at(text, cursor))
    assert known == window_around(text, cursor, before, after)


@settings(max_examples=300)
@given(texts, st.integers(0, 1000), st.integers(0, 1000))
def test_lines_between_add_up(text: str, one: int, two: int) -> None:
    start, end = sorted((len(text) * one // 1000, len(text) * two // 1000))
    assert lines_between(text, start, end) == line_at(text, end) - line_at(text, start)

"""Text taken apart into words, and their numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cachewise.offline.vocabulary import UNKNOWN, Vocabulary
from cachewise.offline.words import (
    LINE_ENDS,
    LONGEST_LINE,
    LONGEST_WORD,
    comment_marks,
    family,
    is_data,
    line_end,
    words,
)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param("x = 1", ["x", " =", " 1"], id="blanks go with the word behind"),
        pytest.param("f(a, b)", ["f", "(", "a", ",", " b", ")"], id="each sign alone"),
        pytest.param("a  # b", ["a", " ", " #", " b"], id="only one blank goes with a word"),
        pytest.param("naïve_名前 != 'é'", ["naïve_名前", " !", "=", " '", "é", "'"], id="any letters"),
        pytest.param("a\tb", ["a", "\tb"], id="tab"),
        pytest.param("", [], id="nothing"),
        pytest.param("x" * (LONGEST_LINE + 1), [], id="too long to be typed"),
        pytest.param("x" * 100, ["x" * LONGEST_WORD], id="word cut"),
    ],
)
def test_words(line: str, expected: list[str]) -> None:
    assert words(line) == expected


@given(st.text(max_size=200).map(str.strip))
def test_words_lose_nothing(line: str) -> None:
    if all(len(word) < LONGEST_WORD for word in words(line)):
        assert "".join(words(line)) == line


@pytest.mark.parametrize(
    ("before", "after", "empty", "expected"),
    [
        pytest.param(4, 4, False, "\n=", id="same"),
        pytest.param(0, 4, False, "\n>", id="deeper"),
        pytest.param(8, 4, False, "\n<", id="shallower"),
        pytest.param(8, 0, False, "\n0", id="top"),
        pytest.param(0, 0, True, "\n\n=", id="empty line between"),
        pytest.param(8, 0, True, "\n\n0", id="top behind an empty line"),
    ],
)
def test_line_ends(before: int, after: int, empty: bool, expected: str) -> None:
    assert line_end(before, after, empty=empty) == expected
    assert expected in LINE_ENDS


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        pytest.param("python", "/a/b.py", True, id="name of language and of file"),
        pytest.param("typescriptreact", "x.js", True, id="script"),
        pytest.param("cpp", "x.h", True, id="c"),
        pytest.param("C", "x.C", True, id="case"),
        pytest.param("rust", "x.py", False, id="others"),
        pytest.param("elixir", "elixir", True, id="unknown to us, same name"),
        pytest.param("elixir", "lua", False, id="unknown to us"),
    ],
)
def test_families(one: str, other: str, same: bool) -> None:
    assert (family(one) == family(other)) is same


def test_numbers_are_kept_and_differ() -> None:
    vocabulary = Vocabulary()
    assert vocabulary.learn(["a", "b", "a"]) == [UNKNOWN + 1, UNKNOWN + 2, UNKNOWN + 1]
    assert vocabulary.number("a") == UNKNOWN + 1
    assert vocabulary.number("c") == UNKNOWN
    assert "a" in vocabulary
    assert "c" not in vocabulary


def test_line_ends_have_the_first_numbers() -> None:
    assert Vocabulary().learn(LINE_ENDS) == list(range(1, UNKNOWN))


def test_a_vocabulary_is_never_larger_than_its_limit() -> None:
    vocabulary = Vocabulary(limit=100)
    numbers: list[int] = []
    for _ in range(3):
        numbers = vocabulary.learn(f"word{at}" for at in range(500))
    assert len(vocabulary) == 100
    assert max(numbers) == 99
    assert numbers.count(UNKNOWN) == 500 - (100 - UNKNOWN - 1)


def test_when_room_gets_scarce_a_word_must_be_met_twice() -> None:
    vocabulary = Vocabulary(limit=100)
    vocabulary.learn(f"word{at}" for at in range(70))
    assert vocabulary.learn(["late"]) == [UNKNOWN]
    assert vocabulary.learn(["late"]) != [UNKNOWN]


def test_words_by_their_beginning() -> None:
    vocabulary = Vocabulary()
    vocabulary.learn(["parse", "parser", "pack", " parse"])
    texts = vocabulary.texts
    assert [texts[number] for number in vocabulary.beginning_with("pars")] == ["parse", "parser"]
    assert [texts[number] for number in vocabulary.beginning_with(" pa")] == [" parse"]
    assert vocabulary.beginning_with("pa") == []


def test_memory_grows_with_the_words() -> None:
    vocabulary = Vocabulary()
    before = vocabulary.memory_bytes
    vocabulary.learn(["a_rather_long_word"])
    assert vocabulary.memory_bytes > before + len("a_rather_long_word")


@pytest.mark.parametrize(
    ("language", "line", "expected"),
    [
        pytest.param("python", "# why", True, id="python"),
        pytest.param("a.ts", "// why", True, id="script"),
        pytest.param("go", "* goes on", True, id="block of comments"),
        pytest.param("c", "*pointer = 1;", False, id="pointer"),
        pytest.param("c", "#include <stdio.h>", False, id="directive"),
        pytest.param("lua", "-- why", True, id="lua"),
        pytest.param("markdown", "# title", False, id="prose has no comments"),
        pytest.param("unheard", "# why", False, id="unknown language"),
    ],
)
def test_comments(language: str, line: str, expected: bool) -> None:
    assert line.startswith(comment_marks(language)) is expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param("0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18,", True, id="table"),
        pytest.param("rgb(1, 2, 3)", False, id="short"),
        pytest.param("call(first, second, third, 4, fifth, sixth, seventh)", False, id="code"),
        pytest.param("", False, id="nothing"),
    ],
)
def test_data(line: str, expected: bool) -> None:
    assert is_data(words(line)) is expected

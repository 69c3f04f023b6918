"""Open documents as papers, and the places that are found in them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cachewise.offline.chains import LONGEST
from cachewise.offline.papers import NEAR, Papers, followed, stood
from cachewise.offline.vocabulary import UNKNOWN, Vocabulary
from cachewise.offline.words import comment_marks


def read(papers: Papers, paper: str) -> list[str]:
    return [papers.text(ord(word)) for word in paper]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", [], id="nothing"),
        pytest.param("a = 1", ["\n=", "a", " =", " 1"], id="one line"),
        pytest.param("if a:\n    b\nc", ["\n=", "if", " a", ":", "\n>", "b", "\n0", "c"], id="indentation"),
        pytest.param("a\n\n\nb\n", ["\n=", "a", "\n\n=", "b"], id="empty lines are one"),
        pytest.param("a\n# why\nb", ["\n=", "a", "\n=", "b"], id="comments are left out"),
        pytest.param("a\r\nb\r\n", ["\n=", "a", "\n=", "b"], id="other line ends"),
    ],
)
def test_papers(text: str, expected: list[str]) -> None:
    papers = Papers(Vocabulary())
    assert read(papers, papers.paper(text, comment_marks("python"))) == expected


def test_the_first_line_end_depends_on_the_line_before() -> None:
    papers = Papers(Vocabulary())
    assert read(papers, papers.paper_and_indent("    a", (), indent=8)[0]) == ["\n<", "a"]


def test_the_last_indentation_is_said() -> None:
    papers = Papers(Vocabulary())
    assert papers.paper_and_indent("a\n    b\n\n", ())[1] == 4


def test_words_that_the_workspace_does_not_know_differ() -> None:
    papers = Papers(Vocabulary())
    assert papers.number("one") != papers.number("two")
    assert papers.number("one") == papers.number("one") > 0xFFFF


def test_words_that_the_workspace_gets_to_know_get_its_number() -> None:
    vocabulary = Vocabulary()
    papers = Papers(vocabulary)
    assert papers.line("name") != chr(UNKNOWN + 1)
    assert vocabulary.learn(["name"]) == [UNKNOWN + 1]
    papers.refresh()
    assert papers.line("name") == chr(UNKNOWN + 1)


def test_within_one_completion_a_word_keeps_its_number() -> None:
    """The workspace is read meanwhile; with two numbers, one word would be two."""
    vocabulary = Vocabulary()
    papers = Papers(vocabulary)
    before = papers.paper("name = name", ())
    vocabulary.learn(["name", " name"])
    assert papers.paper("name += name", ())[1] == before[1]
    papers.refresh()
    assert papers.paper("name = name", ()) != before


def test_other_new_words_change_nothing() -> None:
    vocabulary = Vocabulary()
    papers = Papers(vocabulary)
    before = papers.line("name")
    vocabulary.learn(["other"])
    papers.refresh()
    assert papers.line("name") == before


def test_what_is_kept_is_counted_and_limited() -> None:
    papers = Papers(Vocabulary())
    empty = papers.memory_bytes
    papers.paper("a = b\n" * 1000, ())
    full = papers.memory_bytes
    assert full > empty + 6000
    for at in range(200):
        papers.paper(f"a = {at}\n" * 1000, ())
    assert papers.memory_bytes < 30 * full


@pytest.mark.parametrize(
    ("paper", "context", "expected"),
    [
        pytest.param("abxabyab", "ab", {(2, "x", 6), (2, "y", 3)}, id="every place, with the words back to it"),
        pytest.param("abxcby", "zab", {(2, "x", 4), (1, "y", 1)}, id="longer ones agree more"),
        pytest.param("abc", "q", set(), id="nowhere"),
        pytest.param("", "a", set(), id="no text"),
        pytest.param("xa", "a", set(), id="nothing followed yet"),
        pytest.param("aaaa", "aa", {(1, "a", 3), (2, "a", 2), (2, "a", 1)}, id="overlapping"),
    ],
)
def test_stood(paper: str, context: str, expected: set[tuple[int, str, int]]) -> None:
    assert {(agree, chr(number), back) for agree, number, back in stood(paper, context)} == expected


def test_no_more_than_enough_places_are_looked_at() -> None:
    assert len(stood("ab" * 5000, "ab")) <= 3 * NEAR
    assert len(followed("ab" * 5000, "a", [ord("b")])) <= NEAR


def test_followed_finds_only_what_was_asked_for() -> None:
    found = followed("abxabyabz", "ab", [ord("x"), ord("z")])
    assert {(agree, chr(number), back) for agree, number, back in found} == {(2, "x", 7), (2, "z", 1)}


@given(st.text("abc", max_size=40), st.text("abc", min_size=1, max_size=16))
def test_what_is_found_is_there(paper: str, context: str) -> None:
    numbers = [ord(letter) for letter in "abc"]
    for agree, number, back in stood(paper, context) + followed(paper, context, numbers):
        place = len(paper) - back
        assert paper[place] == chr(number)
        assert 1 <= agree <= LONGEST
        assert paper[place - agree : place] == context[-agree:]

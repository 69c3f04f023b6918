"""The text around the cursor, what speaks for each candidate, and what is made of that."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cachewise.offline import trained
from cachewise.offline.confidence import probabilities, signs
from cachewise.offline.evidence import BEST, END, Candidate, candidates
from cachewise.offline.index import Index
from cachewise.offline.scene import Scene, current_line, scene

FAR = "def far():\n    shared.first(one)\n    shared.first(two)\n    shared.second(one)\n"
NEAR = "def near():\n    shared.third(one)\n    shared.third(two)\n"


def looked_at(before: str, after: str = "", *, far: str = FAR, opened: str = "") -> list[Candidate]:
    index = Index()
    index.add("far.py", far)
    if opened:
        index.open("opened.py", opened)
    start = scene(index, before, after, "python", "here.py")
    return candidates(index, start, start.context, start.unfinished)


def texts(index: Index, paper: str) -> list[str]:
    return [index.papers.text(ord(word)) for word in paper]


def at(before: str, after: str = "") -> tuple[Index, Scene]:
    index = Index()
    return index, scene(index, before, after, "python", "")


@pytest.mark.parametrize(
    ("before", "context", "unfinished"),
    [
        pytest.param("", ["\n="], "", id="no text"),
        pytest.param("a = b", ["\n=", "a", " ="], " b", id="in a word"),
        pytest.param("a = ", ["\n=", "a", " ="], " ", id="behind a blank"),
        pytest.param("a.", ["\n=", "a", "."], "", id="behind a sign"),
        pytest.param("if a:\n    ", ["\n=", "if", " a", ":", "\n>"], "", id="behind the indentation"),
        pytest.param("a\n\nb.", ["\n=", "a", "\n\n=", "b", "."], "", id="behind an empty line"),
        pytest.param("x\n  é", ["\n=", "x", "\n>"], "é", id="any letter"),
    ],
)
def test_scenes(before: str, context: list[str], unfinished: str) -> None:
    index, start = at(before)
    assert texts(index, start.context) == context
    assert start.unfinished == unfinished
    assert start.above.endswith(start.context)


def test_the_rest_of_the_line_is_not_looked_at() -> None:
    index, start = at("a.", "b()\nc\n    d")
    assert texts(index, start.below) == ["\n=", "c", "\n>", "d"]


def test_the_current_line() -> None:
    index, start = at("a.b\n    c = d.")
    assert texts(index, current_line(start.context)) == ["c", " =", " d", "."]


def test_what_followed_elsewhere_is_found() -> None:
    found = looked_at("def here():\n    shared.")
    assert [candidate.word for candidate in found] == ["first", "second"]
    first = found[0]
    assert (first.far_count, first.near_count) == (2, 0)
    assert first.far_longest >= 3
    assert first.far_rival >= 2
    assert first.chance > first.rival_chance == found[1].chance


def test_what_followed_in_the_document_weighs_more() -> None:
    best = looked_at(NEAR + "\n\ndef here():\n    shared.")[0]
    assert best.word == "third"
    assert best.near_count == 2
    assert best.distance < 20


def test_what_stands_below_counts_as_far_away() -> None:
    best = looked_at("def here():\n    shared.", "\n\n" + NEAR)[0]
    assert best.word == "third"
    assert best.distance > 1000


def test_open_documents_count_like_files() -> None:
    best = looked_at("def here():\n    shared.", opened=NEAR * 3)[0]
    assert best.word == "third"
    assert best.near_count == 0
    assert best.far_count >= 6


def test_only_words_that_begin_so_are_looked_at() -> None:
    found = looked_at(NEAR + "\n\ndef here():\n    shared.s")
    assert found[0].word == "second"
    assert found[0].piece == "econd"
    assert all(candidate.word.startswith("s") for candidate in found)


def test_a_word_may_end_at_the_cursor() -> None:
    assert "" in [candidate.piece for candidate in looked_at("def here():\n    shared")]


def test_the_words_own_name_behind_an_equals_sign() -> None:
    assert " value" in [candidate.word for candidate in looked_at("self.value =")]


def test_the_end_of_the_line_is_a_candidate() -> None:
    best = looked_at("def here():\n    shared.first(one)")[0]
    assert best.number == END
    assert best.word == best.piece == ""


def test_there_are_few_candidates() -> None:
    many = "".join(f"shared.name_{number}()\n" for number in range(50))
    assert len(looked_at("shared.", far=many)) == BEST


def test_signs_fit_the_network() -> None:
    for candidate in looked_at("def here():\n    shared.fi"):
        values = signs(candidate, "fi", ("shared", "."), 0)
        assert {len(row) for row in trained.HIDDEN[0]} == {len(values)}
        assert {len(row) for row in trained.OUTPUT[0]} == {len(trained.HIDDEN[0])}
        assert all(-3.0 < value < 5.0 for value in values)


def test_the_calibration_is_a_rising_table() -> None:
    knots, shares = trained.CALIBRATION
    assert len(knots) == len(shares) > 5
    assert list(knots) == sorted(set(knots))
    assert list(shares) == sorted(shares)


def _probability(candidate: Candidate) -> float:
    return probabilities(signs(candidate, "", ("shared", "."), 0))[0]


@pytest.mark.parametrize(
    ("worse", "better"),
    [
        pytest.param({"chance": 0.2, "rival_chance": 0.7}, {"chance": 0.95, "rival_chance": 0.02}, id="likelier"),
        pytest.param({"near_rival": 9}, {"near_rival": 1}, id="no better rival"),
    ],
)
def test_more_evidence_makes_it_surer(worse: dict[str, Any], better: dict[str, Any]) -> None:
    candidate = replace(looked_at(NEAR + "\n\ndef here():\n    shared.")[0], near_count=6, near_longest=5)
    low, high = (replace(candidate, **change) for change in (worse, better))
    assert 0.0 < _probability(low) < _probability(high) < 1.0

"""What the editor has told of problems, and which of them count at a cursor."""

from __future__ import annotations

import pytest

from cachewise.features.problems import Problem, Problems
from support.cursors import At

URI = "file:///a.py"
BAD = Problem("total = totl + 1", '"totl" is not\n defined')


def at(marked: str, uri: str = URI) -> At:
    return At(marked.replace("|", "", 1), marked.index("|"), uri)


def known(*found: Problem) -> Problems:
    problems = Problems()
    problems.seen(URI, [], found)
    return problems


@pytest.mark.parametrize(
    ("marked", "told"),
    [
        pytest.param("total = totl + 1\n|\n", ("line 1",), id="the line above"),
        pytest.param("total = to|tl + 1", ("line 1",), id="the line itself"),
        pytest.param("|\r\nx\r\ntotal = totl + 1\r\n", ("line 3",), id="below, with CRLF"),
        pytest.param("# new\n" * 30 + "total = totl + 1\n\n|", ("line 31",), id="lines came above it"),
        pytest.param("total = totl + 1\n" + "x\n" * 9 + "|", (), id="far away"),
        pytest.param("total = total + 1\n|", (), id="it was mended"),
        pytest.param("|", (), id="nothing"),
    ],
)
def test_what_is_told(marked: str, told: tuple[str, ...]) -> None:
    assert known(BAD).near(at(marked)) == tuple(f'{where}: "totl" is not defined' for where in told)
    assert known(BAD).near(at(marked, "file:///other.py")) == ()


def test_the_latest_first_and_not_many_nor_long() -> None:
    problems = known(*(Problem(f"line{number}", "x" * 500) for number in range(6)))
    told = problems.near(at("\n".join(f"line{number}" for number in range(6)) + "|"))
    assert [line.partition(":")[0] for line in told] == ["line 6", "line 5", "line 4"]
    assert all(len(line) < 220 for line in told)


def test_what_is_seen_again_takes_the_place_of_what_was() -> None:
    problems = known(BAD)
    problems.seen(URI, ["something else"], [Problem("  \n", "an empty line is like any other")])
    assert len(problems.near(at("total = totl + 1|"))) == 1
    problems.seen(URI, [BAD.line], [])
    assert problems.near(at("total = totl + 1|")) == ()


def test_closing_forgets() -> None:
    problems = known(BAD)
    problems.forget(URI)
    problems.forget(URI)
    assert problems.near(at("total = totl + 1|")) == ()


def test_no_more_than_some_are_kept() -> None:
    problems = Problems()
    for number in range(100):
        problems.seen(URI, [], [Problem(f"line{number}", "x")])
    assert problems.near(at("line70|")) == ()
    assert problems.near(at("line99|")) == ("line 1: x",)

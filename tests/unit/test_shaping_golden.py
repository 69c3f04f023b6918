from __future__ import annotations

import random
from itertools import pairwise

import pytest

from cachewise.shaping.fit import fit, inline_range
from cachewise.shaping.stop import StopRule
from support.shaping_cases import Case, all_cases

CASES = all_cases()
by_name = pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES])


def accepted(case: Case, raw: str) -> str:
    """The document after accepting what `raw` comes to."""
    text = fit(raw, case.before, case.after, multiline=case.multiline, language=case.language, eol=case.eol)
    replaced = inline_range(text, case.before)
    return case.before[: len(case.before) - replaced] + text + case.after


def streamed(case: Case, pieces: list[str]) -> str:
    """What is left of the answer when it comes in pieces and reading stops as soon as it may."""
    rule = StopRule(case.before, case.after, multiline=case.multiline, language=case.language)
    for piece in pieces:
        if rule.feed(piece).done:
            break
    return rule.finish().text


@by_name
def test_whole(case: Case) -> None:
    assert accepted(case, case.model) == case.accepted


@by_name
def test_streamed(case: Case) -> None:
    rng = random.Random(case.name)
    assert accepted(case, streamed(case, list(case.model))) == case.accepted
    assert accepted(case, streamed(case, [case.model])) == case.accepted
    for _ in range(5):
        cuts = sorted(rng.randrange(len(case.model) + 1) for _ in range(6))
        bounds = [0, *cuts, len(case.model)]
        pieces = [case.model[a:b] for a, b in pairwise(bounds)]
        assert accepted(case, streamed(case, pieces)) == case.accepted, pieces


@by_name
def test_line_ends_are_the_documents(case: Case) -> None:
    text = fit(case.model, case.before, case.after, multiline=case.multiline, language=case.language, eol=case.eol)
    assert text.replace(case.eol, "").count("\n") == 0
    assert text.replace(case.eol, "").count("\r") == 0


def test_there_are_cases_of_every_kind() -> None:
    assert len(CASES) >= 150
    assert {case.language for case in CASES} == {
        "python", "typescript", "rust", "go", "c", "html", "markdown", "yaml", "lua",
    }  # fmt: skip
    assert len({case.name for case in CASES}) == len(CASES)
    assert {case.eol for case in CASES} == {"\n", "\r\n", "\r"}
    assert {case.multiline for case in CASES} == {"auto", "never", "always"}

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cachewise.ledger.totals import Sums, Tally, usage_json
from cachewise.model.usage import FEATURES, Tokens, Totals, Usage
from support.ledger import usage

COUNTS = st.none() | st.integers(0, 10**6)
MONEY = st.decimals(0, 10, places=9)
USAGES = st.builds(
    usage,
    feature=st.sampled_from(FEATURES),
    model=st.sampled_from(["openai:a", "openai:b"]),
    source=st.sampled_from(["provider", "provider", "answers", "offline"]),
    tokens=st.builds(Tokens, input=COUNTS, cache_read=COUNTS, cache_write=COUNTS, output=COUNTS),
    cost=st.none() | MONEY.map(str),
    saved=st.none() | st.decimals(-10, 10, places=9).map(str),
)
DAYS = st.sampled_from(["2026-03-28", "2026-03-29"])


def plain_sum(usages: list[Usage]) -> Totals:
    totals = Totals()
    for one in usages:
        totals.add(one)
    return totals


@given(st.lists(st.tuples(DAYS, USAGES, st.none() | USAGES), max_size=20))
def test_sums_equal_the_sum_of_the_entries_also_after_corrections(
    entries: list[tuple[str, Usage, Usage | None]],
) -> None:
    sums = Sums()
    for day, first, _ in entries:
        sums.add(day, first)
    for day, first, corrected in entries:
        if corrected is not None:
            sums.add(day, first, -1)
            sums.add(day, corrected)
    final = [(day, corrected or first) for day, first, corrected in entries]

    def check(got: Tally, wanted: list[Usage]) -> None:
        expected = plain_sum(wanted)
        assert abs(got.totals.cost - expected.cost) < Decimal("1e-9")
        assert got.totals == expected

    check(sums.whole, [one for _, one in final])
    for name, tally in sums.days.items():
        check(tally, [one for day, one in final if day == name])
    for name, tally in sums.models.items():
        check(tally, [one for _, one in final if one.model == name])
    for name, tally in sums.features.items():
        check(tally, [one for _, one in final if one.feature == name])


@given(st.lists(USAGES, max_size=10), st.lists(USAGES, max_size=10))
def test_joining_is_the_same_as_adding(left: list[Usage], right: list[Usage]) -> None:
    parts = []
    for usages in (left, right):
        part = Sums()
        for one in usages:
            part.add("2026-03-29", one)
        parts.append(part)
    assert Sums.of(*parts).whole.totals == plain_sum([*left, *right])


def test_an_unknown_cost_that_becomes_known_completes_the_sum_again() -> None:
    tally = Tally()
    tally.add(usage(cost="1"))
    tally.add(usage(cost=None))
    assert not tally.totals.cost_is_complete
    tally.add(usage(cost=None), -1)
    tally.add(usage(cost="2"))
    assert tally.totals.cost_is_complete
    assert tally.totals.cost == 3


def test_stored_answers_do_not_enter_the_hit_ratio() -> None:
    tally = Tally()
    tally.add(usage(tokens=Tokens(input=100, cache_read=50)))
    tally.add(usage(source="answers", tokens=Tokens(input=0, cache_read=0), saved="0.5"))
    assert tally.totals.hit_ratio == 0.5
    assert tally.totals.requests == 1
    assert (tally.totals.answers_hits, tally.totals.answers_saved) == (1, Decimal("0.5"))


def test_what_was_handed_out_does_not_change() -> None:
    tally = Tally()
    before = tally.totals
    tally.add(usage())
    assert before == Totals()
    assert tally.totals.requests == 1


def test_offers_count_for_their_day_and_for_completions() -> None:
    sums = Sums()
    sums.offer("2026-03-29", shown=3, accepted=1, characters=40, typed=1, rejected=1)
    for tally in (sums.whole, sums.day("2026-03-29"), sums.features["complete"]):
        assert (tally.totals.shown, tally.totals.accepted) == (3, 1)
    assert sums.day("2026-03-30").totals == Totals()


@pytest.mark.parametrize(
    ("totals", "rate", "each"),
    [
        pytest.param(Totals(), None, None, id="nothing was shown"),
        pytest.param(Totals(shown=4, rejected=4, cost=Decimal(1)), 0.0, None, id="nothing was accepted"),
        pytest.param(Totals(shown=4, accepted=1, accepted_characters=50, cost=Decimal("0.1")), 0.25, 0.002, id="some"),
    ],
)
def test_the_figures_of_completions(totals: Totals, rate: float | None, each: float | None) -> None:
    got = totals.completions_json()
    assert got["acceptanceRate"] == rate
    assert got["costPerAcceptedCharacterUsd"] == each
    assert got["costUsd"] == float(totals.cost)


def test_the_result_of_the_usage_command() -> None:
    sums = Sums()
    for day, cost in (("2026-03-29", "2"), ("2026-03-28", "1")):
        sums.add(day, usage(cost=cost))
    got = usage_json(Totals(requests=7), Totals(requests=8), sums, [usage()])
    assert set(got) == {"session", "today", "days", "byModel", "byFeature", "completions", "recent"}
    assert (got["session"]["requests"], got["today"]["requests"]) == (7, 8)
    assert [(day["date"], day["costUsd"]) for day in got["days"]] == [("2026-03-28", 1.0), ("2026-03-29", 2.0)]
    assert got["byModel"]["openrouter:anthropic/claude-haiku-4.5"]["requests"] == 2
    assert got["byFeature"] == {"explain": got["byModel"]["openrouter:anthropic/claude-haiku-4.5"]}
    assert got["recent"] == [usage().to_json()]

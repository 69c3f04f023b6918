from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cachewise.context.rent import Holding, Ratios, rent_of, rewrite_from

CLAUDE = Ratios(read=0.1, write=1.25)


@pytest.mark.parametrize(
    ("holdings", "ratios", "expected"),
    [
        pytest.param([], CLAUDE, None, id="nothing held"),
        pytest.param([(1000, 0, 0)], CLAUDE, None, id="no changes"),
        pytest.param([(1000, 9e9, 0)], CLAUDE, None, id="no changes now, whatever was paid"),
        pytest.param([(1000, 0, 100)], CLAUDE, None, id="little rent"),
        pytest.param([(1000, 1059, 100)], CLAUDE, None, id="just below the price"),
        pytest.param([(1000, 1060, 100)], CLAUDE, 0, id="the price is reached"),
        pytest.param([(1000, 0, 2000)], CLAUDE, 0, id="at once, after a change of everything"),
        pytest.param([(30_000, 0, 0), (1000, 1100, 100)], CLAUDE, 1, id="only what stands behind is written"),
        pytest.param([(30_000, 2000, 50), (1000, 0, 0)], CLAUDE, None, id="what stands behind must be written too"),
        pytest.param([(1000, 1000, 200), (100, 500, 90)], CLAUDE, 0, id="the earliest takes the others along"),
        pytest.param([(1000, 100, 50), (100, 500, 90)], CLAUDE, 1, id="the earlier one is not due yet"),
        pytest.param([(1000, 0, 10)], Ratios(read=0.5, write=0.5), 0, id="writing costs nothing extra"),
        pytest.param([(1000, 0, 10)], Ratios(read=1.0, write=1.0), None, id="reading is not cheaper either"),
        pytest.param([(1000, 0, 0)], Ratios(read=1.0, write=1.0), None, id="but nothing has changed"),
        pytest.param([(1000, 950, 10)], Ratios(read=0.05, write=1.0), 0, id="no write price"),
    ],
)
def test_rewrite_from(holdings: list[tuple[int, float, float]], ratios: Ratios, expected: int | None) -> None:
    held = [Holding(tokens=t, rent=rent, due=rent_of(plain, 0, ratios)) for t, rent, plain in holdings]
    assert rewrite_from(held, ratios) == expected


@pytest.mark.parametrize(
    ("plain", "excess", "ratios", "expected"),
    [
        pytest.param(0, 0, CLAUDE, 0, id="nothing"),
        pytest.param(100, 0, CLAUDE, 90, id="what could be read is paid in full"),
        pytest.param(0, 100, CLAUDE, 10, id="what is read for nothing"),
        pytest.param(0, -100, CLAUDE, 0, id="a copy that is smaller than the file saves nothing"),
        pytest.param(100, 100, Ratios(read=0.5, write=1.0), 100, id="both"),
    ],
)
def test_rent_of(plain: float, excess: float, ratios: Ratios, expected: float) -> None:
    assert rent_of(plain, excess, ratios) == pytest.approx(expected)


def test_journal_that_must_be_told_again_is_part_of_the_price() -> None:
    held = Holding(tokens=1000, rent=1100, due=100)
    assert rewrite_from([held], CLAUDE) == 0
    assert rewrite_from([Holding(tokens=1000, rent=1100, due=100, carried=100)], CLAUDE) is None


def test_what_a_new_copy_begins_with_is_no_part_of_the_price() -> None:
    held = Holding(tokens=1000, rent=500, due=100)
    assert rewrite_from([held], CLAUDE) is None
    assert rewrite_from([Holding(tokens=1000, rent=500, due=100, kept=500)], CLAUDE) == 0
    both = [Holding(tokens=1000, rent=500, due=100, kept=500), Holding(tokens=600, rent=0, due=0)]
    assert rewrite_from(both, CLAUDE) is None, "what stands behind must be written too"


@given(
    st.integers(100, 50_000),
    st.lists(st.integers(1, 4_000), min_size=1, max_size=300),
    st.sampled_from((CLAUDE, Ratios(read=0.05, write=1.25), Ratios(read=0.1, write=1.0), Ratios(read=0.25, write=2.0))),
)
def test_costs_less_than_twice_the_best(tokens: int, steps: list[int], ratios: Ratios) -> None:
    """Against an adversary that grows the changes as it likes, up to the moment of each buying."""
    price = tokens * (ratios.write - ratios.read)
    changed = 0.0
    rent = 0.0
    for step in steps:
        changed += step
        due = rent_of(changed, 0, ratios)
        if rewrite_from([Holding(tokens=tokens, rent=rent, due=due)], ratios) is not None:
            would_have_paid = rent + changed * (1 - ratios.read)
            assert rent + price < 2 * min(price, would_have_paid) + 1e-6
            rent = changed = 0.0
        else:
            rent += changed * (1 - ratios.read)
            assert rent < price

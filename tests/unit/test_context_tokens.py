from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cachewise.context.tokens import TokenEstimator, byte_length


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        pytest.param("", 0, id="nothing"),
        pytest.param("a", 1, id="never 0 for something"),
        pytest.param("a" * 1000, 250, id="ASCII"),
        pytest.param("é" * 1000, 500, id="two bytes"),
        pytest.param("漢" * 1000, 750, id="three bytes"),
        pytest.param("😀" * 1000, 1000, id="four bytes"),
    ],
)
def test_counts_bytes(text: str, tokens: int) -> None:
    assert TokenEstimator(0.25).tokens(text) == tokens


@given(st.text())
def test_byte_length_is_that_of_utf_8(text: str) -> None:
    assert byte_length(text) == len(text.encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize("guess", [0.0, -1.0, math.nan, math.inf], ids=str)
def test_refuses_what_is_no_ratio(guess: float) -> None:
    with pytest.raises(ValueError, match="tokens per byte"):
        TokenEstimator(guess)


def reports(estimator: TokenEstimator, true_ratio: float, count: int, size: int = 40_000) -> None:
    for _ in range(count):
        estimator.learn(estimator.of_bytes(size), round(size * true_ratio))


@pytest.mark.parametrize("true_ratio", [0.2, 0.25, 0.3, 0.36, 0.4], ids=str)
def test_approaches_what_is_reported(true_ratio: float) -> None:
    estimator = TokenEstimator(0.28)
    reports(estimator, true_ratio, 60)
    assert estimator.ratio == pytest.approx(true_ratio, rel=0.06)


def test_one_report_moves_it_little() -> None:
    estimator = TokenEstimator(0.28)
    reports(estimator, 0.28 * 1.9, 1)
    assert 0.28 < estimator.ratio < 0.28 * 1.2


def test_a_small_difference_does_not_move_it() -> None:
    estimator = TokenEstimator(0.28)
    reports(estimator, 0.28 * 1.03, 100)
    assert estimator.ratio == 0.28


@pytest.mark.parametrize(
    ("estimated", "reported"),
    [
        pytest.param(199, 5_000, id="too small a prompt"),
        pytest.param(0, 0, id="nothing"),
        pytest.param(10_000, 0, id="nothing reported"),
        pytest.param(10_000, -5, id="nonsense"),
    ],
)
def test_ignores_reports_that_say_nothing(estimated: int, reported: int) -> None:
    estimator = TokenEstimator(0.28)
    for _ in range(50):
        estimator.learn(estimated, reported)
    assert estimator.ratio == 0.28


@given(st.lists(st.tuples(st.integers(0, 10**7), st.integers(-10, 10**9)), max_size=60))
def test_stays_within_bounds_and_is_deterministic(history: list[tuple[int, int]]) -> None:
    one, other = TokenEstimator(0.28), TokenEstimator(0.28)
    for estimated, reported in history:
        before = one.ratio
        one.learn(estimated, reported)
        other.learn(estimated, reported)
        assert 0.28 / 2.5 - 1e-9 <= one.ratio <= 0.28 * 2.5 + 1e-9
        assert before / 1.3 <= one.ratio <= before * 1.3
    assert one.ratio == other.ratio

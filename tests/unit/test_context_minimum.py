from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cachewise.context.minimum import HIGHEST_KNOWN, Minimum

Report = tuple[int, int | None, int | None]


@pytest.mark.parametrize(
    ("reports", "documented", "expected"),
    [
        pytest.param([], 1024, 1024, id="nothing reported: as documented"),
        pytest.param([(700, 0, 700)], 1024, 700, id="a shorter prefix was written"),
        pytest.param([(700, 700, 0)], 1024, 700, id="a shorter prefix was read"),
        pytest.param([(3000, 0, 3000)], 1024, 1024, id="a longer one proves nothing"),
        pytest.param([(1500, 0, 0)], 1024, 1501, id="a prefix that should do was not stored"),
        pytest.param([(1500, 0, 0), (1800, 0, 0)], 1024, 1801, id="nor was a longer one"),
        pytest.param([(1500, 0, 0), (2067, 0, 2067)], 1024, 1501, id="a longer one was"),
        pytest.param([(1500, 0, 0), (1400, 0, 1400)], 1024, 1024, id="a shorter one was: that was not the reason"),
        pytest.param([(1500, 0, None)], 1024, 1024, id="writes are not told"),
        pytest.param([(1500, None, None)], 1024, 1024, id="nothing is told"),
        pytest.param([(9000, 0, 0)], 1024, 1024, id="too long for that to be the reason"),
        pytest.param([(2000, 0, 2000), (2500, 0, 0)], 4096, 2000, id="what was stored once can be stored"),
    ],
)
def test_minimum(reports: list[Report], documented: int, expected: int) -> None:
    minimum = Minimum()
    for prefix, read, write in reports:
        minimum.learn(prefix, read, write)
    assert minimum.of(documented) == expected


@given(st.integers(1, HIGHEST_KNOWN), st.integers(1, HIGHEST_KNOWN), st.lists(st.integers(1, 9_000), max_size=30))
def test_it_closes_in_on_the_truth(truth: int, documented: int, prefixes: list[int]) -> None:
    """Never wrong about a prefix that was reported, whatever the table says."""
    minimum = Minimum()
    for prefix in prefixes:
        minimum.learn(prefix, 0, prefix if prefix >= truth else 0)
    for prefix in prefixes:
        if prefix <= HIGHEST_KNOWN:
            assert (
                (prefix >= minimum.of(documented)) == (prefix >= truth)
                or documented <= prefix < truth
                or (truth <= prefix < documented and minimum.of(documented) <= prefix)
            )

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cachewise.context.rent import Ratios
from cachewise.context.ttl import TtlSetting
from cachewise.context.worth import USUAL_READ, worth_reading
from support.contexts import traits


@pytest.mark.parametrize(
    ("tokens", "read", "style", "ttl", "expected"),
    [
        pytest.param(24_000, 0.1, "control", "auto", 24_000, id="the usual price"),
        pytest.param(24_000, 0.02, "automatic", "auto", 24_000, id="cheaper: what the user allowed and no more"),
        pytest.param(24_000, 0.25, "automatic", "auto", 9_600, id="dearer: as much as costs the same"),
        pytest.param(24_000, 0.5, "automatic", "auto", 4_800, id="half the price"),
        pytest.param(24_000, 1.0, "automatic", "auto", 9_600, id="a price that the list does not know"),
        pytest.param(24_000, 1.0, "control", "auto", 2_400, id="no discount for what was sent before"),
        pytest.param(8_000, 0.5, "automatic", "auto", 2_000, id="not less than is of use"),
        pytest.param(1_000, 0.5, "automatic", "auto", 1_000, id="unless the user wants less"),
        pytest.param(24_000, 0.1, "control", "off", 2_400, id="without marks nothing is cached"),
        pytest.param(24_000, 0.1, "breakpoint", "off", 2_400, id="without breakpoints neither"),
        pytest.param(24_000, 0.1, "automatic", "off", 24_000, id="what is cached anyway needs no marks"),
        pytest.param(24_000, 0.1, "none", "auto", 24_000, id="an engine of one's own"),
    ],
)
def test_how_much(tokens: int, read: float, style: str, ttl: TtlSetting, expected: int) -> None:
    assert worth_reading(tokens, Ratios(read=read), traits(style), ttl) == expected  # type: ignore[arg-type]


@given(st.integers(256, 2_000_000), st.floats(0, 1))
def test_reading_costs_no_more_than_at_the_usual_price(tokens: int, read: float) -> None:
    found = worth_reading(tokens, Ratios(read=read), traits(), "auto")
    assert 0 < found <= tokens
    assert found * read <= max(tokens * USUAL_READ, 2_000 * read) + 1

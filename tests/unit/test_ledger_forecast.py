"""What a request is predicted to cost: likely and at worst, cold and warm, and nothing without a list price."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cachewise.ledger.budget import forecast
from cachewise.ledger.prefix import PrefixMemory
from cachewise.ledger.prices import Price
from cachewise.ledger.shape import Shape
from cachewise.model.names import Ttl
from cachewise.model.usage import Tokens
from support.ledger import HAIKU, plan, traits

PRICE = Price(
    plain=Decimal("1e-6"),
    read=Decimal("0.1e-6"),
    write_5m=Decimal("1.25e-6"),
    write_1h=Decimal("2e-6"),
    output=Decimal("5e-6"),
)


@pytest.mark.parametrize(
    ("style", "marks", "likely", "worst"),
    [
        pytest.param("control", {2: "5m"}, "0.0155", "0.0234375", id="marked for five minutes"),
        pytest.param("control", {2: "1h"}, "0.0245", "0.0375", id="marked for an hour"),
        pytest.param("control", {}, "0.0125", "0.01875", id="not marked"),
        pytest.param("automatic", {}, "0.0125", "0.01875", id="automatic"),
        pytest.param("none", {}, "0.0125", "0.01875", id="not cached at all"),
    ],
)
def test_a_cold_request_is_predicted(style: str, marks: dict[int, Ttl], likely: str, worst: str) -> None:
    shape = Shape.of(plan(marks=marks), traits(style))  # type: ignore[arg-type]
    expected = PrefixMemory().expect(HAIKU, "w", shape, 0.0)
    cost = forecast(expected, PRICE, 100)
    assert cost is not None
    assert cost.likely == Decimal(likely) + Decimal("0.0005")
    assert cost.worst == Decimal(worst) + Decimal("0.0005")


def test_a_warm_request_is_likely_cheap_and_at_worst_as_dear_as_a_cold_one() -> None:
    memory, shape = PrefixMemory(), Shape.of(plan(), traits())
    memory.remember(memory.expect(HAIKU, "w", shape, 0.0))
    cost = forecast(memory.expect(HAIKU, "w", shape, 10.0), PRICE, 100)
    assert cost is not None
    assert cost.likely == Decimal("0.0012") + Decimal("0.0005") + Decimal("0.0005")
    assert cost.worst == Decimal("0.01875") + Decimal("0.0005"), "its length is better known"


def test_without_a_list_price_nothing_is_predicted() -> None:
    assert forecast(PrefixMemory().expect(HAIKU, "w", Shape.of(plan(), traits()), 0.0), None, 100) is None


@given(tokens=st.integers(0, 200_000), output=st.integers(1, 8192), warm=st.booleans(), scale=st.floats(0.3, 4.0))
def test_the_worst_case_is_never_below_the_likely_one(tokens: int, output: int, warm: bool, scale: float) -> None:
    memory, shape = PrefixMemory(), Shape.of(plan({"a.py": ("a", tokens)}), traits())
    seen = Tokens(input=round(shape.tokens * scale), cache_read=0, cache_write=0)
    if warm:
        memory.remember(memory.expect(HAIKU, "w", shape, 0.0), seen)
    cost = forecast(memory.expect(HAIKU, "w", shape, 1.0), PRICE, output)
    assert cost is not None
    assert 0 < cost.likely <= cost.worst

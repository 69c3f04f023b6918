from __future__ import annotations

from decimal import Decimal

import pytest

from cachewise.ledger.readout import footnote, money, readout
from cachewise.model.usage import Tokens, Usage
from support.ledger import usage

COLD = Tokens(input=12_300, cache_read=0, cache_write=12_000, output=410)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param(usage(), "explain · 12.3k in, 96% cached · 410 out · $0.0021 · 1.9 s", id="as documented"),
        pytest.param(
            usage(cost_source="estimated"),
            "explain · 12.3k in, 96% cached · 410 out · ~$0.0021 · 1.9 s",
            id="estimated",
        ),
        pytest.param(usage(cost=None), "explain · 12.3k in, 96% cached · 410 out · cost ? · 1.9 s", id="unknown cost"),
        pytest.param(usage(cost="0"), "explain · 12.3k in, 96% cached · 410 out · $0 · 1.9 s", id="billed nothing"),
        pytest.param(usage(tokens=COLD), "explain · 12.3k in, 0% cached · 410 out · $0.0021 · 1.9 s", id="cold"),
        pytest.param(
            usage(tokens=Tokens(), outcome="cancelled", cost_source="estimated"),
            "explain cancelled · ? in · ? out · ~$0.0021 · 1.9 s",
            id="cancelled without a report",
        ),
        pytest.param(
            usage(tokens=Tokens(), outcome="failed", cost="0", cost_source="estimated", total_ms=42),
            "explain failed · ? in · ? out · ~$0 · 42 ms",
            id="refused",
        ),
        pytest.param(
            usage(tokens=Tokens(input=900, output=7)),
            "explain · 900 in, ?% cached · 7 out · $0.0021 · 1.9 s",
            id="reads not reported",
        ),
        pytest.param(
            usage(tokens=Tokens(input=1_250_000, cache_read=1_249_999, output=1000), total_ms=125_000),
            "explain · 1.2M in, 99% cached · 1.0k out · $0.0021 · 125 s",
            id="nearly all is not all",
        ),
        pytest.param(
            usage(tokens=Tokens(input=1000, cache_read=1, output=1)),
            "explain · 1.0k in, 1% cached · 1 out · $0.0021 · 1.9 s",
            id="a little is not nothing",
        ),
        pytest.param(
            usage(tokens=Tokens(input=0, cache_read=0, output=1)),
            "explain · 0 in, 0% cached · 1 out · $0.0021 · 1.9 s",
            id="empty input",
        ),
        pytest.param(
            usage(source="answers", cost="0", saved="0.02", total_ms=3), "explain · stored answer · saved $0.020 · 3 ms"
        ),
        pytest.param(usage(source="offline", feature="complete", total_ms=3), "complete · offline · 3 ms"),
    ],
)
def test_readout(given: Usage, expected: str) -> None:
    assert readout(given) == expected


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        ("0", "$0"),
        ("0.00", "$0"),
        ("0.0021", "$0.0021"),
        ("0.00214", "$0.0021"),
        ("0.00215", "$0.0022"),
        ("0.000001234", "$0.0000012"),
        ("0.00996", "$0.010"),
        ("0.0996", "$0.10"),
        ("0.5", "$0.50"),
        ("0.996", "$1.00"),
        ("1.005", "$1.01"),
        ("12.3", "$12.30"),
        ("1234.5678", "$1234.57"),
        ("-0.0005", "-$0.00050"),
    ],
)
def test_money(amount: str, expected: str) -> None:
    assert money(Decimal(amount)) == expected


@pytest.mark.parametrize(
    ("given", "age", "expected"),
    [
        (usage(tokens=COLD), None, "0 tokens read from the provider's cache, 12,000 written to it"),
        (usage(tokens=Tokens()), None, "? tokens read from the provider's cache, ? written to it"),
        (usage(source="answers"), 0.0, "kept for less than a minute"),
        (usage(source="answers"), 60.0, "kept for 1 minute"),
        (usage(source="answers"), 7_199.0, "kept for 1 hour"),
        (usage(source="answers"), 172_800.0, "kept for 2 days"),
    ],
)
def test_footnote(given: Usage, age: float | None, expected: str) -> None:
    assert footnote(given, age) == f"`{given.model}` · {expected}"

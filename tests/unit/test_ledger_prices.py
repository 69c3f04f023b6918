from __future__ import annotations

import sys
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cachewise.ledger.prices import FREE_PRICE, Price, Prices, Ratios, estimate, savings
from cachewise.model.names import ModelName
from cachewise.model.usage import Tokens
from support.ledger import NOON, HeldClock

PRICES = Prices(HeldClock().clock)
MODELS = (
    "openrouter:anthropic/claude-haiku-4.5",
    "openrouter:anthropic/claude-sonnet-4.5",
    "openrouter:anthropic/claude-sonnet-5",
    "openrouter:qwen/qwen3-coder-plus",
    "openrouter:google/gemini-2.5-pro",
    "openrouter:openai/gpt-5.4",
    "openrouter:deepseek/deepseek-v3.2",
    "anthropic:claude-haiku-4-5",
    "anthropic:claude-sonnet-4-5",
    "anthropic:claude-opus-5-5",
    "openai:gpt-5.6",
    "openai:gpt-5",
    "openai:gpt-4o",
)
USES = (
    Tokens(input=12_300, cache_read=11_800, cache_write=0, output=410),
    Tokens(input=12_300, cache_read=0, cache_write=11_800, output=410),
    Tokens(input=250_000, cache_read=200_000, cache_write=30_000, output=2000),
    Tokens(input=300_001, cache_read=0, cache_write=0, output=1),
    Tokens(input=0, cache_read=0, cache_write=0, output=0),
)


def theirs(model: ModelName, tokens: Tokens) -> Decimal:
    """What genai-prices itself says."""
    from genai_prices import Usage, calc_price

    usage = Usage(
        input_tokens=tokens.input,
        cache_read_tokens=tokens.cache_read,
        cache_write_tokens=tokens.cache_write,
        cache_write_1h_tokens=tokens.cache_write_1h,
        output_tokens=tokens.output,
    )
    moment = datetime.fromtimestamp(NOON, UTC)
    return calc_price(usage, model.name, provider_id=model.provider, genai_request_timestamp=moment).total_price


@pytest.mark.parametrize("tokens", USES, ids=lambda t: f"{t.input}-{t.cache_read}-{t.cache_write}")
@pytest.mark.parametrize("name", MODELS)
def test_estimates_are_those_of_the_price_list(name: str, tokens: Tokens) -> None:
    model = ModelName.parse(name)
    assert estimate(tokens, PRICES.price(model)) == theirs(model, tokens)


@given(
    name=st.sampled_from([name for name in MODELS if not name.startswith("openrouter:")]),
    plain=st.integers(0, 10**6),
    read=st.integers(0, 10**6),
    short=st.integers(0, 10**6),
    long=st.integers(0, 10**6),
    output=st.integers(0, 10**5),
)
def test_estimates_follow_the_list_for_any_split(
    name: str, plain: int, read: int, short: int, long: int, output: int
) -> None:
    model = ModelName.parse(name)
    tokens = Tokens(
        input=plain + read + short + long,
        cache_read=read,
        cache_write=short + long,
        cache_write_1h=long,
        output=output,
    )
    assert estimate(tokens, PRICES.price(model)) == theirs(model, tokens)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("openrouter:openai/gpt-5.6", None, id="not in the list"),
        pytest.param("anthropic:no-such-model-9", None, id="unknown model"),
        pytest.param("openai:moderation", None, id="listed without token prices"),
        pytest.param("openrouter:openai/gpt-oss-120b:free", FREE_PRICE, id="free at the router"),
        pytest.param("local:box", FREE_PRICE, id="a server of the user's own"),
        pytest.param("offline", FREE_PRICE, id="offline"),
    ],
)
def test_models_without_a_price(name: str, expected: Price | None) -> None:
    assert PRICES.price(ModelName.parse(name)) == expected


def test_one_hour_writes_cost_twice_the_plain_price_also_through_the_router() -> None:
    for name in ("anthropic:claude-haiku-4-5", "openrouter:anthropic/claude-haiku-4.5"):
        price = PRICES.price(ModelName.parse(name))
        assert price is not None
        assert price.ratios == Ratios(read=Decimal("0.1"), write_5m=Decimal("1.25"), write_1h=Decimal(2))
    assert FREE_PRICE.ratios is None


def test_a_tier_holds_for_all_tokens_of_the_request() -> None:
    price = PRICES.price(ModelName.parse("openrouter:anthropic/claude-sonnet-4.5"))
    assert price is not None
    start, above = price.tiers[0]
    assert price.at(start) == price
    assert price.at(start + 1) == above
    assert above.plain > price.plain


FLAT = Price(plain=Decimal(10), read=Decimal(1), write_5m=Decimal(12), write_1h=Decimal(20), output=Decimal(50))


@pytest.mark.parametrize(
    ("tokens", "cost", "expected"),
    [
        pytest.param(Tokens(input=100, cache_read=80, cache_write=0, output=1), 9, 720, id="all read"),
        pytest.param(Tokens(input=100, cache_read=0, cache_write=80, output=1), 9, -160, id="all written"),
        pytest.param(
            Tokens(input=100, cache_read=0, cache_write=80, cache_write_1h=30, output=1), 9, -400, id="dear writes"
        ),
        pytest.param(Tokens(input=100, cache_read=10, cache_write=80, output=1), 9, -70, id="writes outweigh"),
        pytest.param(Tokens(input=100, cache_read=80, output=1), 9, 720, id="writes not reported"),
        pytest.param(Tokens(input=100, output=1), 9, None, id="reads not reported"),
        pytest.param(Tokens(), 9, None, id="nothing reported"),
        pytest.param(Tokens(input=100, cache_read=80, output=1), 0, 0, id="free saves nothing"),
        pytest.param(Tokens(input=100, cache_read=80, output=1), None, 720, id="cost unknown"),
    ],
)
def test_savings(tokens: Tokens, cost: int | None, expected: int | None) -> None:
    assert savings(tokens, FLAT, None if cost is None else Decimal(cost)) == expected
    assert savings(tokens, None, None) is None


@pytest.mark.parametrize(
    "tokens",
    [
        pytest.param(Tokens(output=5), id="no input"),
        pytest.param(Tokens(input=5), id="no output"),
    ],
)
def test_what_is_not_reported_is_not_estimated(tokens: Tokens) -> None:
    assert estimate(tokens, FLAT) is None


def test_nothing_is_fetched_and_nothing_is_imported_early() -> None:
    fresh = Prices()
    assert not fresh.loaded
    fresh.load()
    assert fresh.loaded
    from genai_prices import data_snapshot

    assert not data_snapshot.get_snapshot().from_auto_update
    source = sys.modules["cachewise.ledger.prices"].__dict__
    assert "genai_prices" not in source


def test_a_price_that_is_kept_for_a_second_is_the_one_of_that_second() -> None:
    held = HeldClock()
    prices = Prices(held.clock)
    model = ModelName.parse("openrouter:deepseek/deepseek-v3.2")
    direct = ModelName.parse("anthropic:claude-haiku-4-5")
    for _ in range(50):
        for _ in range(2):
            assert prices.price(model) == Prices(held.clock).price(model)
            assert prices.price(direct) == Prices(held.clock).price(direct)
        held.tick(1_700.4)

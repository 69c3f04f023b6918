from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cachewise.model.events import UsageReport
from cachewise.model.names import ProviderName
from cachewise.model.usage import Tokens
from cachewise.providers.usage import (
    anthropic_tokens,
    chat_tokens,
    dollars,
    generation_report,
    infill_tokens,
    openrouter_report,
)
from support.providers import MODELS, build, collect, endpoint, request
from support.upstream import DONE, Upstream, anthropic_answer, chat, chat_answer, stream_head

JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
FIELDS = [
    "prompt_tokens",
    "completion_tokens",
    "prompt_tokens_details",
    "cost",
    "cost_details",
    "is_byok",
    "input_tokens",
    "output_tokens",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
    "ephemeral_1h_input_tokens",
    "native_tokens_prompt",
    "total_cost",
    "native_tokens_cached",
    "native_tokens_completion",
    "upstream_inference_cost",
    "provider_name",
]


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        pytest.param(
            {"prompt_tokens": 100, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 80}},
            Tokens(input=100, cache_read=80, output=5),
            id="llama.cpp",
        ),
        pytest.param(
            {"prompt_tokens": 100, "completion_tokens": 5, "prompt_tokens_details": None},
            Tokens(input=100, output=5),
            id="vLLM without its flag",
        ),
        pytest.param(
            {"prompt_tokens": 100, "completion_tokens": 5, "total_tokens": 105},
            Tokens(input=100, output=5),
            id="Ollama",
        ),
        pytest.param(
            {"prompt_tokens": 9, "prompt_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 7}},
            Tokens(input=9, cache_read=0, cache_write=7),
            id="a reported zero is zero",
        ),
        pytest.param({"prompt_tokens": -1, "completion_tokens": True}, Tokens(), id="no counts"),
    ],
)
def test_chat_tokens(usage: dict[str, Any], tokens: Tokens) -> None:
    assert chat_tokens(usage) == tokens


@pytest.mark.parametrize(
    ("event", "tokens"),
    [
        pytest.param(
            {"tokens_evaluated": 100, "timings": {"cache_n": 80, "prompt_n": 20, "predicted_n": 5}},
            Tokens(input=100, cache_read=80, output=5),
            id="llama.cpp",
        ),
        pytest.param(
            {"tokens_evaluated": 100, "timings": {"prompt_n": 20, "predicted_n": 5}},
            Tokens(input=100, cache_read=80, output=5),
            id="older: what was not evaluated was read",
        ),
        pytest.param(
            {"timings": {"cache_n": 80, "prompt_n": 20, "predicted_n": 0}},
            Tokens(input=100, cache_read=80, output=0),
            id="an event in the middle",
        ),
        pytest.param({"tokens_evaluated": 100}, Tokens(input=100), id="no timings"),
        pytest.param({"timings": None, "tokens_evaluated": -1}, Tokens(), id="no counts"),
        pytest.param({"timings": [1]}, Tokens(), id="nonsense"),
    ],
)
def test_infill_tokens(event: dict[str, Any], tokens: Tokens) -> None:
    assert infill_tokens(event) == tokens


@pytest.mark.parametrize(
    ("usage", "billed"),
    [
        pytest.param({"cost": 0.00123}, "0.00123", id="billed"),
        pytest.param({"cost": 0}, "0", id="a billed zero is zero"),
        pytest.param({"cost": 1e-7}, "0.0000001", id="tiny"),
        pytest.param({"is_byok": False}, None, id="not said"),
        pytest.param({"cost": None}, None, id="null"),
        pytest.param({"cost": "nonsense"}, None, id="nonsense"),
        pytest.param({"cost": float("nan")}, None, id="nan"),
        pytest.param({"cost": -1}, None, id="negative"),
        pytest.param(
            {"cost": 0.0001, "is_byok": True, "cost_details": {"upstream_inference_cost": 0.002}},
            "0.0021",
            id="own key: fee and upstream",
        ),
        pytest.param({"cost": 0.0001, "is_byok": True}, None, id="own key: the rest is unknown"),
        pytest.param(
            {"cost": 0.003, "is_byok": False, "cost_details": {"upstream_inference_cost": 0.002}},
            "0.003",
            id="not an own key: not added",
        ),
    ],
)
def test_openrouter_bill(usage: dict[str, Any], billed: str | None) -> None:
    report = openrouter_report(usage, upstream="Anthropic")
    assert report.billed == (None if billed is None else Decimal(billed))
    assert report.upstream == "Anthropic"


@pytest.mark.parametrize(
    ("record", "report"),
    [
        pytest.param(
            {
                "native_tokens_prompt": 12000,
                "native_tokens_cached": 10000,
                "native_tokens_completion": 3,
                "total_cost": 0.0021,
                "provider_name": "Anthropic",
                "is_byok": False,
                "upstream_inference_cost": 0,
            },
            UsageReport(
                tokens=Tokens(input=12000, cache_read=10000, output=3), billed=Decimal("0.0021"), upstream="Anthropic"
            ),
            id="cancelled",
        ),
        pytest.param(
            {"total_cost": 0.1, "is_byok": True, "upstream_inference_cost": 2},
            UsageReport(tokens=Tokens(), billed=Decimal("2.1")),
            id="own key",
        ),
        pytest.param({"provider_name": 5}, UsageReport(tokens=Tokens()), id="nothing known"),
    ],
)
def test_generation_record(record: dict[str, Any], report: UsageReport) -> None:
    assert generation_report(record) == report


@pytest.mark.parametrize(
    ("usage", "hour_marks", "tokens"),
    [
        pytest.param(
            {"input_tokens": 5, "cache_read_input_tokens": 70, "cache_creation_input_tokens": 20, "output_tokens": 3},
            False,
            Tokens(input=95, cache_read=70, cache_write=20, cache_write_1h=0, output=3),
            id="nothing can be written for an hour",
        ),
        pytest.param(
            {"input_tokens": 5, "cache_read_input_tokens": 0, "cache_creation_input_tokens": 20},
            True,
            Tokens(input=25, cache_read=0, cache_write=20),
            id="the split is not said",
        ),
        pytest.param(
            {"input_tokens": 5, "cache_creation_input_tokens": 20, "ephemeral_1h_input_tokens": 15},
            True,
            Tokens(input=25, cache_write=20, cache_write_1h=15),
            id="both lives",
        ),
        pytest.param({"output_tokens": 3}, False, Tokens(output=3), id="no input side"),
    ],
)
def test_anthropic_tokens(usage: dict[str, Any], hour_marks: bool, tokens: Tokens) -> None:
    assert anthropic_tokens(usage, hour_marks=hour_marks) == tokens


@given(st.dictionaries(st.sampled_from(FIELDS), JUNK))
def test_no_record_is_too_odd(usage: dict[str, Any]) -> None:
    """Counts that come out are never negative and money is never invented, whatever a server sends."""
    for report in (
        openrouter_report(usage, upstream=None),
        generation_report(usage),
        UsageReport(tokens=chat_tokens(usage)),
        UsageReport(tokens=anthropic_tokens(usage, hour_marks=True)),
    ):
        counts = (report.tokens.input, report.tokens.cache_read, report.tokens.cache_write, report.tokens.output)
        assert all(count is None or count >= 0 for count in counts)
        assert report.billed is None or report.billed >= 0


@given(st.decimals(min_value=0, max_value=1000, places=9))
def test_dollars_keep_nine_digits(amount: Decimal) -> None:
    assert abs((dollars(float(amount)) or Decimal(0)) - amount) < Decimal("1e-9")


USAGE = {
    "prompt_tokens": 12000,
    "completion_tokens": 20,
    "total_tokens": 12020,
    "cost": 0.00123,
    "is_byok": False,
    "cost_details": {"upstream_inference_cost": None},
    "prompt_tokens_details": {"cached_tokens": 10000, "cache_write_tokens": 1500},
    "completion_tokens_details": {"reasoning_tokens": 5},
}
FULL = Tokens(input=12000, cache_read=10000, cache_write=1500, output=20)


@pytest.mark.parametrize(
    ("provider", "usage", "report"),
    [
        pytest.param("openrouter", USAGE, UsageReport(tokens=FULL, billed=Decimal("0.00123")), id="openrouter"),
        pytest.param(
            "openrouter", USAGE | {"cost": 0}, UsageReport(tokens=FULL, billed=Decimal(0)), id="openrouter, free"
        ),
        pytest.param(
            "openrouter",
            {"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10},
            UsageReport(tokens=Tokens(input=9, output=1)),
            id="openrouter, nothing but counts",
        ),
        pytest.param("openrouter", None, None, id="openrouter, none"),
        pytest.param("openai", USAGE, UsageReport(tokens=FULL), id="openai"),
        pytest.param("openai", None, None, id="openai, none"),
        pytest.param(
            "local",
            {"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10},
            UsageReport(tokens=Tokens(input=9, output=1)),
            id="local, reads unreported",
        ),
        pytest.param(
            "local",
            {
                "prompt_tokens": 9,
                "completion_tokens": 1,
                "total_tokens": 10,
                "prompt_tokens_details": {"cached_tokens": 0},
            },
            UsageReport(tokens=Tokens(input=9, cache_read=0, output=1)),
            id="local, nothing read",
        ),
    ],
)
async def test_usage_off_the_wire(
    provider: ProviderName, usage: dict[str, Any] | None, report: UsageReport | None
) -> None:
    async with Upstream(chat_answer(["a", "b"], usage=usage)) as upstream:
        events = await collect(build(endpoint(provider, upstream.url)), request(MODELS[provider]))
    assert [event for event in events if isinstance(event, UsageReport)] == ([report] if report else [])


async def test_openrouter_names_the_host_that_served() -> None:
    last = chat(usage=USAGE, choices=[])
    async with Upstream([stream_head(), chat("a", provider="X"), chat(finish="stop"), last, DONE]) as upstream:
        events = await collect(build(endpoint("openrouter", upstream.url)), request(MODELS["openrouter"]))
    assert [event.upstream for event in events if isinstance(event, UsageReport)] == ["X"]


async def test_anthropic_reports_before_the_first_text_and_at_the_end() -> None:
    async with Upstream(anthropic_answer(["a", "b", "c"])) as upstream:
        wanted = request(MODELS["anthropic"], marks={0: "1h"})
        events = await collect(build(endpoint("anthropic", upstream.url)), wanted)
    reports = [event for event in events if isinstance(event, UsageReport)]
    assert events.index(reports[0]) == 1
    first = Tokens(input=12000, cache_read=10000, cache_write=1500, cache_write_1h=500, output=1)
    assert reports[0] == UsageReport(tokens=first)
    assert reports[-1].tokens.output == 3
    assert reports[-1].tokens.input == 12000
    assert reports[-1].tokens.cache_write_1h == 500

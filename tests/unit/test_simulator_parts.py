"""The simulator's smaller parts: tokens, routing, prices and scripts."""

from __future__ import annotations

import inspect
import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cachewise.simulator import Fault, Script, account, count_tokens, fingerprint, routing
from cachewise.simulator.account import Charge
from cachewise.simulator.prices import price_of, unit_prices
from cachewise.simulator.prompt import BadRequest, Prompt, WireName
from cachewise.simulator.records import without_secrets
from cachewise.simulator.routing import Router
from cachewise.simulator.tokens import TokenTable, split_tokens
from support.simulated import B, Clock, prompt_of, sized

CLAUDE = "anthropic/claude-haiku-4.5"


@given(st.text())
def test_tokens_joined_are_the_text(text: str) -> None:
    assert "".join(split_tokens(text)) == text
    table = TokenTable()
    ends = table.ends(text)
    assert list(table.ends(text)) == list(ends)
    assert len(ends) == count_tokens(text) == table.count(text)
    assert (ends[-1] if ends else 0) == len(text)


@given(st.text(), st.text())
def test_more_text_never_has_fewer_tokens(text: str, more: str) -> None:
    assert count_tokens(text + more) >= count_tokens(text)


def test_source_code_has_about_3_6_characters_a_token() -> None:
    text = inspect.getsource(account) + inspect.getsource(routing)
    assert 3.3 < len(text) / count_tokens(text) < 4.2


def test_the_token_table_forgets_the_texts_used_least_recently() -> None:
    table = TokenTable(size=2)
    first = table.ends("one")
    table.ends("two")
    assert table.ends("one") is first
    table.ends("three")
    assert table.ends("one") is first
    assert table.ends("two") is not table.ends("two ")


def test_sized_texts_have_that_size() -> None:
    assert [count_tokens(sized("word", n)) for n in (0, 1, 7, 1024)] == [0, 1, 7, 1024]


def routed(model: str = CLAUDE, **more: Any) -> Prompt:
    return prompt_of([B("files", 5)], wire="openrouter", model=model, **more)


def test_a_session_stays_with_its_upstream_for_ten_idle_minutes() -> None:
    clock = Clock()
    router = Router(clock)
    first = router.choose(routed(session_id="a"))
    others = [router.choose(routed(session_id=name)) for name in "bcd"]
    assert [first, *others] == [
        "Simulated anthropic",
        "Simulated amazon-bedrock",
        "Simulated google-vertex",
        "Simulated anthropic",
    ]
    for _ in range(3):
        clock.now += 599
        assert router.choose(routed(session_id="a")) == first
    clock.now += 600
    assert router.choose(routed(session_id="a")) == "Simulated amazon-bedrock"


def test_without_a_session_requests_are_spread_in_turn() -> None:
    router = Router(Clock())
    assert [router.choose(routed()) for _ in range(4)] == [
        "Simulated anthropic",
        "Simulated amazon-bedrock",
        "Simulated google-vertex",
        "Simulated anthropic",
    ]


def test_forgetting_moves_a_session_on() -> None:
    router = Router(Clock())
    first = router.choose(routed(cache_key="a"))
    assert router.choose(routed(cache_key="a")) == first
    router.forget()
    assert router.choose(routed(cache_key="a")) != first


def test_a_session_of_another_model_is_another_conversation() -> None:
    router = Router(Clock())
    router.choose(routed(session_id="a"))
    assert router.choose(routed("anthropic/claude-sonnet-4.6", session_id="a")) == "Simulated amazon-bedrock"


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        pytest.param({"provider_only": ("amazon-bedrock",)}, ["amazon-bedrock"] * 3, id="only"),
        pytest.param({"provider_order": ("google-vertex",)}, ["google-vertex"] * 3, id="order-beats-turns"),
        pytest.param({"provider_order": ("azure",)}, ["anthropic"] * 3, id="an-order-without-a-match-falls-back"),
        pytest.param(
            {"provider_ignore": ("anthropic",)},
            ["amazon-bedrock", "google-vertex", "amazon-bedrock"],
            id="ignore",
        ),
    ],
)
def test_provider_preferences(more: dict[str, Any], expected: list[str]) -> None:
    router = Router(Clock())
    assert [router.choose(routed(**more)) for _ in range(3)] == [f"Simulated {name}" for name in expected]


@pytest.mark.parametrize(
    ("more", "status"),
    [
        pytest.param({"provider_only": ("azure",)}, 404, id="only-others"),
        pytest.param({"provider_order": ("azure",), "allow_fallbacks": False}, 404, id="order-without-fallbacks"),
        pytest.param({"session_id": "x" * 257}, 400, id="long-session"),
    ],
)
def test_requests_that_no_upstream_takes(more: dict[str, Any], status: int) -> None:
    with pytest.raises(BadRequest) as refusal:
        Router(Clock()).choose(routed(**more))
    assert refusal.value.status == status


@pytest.mark.parametrize(
    ("wire", "model", "charge", "output", "expected"),
    [
        pytest.param("openrouter", CLAUDE, Charge(read=1000, plain=100), 10, "0.000250", id="read"),
        pytest.param("openrouter", CLAUDE, Charge(write=1000, plain=100), 10, "0.001400", id="written-for-5m"),
        pytest.param("openrouter", CLAUDE, Charge(write_1h=1000, plain=100), 10, "0.002150", id="written-for-1h"),
        pytest.param(
            "anthropic",
            "claude-haiku-4-5",
            Charge(read=5000, write=2000, write_1h=1000, plain=2000),
            100,
            "0.0075",
            id="all-four",
        ),
        pytest.param("openai", "gpt-5-mini", Charge(read=1000, plain=1000), 0, "0.000275", id="automatic"),
    ],
)
def test_price(wire: WireName, model: str, charge: Charge, output: int, expected: str) -> None:
    price = price_of(wire, model, charge, output)
    assert price is not None
    assert price.total == Decimal(expected)


@given(
    st.sampled_from([("openrouter", CLAUDE), ("anthropic", "claude-sonnet-4-6"), ("openai", "gpt-5.6-luna")]),
    st.tuples(*[st.integers(0, 200_000)] * 5),
)
def test_reads_save_and_writes_cost(model: tuple[WireName, str], tokens: tuple[int, int, int, int, int]) -> None:
    read, write, write_1h, plain, output = tokens
    charge = Charge(read=read, write=write, write_1h=write_1h if model[0] != "openai" else 0, plain=plain)
    price = price_of(*model, charge, output)
    dear = price_of(*model, replace(charge, read=0, plain=plain + read), output)
    cheap = price_of(*model, replace(charge, write=0, write_1h=0, plain=plain + charge.written), output)
    assert price is not None
    assert dear is not None
    assert cheap is not None
    assert cheap.total <= price.total <= dear.total
    assert price.uncached == dear.uncached == cheap.uncached


def test_a_model_without_a_known_price_has_none() -> None:
    assert price_of("openrouter", "somebody/unheard-of", Charge(plain=10), 1) is None
    assert unit_prices("openrouter", "somebody/unheard-of") is None


def test_unit_prices_are_dollars_a_token() -> None:
    assert unit_prices("openrouter", CLAUDE) == {
        "prompt": "0.000001",
        "completion": "0.000005",
        "input_cache_read": "0.0000001",
        "input_cache_write": "0.00000125",
    }


FAULTS = st.builds(
    Fault,
    kind=st.sampled_from(["none", "status", "reset", "garbage", "stall", "reroute"]),
    status=st.integers(100, 599),
    retry_after=st.none() | st.floats(0, 100),
    after_tokens=st.integers(0, 50),
)


@given(st.builds(Script, first_token_delay=st.floats(0, 10), faults=st.lists(FAULTS).map(tuple), answer=st.text()))
def test_a_script_survives_json(script: Script) -> None:
    assert Script.from_json(json.loads(json.dumps(script.to_json()))) == script


@pytest.mark.parametrize(
    ("value", "says"),
    [
        pytest.param([], "a script is a JSON object", id="a-list"),
        pytest.param({"delay": 1}, "has no delay", id="an-unknown-field"),
        pytest.param({"faults": {}}, "faults is a list", id="faults-no-list"),
        pytest.param({"faults": [{"kind": "explode"}]}, "kind is one of", id="an-unknown-kind"),
        pytest.param({"faults": [3]}, "a fault is a JSON object", id="a-fault-that-is-none"),
        pytest.param({"faults": [{"kind": "status", "status": 1000}]}, "from 100 to 599", id="no-status"),
        pytest.param({"faults": [{"after_tokens": True}]}, "after_tokens is a whole number", id="a-bool"),
        pytest.param({"token_delay": -1}, "token_delay is a number of seconds", id="negative"),
        pytest.param({"token_delay": None}, "token_delay is a number of seconds", id="no-delay"),
        pytest.param({"usage": "plenty"}, "usage is one of", id="an-unknown-usage"),
        pytest.param({"answer": 7}, "answer is a string", id="answer-no-string"),
    ],
)
def test_scripts_that_do_not_fit(value: object, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Script.from_json(value)


def test_keys_do_not_show() -> None:
    key = "a-key-that-must-not-show"
    headers = without_secrets({"authorization": f"Bearer {key}", "x-api-key": key, "accept": "*/*"})
    assert headers == {"authorization": fingerprint(key), "x-api-key": fingerprint(key), "accept": "*/*"}
    assert key not in repr(Script(api_key=key))
    assert key not in repr(headers)

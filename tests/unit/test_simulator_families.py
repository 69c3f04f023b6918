"""The simulator's prompt-cache account by families of models: whose cache works how, and from how many tokens on."""

from __future__ import annotations

import pytest

from cachewise.simulator.account import Account
from cachewise.simulator.prompt import WireName
from cachewise.simulator.rules import rule_for
from support.simulated import B, Clock, Step, check, prompt_of, shared, spend

HAIKU = "claude-haiku-4-5"
EXPLICIT = (B("system", 100), B("files", 2000, "30m"), B("tail", 50))


@pytest.mark.parametrize(
    ("implicit", "steps"),
    [
        pytest.param(
            False,
            [
                Step(0, EXPLICIT, (0, 2100, 0, 50)),
                Step(1799, EXPLICIT, (2100, 0, 0, 50)),
                Step(3599, EXPLICIT, (0, 2100, 0, 50)),
            ],
            id="explicit-for-thirty-minutes",
        ),
        pytest.param(
            False,
            [
                Step(0, EXPLICIT[:2], (0, 2100, 0, 0)),
                Step(
                    1,
                    (B("system", 100), B("files", 2000), *[B("more", 5)] * 40, B("last", 5, "30m")),
                    (2100, 205, 0, 0),
                ),
            ],
            id="looks-back-without-a-limit",
        ),
        pytest.param(
            True,
            [
                Step(0, (B("system", 100), B("files", 2000), B("tail", 50)), (0, 2150, 0, 0)),
                Step(1, (B("system", 100), B("files", 2000), B("other", 50)), (0, 2150, 0, 0)),
                Step(2, (B("system", 100), B("files", 2000), B("other", 50), B("then", 9)), (2150, 9, 0, 0)),
            ],
            id="implicit-finds-a-longer-chat-but-not-another-tail",
        ),
        pytest.param(False, [Step(0, shared()[:1], (0, 0, 0, 100))], id="explicit-mode-without-marks-is-plain"),
    ],
)
def test_openai_from_5_6(implicit: bool, steps: list[Step]) -> None:
    check(*steps, wire="openai", model="gpt-5.6-luna", marks_last_message=implicit)


def test_a_prompt_cache_key_has_its_own_cache() -> None:
    account = Account(Clock())
    first = prompt_of(EXPLICIT, wire="openai", model="gpt-5.6", cache_key="a")
    other = prompt_of(EXPLICIT, wire="openai", model="gpt-5.6", cache_key="b")
    assert [spend(account, prompt).read for prompt in (first, other, first)] == [0, 0, 2100]


@pytest.mark.parametrize(
    ("model", "steps"),
    [
        pytest.param(
            "deepseek/deepseek-v4-flash",
            [
                Step(0, (B("system", 100), B("files", 1500), B("tail", 50)), (0, 0, 0, 1650)),
                Step(1, (B("system", 100), B("files", 1500), B("other", 50)), (1536, 0, 0, 114)),
                Step(2, (B("system", 100), B("files", 1500), B("other", 50)), (1536, 0, 0, 114)),
            ],
            id="steps-of-128",
        ),
        pytest.param("x-ai/grok-4.3", [Step(0, (B("files", 1023),), (0, 0, 0, 1023))] * 2, id="below-1024"),
        pytest.param(
            "x-ai/grok-4.3",
            [Step(0, (B("files", 1024),), (0, 0, 0, 1024)), Step(1, (B("files", 1024),), (1024, 0, 0, 0))],
            id="exactly-1024",
        ),
        pytest.param(
            "openai/gpt-5-mini",
            [
                Step(0, (B("files", 1024), B("tail", 200)), (0, 0, 0, 1224)),
                Step(200, (B("files", 1024), B("other", 200)), (1024, 0, 0, 200)),
                Step(499, (B("files", 1024), B("third", 200)), (1024, 0, 0, 200)),
                Step(800, (B("files", 1024), B("third", 200)), (0, 0, 0, 1224)),
            ],
            id="five-minutes-sliding",
        ),
        pytest.param(
            "google/gemini-2.5-flash",
            [
                Step(0, (B("files", 2047),), (0, 0, 0, 2047)),
                Step(1, (B("files", 2047),), (0, 0, 0, 2047)),
                Step(2, (B("files", 2100),), (0, 0, 0, 2100)),
                Step(3, (B("files", 2100),), (2048, 0, 0, 52)),
            ],
            id="gemini-has-a-higher-minimum",
        ),
        pytest.param("qwen/qwen3-32b", [Step(0, (B("files", 5000, "5m"),), (0, 0, 0, 5000))] * 2, id="none-at-all"),
    ],
)
def test_automatic(model: str, steps: list[Step]) -> None:
    check(*steps, wire="openrouter", model=model)


def test_qwen_takes_the_latest_four_of_five_marks() -> None:
    blocks = tuple(B(name, 2000, "5m") for name in ("a", "b", "c", "d", "e"))
    model = "qwen/qwen3-coder-plus"
    check(
        Step(0, blocks, (0, 10_000, 0, 0)),
        Step(1, (blocks[0], B("new", 10)), (0, 2000, 0, 10)),
        Step(2, (*blocks[:2], B("new", 10)), (4000, 0, 0, 10)),
        wire="openrouter",
        model=model,
    )


@pytest.mark.parametrize(
    ("wire", "model", "minimum"),
    [
        ("anthropic", "claude-haiku-4-5-20251001", 4096),
        ("openrouter", "anthropic/claude-haiku-4.5", 4096),
        ("openrouter", "anthropic/claude-sonnet-4.6:beta", 1024),
        ("anthropic", "claude-opus-4-6", 4096),
        ("anthropic", "claude-opus-4-7", 2048),
        ("anthropic", "claude-opus-4-8", 1024),
        ("anthropic", "claude-opus-5", 512),
        ("openrouter", "google/gemini-3.1-pro", 4096),
        ("openai", "gpt-6.1-terra", 1024),
    ],
)
def test_minimum(wire: WireName, model: str, minimum: int) -> None:
    assert rule_for(wire, model).minimum == minimum


def test_haiku_caches_from_4096_tokens_on() -> None:
    check(
        Step(0, (B("files", 4095, "5m"),), (0, 0, 0, 4095)),
        Step(1, (B("files", 4096, "5m"),), (0, 4096, 0, 0)),
        model=HAIKU,
    )

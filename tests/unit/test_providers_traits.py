from __future__ import annotations

import asyncio
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cachewise.model.names import PROVIDERS, CacheTraits, ModelName
from cachewise.providers.traits import traits


def of(model: str) -> CacheTraits:
    return traits(ModelName.parse(model))


@pytest.mark.parametrize(
    ("name", "minimum"),
    [
        ("claude-opus-5", 512),
        ("claude-opus-5-20260401", 512),
        ("claude-fable-5.1", 512),
        ("claude-mythos-5", 512),
        ("claude-opus-4.8", 1024),
        ("claude-opus-4.1", 1024),
        ("claude-opus-4-20250514", 1024),
        ("claude-sonnet-5", 1024),
        ("claude-sonnet-4.5", 1024),
        ("claude-sonnet-4-5-20250929", 1024),
        ("claude-sonnet-4", 1024),
        ("claude-sonnet-4.6", 2048),
        ("claude-opus-4.7", 2048),
        ("claude-mythos-preview", 2048),
        ("claude-3-5-haiku-20241022", 2048),
        ("claude-3.5-haiku", 2048),
        ("claude-opus-4.6", 4096),
        ("claude-opus-4.5", 4096),
        ("claude-haiku-4.5", 4096),
        ("claude-haiku-4-5-20251001", 4096),
        # Not listed anywhere: the largest documented minimum.
        ("claude-opus-5.5", 4096),
        ("claude-sonnet-5-5", 4096),
        ("claude-haiku-5.5", 4096),
        ("claude-fable-5.2", 4096),
        ("claude-opus-9", 4096),
        ("claude-sonnet-latest", 4096),
        ("claude", 4096),
    ],
)
def test_claude(name: str, minimum: int) -> None:
    for model in (f"openrouter:anthropic/{name}", f"openrouter:~anthropic/{name}", f"anthropic:{name}"):
        found = of(model)
        assert (found.style, found.minimum_tokens) == ("control", minimum), model
        assert (found.max_marks, found.ttls, found.ttl_seconds) == (4, ("5m", "1h"), 300.0)


@pytest.mark.parametrize(
    ("name", "style", "minimum"),
    [
        ("gpt-4o", "automatic", 1024),
        ("gpt-4o-mini-2024-07-18", "automatic", 1024),
        ("gpt-4.1", "automatic", 1024),
        ("gpt-4.1-2025-04-14", "automatic", 1024),
        ("gpt-5", "automatic", 1024),
        ("gpt-5-2025-08-07", "automatic", 1024),
        ("gpt-5-mini", "automatic", 1024),
        ("gpt-5.5", "automatic", 1024),
        ("gpt-5.5-pro", "automatic", 1024),
        ("o3", "automatic", 1024),
        ("o4-mini", "automatic", 1024),
        ("gpt-5.6", "breakpoint", 1024),
        ("gpt-5.6-luna", "breakpoint", 1024),
        ("gpt-5.10", "breakpoint", 1024),
        ("gpt-6-astra", "breakpoint", 1024),
        ("gpt-6.1-sol", "breakpoint", 1024),
        ("gpt-4", "none", 0),
        ("gpt-4-turbo", "none", 0),
        ("gpt-4-0613", "none", 0),
        ("gpt-3.5-turbo", "none", 0),
    ],
)
def test_openai(name: str, style: str, minimum: int) -> None:
    for model in (f"openrouter:openai/{name}", f"openai:{name}"):
        found = of(model)
        assert (found.style, found.minimum_tokens) == (style, minimum), model
        assert found.max_marks == (4 if style == "breakpoint" else 0)
        assert found.ttls == ()
        assert found.ttl_seconds == {"none": 0.0, "automatic": 300.0, "breakpoint": 1800.0}[style]


@pytest.mark.parametrize(
    ("model", "style", "minimum", "seconds"),
    [
        ("openrouter:qwen/qwen3-coder-plus", "control", 1024, 300.0),
        ("openrouter:qwen/qwen3.6-plus:free", "control", 1024, 300.0),
        ("openrouter:google/gemini-2.5-flash", "automatic", 2048, 180.0),
        ("openrouter:google/gemini-2.5-pro", "automatic", 4096, 180.0),
        ("openrouter:google/gemini-4-argon", "automatic", 4096, 180.0),
        ("openrouter:google/gemma-4", "none", 0, 0.0),
        ("openrouter:deepseek/deepseek-v3.2", "automatic", 0, 600.0),
        ("openrouter:x-ai/grok-4.6", "automatic", 0, 300.0),
        ("openrouter:moonshotai/kimi-k2", "automatic", 0, 600.0),
        ("openrouter:z-ai/glm-5.3", "automatic", 0, 600.0),
        ("openrouter:mistralai/mistral-large", "none", 0, 0.0),
        ("openrouter:openai/gpt-oss-120b", "none", 0, 0.0),
        ("openrouter:nobody", "none", 0, 0.0),
        ("local:claude-haiku-4.5", "automatic", 0, 3600.0),
        ("offline", "none", 0, 0.0),
    ],
)
def test_others(model: str, style: str, minimum: int, seconds: float) -> None:
    found = of(model)
    assert (found.style, found.minimum_tokens, found.ttl_seconds) == (style, minimum, seconds)
    assert found.ttls == ()


def test_a_tokenizer_that_makes_more_tokens_is_counted_so() -> None:
    dense = {name: of(f"anthropic:claude-{name}").tokens_per_byte for name in ("opus-4.6", "opus-4.7", "fable-5")}
    assert dense["opus-4.6"] < dense["opus-4.7"] == dense["fable-5"]


@given(st.sampled_from(PROVIDERS), st.text(max_size=40))
def test_any_name_gets_traits_that_agree_with_themselves(provider: object, name: str) -> None:
    found = traits(ModelName(provider, name))  # type: ignore[arg-type]
    assert (found.max_marks > 0) == (found.style in ("control", "breakpoint"))
    assert found.max_marks > 0 or not found.ttls
    assert (found.ttl_seconds == 0) == (found.style == "none")
    assert found.minimum_tokens >= 0


async def test_neither_traits_nor_registry_load_a_vendors_library() -> None:
    heavy = "{'pydantic_ai', 'openai', 'anthropic', 'httpx2', 'genai_prices', 'pydantic'}"
    code = f"import sys, cachewise.providers.traits, cachewise.providers.registry; print({heavy} & set(sys.modules))"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    assert out.strip() == b"set()"

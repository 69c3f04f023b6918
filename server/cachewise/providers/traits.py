"""What each model's provider caches, and how it wants to be told: tables that are matched against model names.

The figures come from the vendors' and OpenRouter's documentation as of autumn 2026. Where sources disagree, the more
cautious one stands here (a larger minimum, a shorter life). Not here: prices, which come from the price list, and how
a mark looks on the wire, which the provider modules know.
"""

from __future__ import annotations

import re
from dataclasses import replace

from cachewise.model.names import CacheTraits, ModelName

_CLAUDE_MINIMUM = {
    ("opus", 5, 0): 512,
    ("fable", 5, 0): 512,
    ("fable", 5, 1): 512,
    ("mythos", 5, 0): 512,
    ("mythos", 5, 1): 512,
    ("opus", 4, 0): 1024,
    ("opus", 4, 1): 1024,
    ("opus", 4, 8): 1024,
    ("sonnet", 4, 0): 1024,
    ("sonnet", 4, 5): 1024,
    ("sonnet", 5, 0): 1024,
    ("sonnet", 4, 6): 2048,  # documented as 1,024, but two independent measurements found nothing below 2,048 cached
    ("haiku", 3, 5): 2048,
    ("opus", 4, 7): 2048,
    ("opus", 4, 5): 4096,
    ("opus", 4, 6): 4096,
    ("haiku", 4, 5): 4096,
}
"""Tokens by family and version. Generations that no source lists get `_CLAUDE_UNKNOWN`."""

_CLAUDE_UNKNOWN = 4096
"""The largest minimum that Anthropic documents for any Claude."""

_CLAUDE = re.compile(
    r"claude-(?:(?P<old>\d)(?:-(?P<older>\d{1,2}))?-)?(?P<family>opus|sonnet|haiku|fable|mythos)"
    r"(?:-(?P<major>\d{1,2})(?!\d)(?:-(?P<minor>\d{1,2})(?!\d))?)?"
)
"""Both orders of names: `claude-3-5-haiku-20241022` and `claude-haiku-4-5-20251001`. A date is no version."""

_OPENAI_VERSION = re.compile(r"gpt-(?P<major>\d{1,2})(?:-(?P<minor>\d{1,2}))?(?![\da-z])")

_NONE = CacheTraits(style="none", minimum_tokens=0, max_marks=0, ttls=(), ttl_seconds=0.0, reports_reads=True)
_AUTOMATIC = CacheTraits(
    style="automatic", minimum_tokens=0, max_marks=0, ttls=(), ttl_seconds=300.0, reports_reads=True
)
_OPENAI_OLD = replace(_AUTOMATIC, minimum_tokens=1024)
_OPENAI_NEW = replace(_OPENAI_OLD, style="breakpoint", max_marks=4, ttl_seconds=1800.0)
_LOCAL = replace(_AUTOMATIC, ttl_seconds=3600.0)
"""A local server keeps its cache until the memory is needed. Some report what they read (llama.cpp), some only
when told to (vLLM), and some never (Ollama); where a response leaves it out, its count is None."""
_QWEN = CacheTraits(style="control", minimum_tokens=1024, max_marks=4, ttls=(), ttl_seconds=300.0, reports_reads=True)

_OPENROUTER_STICKY = 600.0
"""Seconds without a request after which OpenRouter forgets which host holds the cache."""

_OPENROUTER_FAMILIES: tuple[tuple[str, CacheTraits], ...] = (
    (r"qwen/", _QWEN),
    (r"google/gemini-2-5-flash", replace(_AUTOMATIC, minimum_tokens=2048, ttl_seconds=180.0)),
    (r"google/gemini-", replace(_AUTOMATIC, minimum_tokens=4096, ttl_seconds=180.0)),
    (r"deepseek/", replace(_AUTOMATIC, ttl_seconds=_OPENROUTER_STICKY)),
    (r"x-ai/grok", _AUTOMATIC),
    (r"moonshotai/kimi", replace(_AUTOMATIC, ttl_seconds=_OPENROUTER_STICKY)),
    (r"z-ai/glm", replace(_AUTOMATIC, ttl_seconds=_OPENROUTER_STICKY)),
)
"""First match wins, against the normalised name. Vendors that are not here cache nothing that is documented."""


def traits(model: ModelName) -> CacheTraits:
    """How prompts to this model are cached. Never fails: a name that is not known gets what is safe to assume."""
    name = _normalised(model.name)
    match model.provider:
        case "offline":
            return _NONE
        case "local":
            return _LOCAL
        case "anthropic":
            return _claude(name)
        case "openai":
            return _openai(name)
        case "openrouter":
            vendor, _, bare = name.partition("/")
            if vendor == "anthropic":
                return _claude(bare)
            if vendor == "openai":
                return _NONE if bare.startswith("gpt-oss") else _openai(bare)
            return next((found for pattern, found in _OPENROUTER_FAMILIES if re.match(pattern, name)), _NONE)


def _normalised(name: str) -> str:
    """Lower case, no `~` of an alias, no `:free` or other tag, and `-` between the numbers of a version."""
    return name.lower().removeprefix("~").partition(":")[0].replace(".", "-").replace("@", "-")


def _claude(name: str) -> CacheTraits:
    found = _CLAUDE.search(name)
    minimum, bytes_factor = _CLAUDE_UNKNOWN, 0.28
    if found:
        family = found["family"]
        major = int(found["major"] or found["old"] or 0)
        minor = int(found["minor"] or (0 if found["major"] else found["older"]) or 0)
        preview = family == "mythos" and major == 0 and "preview" in name
        minimum = 2048 if preview else _CLAUDE_MINIMUM.get((family, major, minor), _CLAUDE_UNKNOWN)
        if family in ("fable", "mythos") or (family == "opus" and (major, minor) >= (4, 7)):
            bytes_factor = 0.37  # their tokenizer makes about a third more tokens of the same text
    return CacheTraits(
        style="control",
        minimum_tokens=minimum,
        max_marks=4,
        ttls=("5m", "1h"),
        ttl_seconds=300.0,
        reports_reads=True,
        tokens_per_byte=bytes_factor,
    )


def _openai(name: str) -> CacheTraits:
    """Explicit marks came with GPT-5.6. Before GPT-4o nothing was cached; the o-series and all later ones are."""
    if re.match(r"gpt-3|gpt-4(?:-\d{4}|-turbo|-32k|$)|davinci|babbage", name):
        return _NONE
    found = _OPENAI_VERSION.match(name)
    if found and (int(found["major"]), int(found["minor"] or 0)) >= (5, 6):
        return _OPENAI_NEW
    return _OPENAI_OLD

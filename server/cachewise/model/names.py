"""Names of models, and what a model's provider caches and how it wants to be told.

Not here: the table that says it for each model (`providers/traits.py`), and prices (`ledger/prices.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ProviderName = Literal["openrouter", "anthropic", "openai", "local", "offline"]
Ttl = Literal["5m", "1h"]
PROVIDERS: tuple[ProviderName, ...] = ("openrouter", "anthropic", "openai", "local", "offline")
TTL_SECONDS: dict[str, float] = {"5m": 300.0, "30m": 1800.0, "1h": 3600.0}


@dataclass(frozen=True, slots=True)
class ModelName:
    """A model string of the settings, taken apart: `openrouter:anthropic/claude-haiku-4.5`."""

    provider: ProviderName
    name: str
    """The model's name at that provider; for `local` the name of the server's entry in the user file."""

    def __str__(self) -> str:
        return self.provider if self.provider == "offline" else f"{self.provider}:{self.name}"

    @classmethod
    def parse(cls, text: str) -> ModelName:
        """Take a model string apart.

        Raises:
            ValueError: with a sentence for people, if it is none.
        """
        head, colon, tail = text.strip().partition(":")
        for provider in PROVIDERS:
            if head == provider:
                if provider == "offline":
                    return cls(provider, "offline")
                if colon and tail and not any(c.isspace() for c in tail):
                    return cls(provider, tail)
        raise ValueError(
            f"{text!r} is no model name. Write 'openrouter:VENDOR/MODEL', 'anthropic:MODEL', 'openai:MODEL', "
            "'local:NAME' or 'offline'."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheTraits:
    """How one model's provider caches prompts. Prices are not here, they come from the price list.

    `style`:
        `control`     explicit `cache_control` marks (Claude and Qwen through OpenRouter, Anthropic directly)
        `breakpoint`  explicit `prompt_cache_breakpoint` marks (OpenAI from GPT-5.6)
        `automatic`   any stable prefix is found again without marks
        `none`        nothing is known to be cached
    """

    style: Literal["control", "breakpoint", "automatic", "none"]
    minimum_tokens: int
    """Shorter prefixes are silently not cached. 0 where there is no minimum."""
    max_marks: int
    ttls: tuple[Ttl, ...]
    """The TTLs that a mark may carry; empty where marks carry none."""
    ttl_seconds: float
    """How long an entry lives after its last use when no TTL is given."""
    reports_reads: bool
    """Whether usage says what was read from the cache; where not, it is unknown, not 0."""
    tokens_per_byte: float = 0.28
    """First guess of tokens per UTF-8 byte of source text, until the provider's own counts correct it."""

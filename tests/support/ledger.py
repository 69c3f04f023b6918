"""Plans, traits, usages and a clock to hold, for the tests of the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal

from cachewise.ledger.clock import Clock
from cachewise.model.names import CacheTraits, ModelName, Ttl
from cachewise.model.plan import Block, PromptPlan, Stability
from cachewise.model.usage import CacheMiss, Cost, CostSource, Feature, Outcome, Tokens, Usage

HAIKU = ModelName("openrouter", "anthropic/claude-haiku-4.5")
NOON = 1_780_000_000.0
"""A moment in 2026."""


class HeldClock:
    """A clock that only moves when told."""

    def __init__(self, now: float = NOON) -> None:
        self.moment = now
        self.clock = Clock(now=lambda: self.moment, elapsed=lambda: self.moment)

    def tick(self, seconds: float) -> None:
        self.moment += seconds


def traits(
    style: Literal["control", "breakpoint", "automatic", "none"] = "control",
    *,
    minimum: int = 1024,
    ttls: tuple[Ttl, ...] = ("5m", "1h"),
    reports: bool = True,
) -> CacheTraits:
    return CacheTraits(
        style=style,
        minimum_tokens=minimum,
        max_marks=4,
        ttls=ttls,
        ttl_seconds=300.0,
        reports_reads=reports,
        tokens_per_byte=0.25,
    )


def plan(
    files: Mapping[str, tuple[str, int]] | None = None,
    *,
    marks: dict[int, Ttl] | None = None,
    tail: int = 500,
    moved: str | None = None,
) -> PromptPlan:
    """A system block of 1,000 tokens, then files (name: text and tokens), then a tail; marked behind the last file."""
    given = {"a.py": ("a", 5000), "b.py": ("b", 6000)} if files is None else files
    blocks = [Block(name="system", text="rules", stability=Stability.FIXED, tokens=1000, role="system")]
    for name, (text, tokens) in given.items():
        blocks.append(Block(name=f"file {name}", text=text, stability=Stability.STABLE, tokens=tokens))
    default: dict[int, Ttl] = {len(blocks) - 1: "5m"}
    blocks.append(Block(name="tail", text="what now", stability=Stability.TAIL, tokens=tail))
    return PromptPlan(blocks=tuple(blocks), marks=default if marks is None else marks, moved=moved)


def usage(
    *,
    feature: Feature = "explain",
    model: str = str(HAIKU),
    source: Literal["provider", "answers", "offline"] = "provider",
    tokens: Tokens | None = None,
    cost: str | None = "0.0021",
    cost_source: CostSource = "billed",
    saved: str | None = "0.001",
    outcome: Outcome = "complete",
    total_ms: float = 1900.0,
    miss: CacheMiss | None = None,
) -> Usage:
    return Usage(
        feature=feature,
        model=model,
        source=source,
        tokens=Tokens(input=12300, cache_read=11800, cache_write=0, output=410) if tokens is None else tokens,
        cost=Cost(
            usd=None if cost is None else Decimal(cost),
            source="unknown" if cost is None else cost_source,
            saved=None if saved is None else Decimal(saved),
        ),
        first_token_ms=300.0,
        total_ms=total_ms,
        outcome=outcome,
        cache_miss=miss,
    )

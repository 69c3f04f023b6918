"""Plans, traits, usages, requests under a budget and a clock to hold, for the tests of the ledger."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from cachewise.ledger.budget import Caps, Hold
from cachewise.ledger.clock import Clock
from cachewise.ledger.ledger import Ledger
from cachewise.ledger.meter import Meter
from cachewise.model.events import UsageReport
from cachewise.model.names import CacheTraits, ModelName, Ttl
from cachewise.model.plan import Block, PromptPlan, Stability
from cachewise.model.usage import CacheMiss, Cost, CostSource, Feature, Outcome, Tokens, Usage

HAIKU = ModelName("openrouter", "anthropic/claude-haiku-4.5")
NOON = 1_780_000_000.0
"""A moment in 2026."""
NewLedger = Callable[..., Ledger]


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


async def reserve(
    ledger: Ledger, caps: Caps, *, model: ModelName = HAIKU, max_tokens: int = 100, allow: bool = False, tail: int = 500
) -> Hold | None:
    """Ask for room for one request of the usual plan."""
    return await ledger.reserve(
        plan=plan(tail=tail),
        traits=traits(),
        model=model,
        session_id="w",
        max_tokens=max_tokens,
        caps=caps,
        allow_over=allow,
    )


def spend(ledger: Ledger, hold: Hold | None, usd: str) -> Meter:
    """Send the request, and let the provider bill this much for it."""
    meter = ledger.start(feature="explain", plan=plan(), traits=traits(), model=HAIKU, session_id="w", hold=hold)
    meter.report(UsageReport(tokens=Tokens(), billed=Decimal(usd)))
    meter.finish("complete")
    return meter


def per_day(usd: str) -> Caps:
    return Caps(Decimal(usd), None)


def rows(path: Path, query: str) -> list[tuple[Any, ...]]:
    """What a ledger's file answers to a query."""
    connection = sqlite3.connect(path)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()

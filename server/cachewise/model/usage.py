"""What a request used and cost, as the protocol's `Usage` and `Totals` shapes.

Token counts are int or None: None is "not reported", never 0. Money is `Decimal` US dollars or None.
`input` includes what was read from and written to the cache.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

Feature = Literal["complete", "explain", "ask", "document", "hover", "lens", "warm"]
FEATURES: tuple[Feature, ...] = ("complete", "explain", "ask", "document", "hover", "lens", "warm")
CostSource = Literal["billed", "estimated", "unknown"]
Outcome = Literal["complete", "cancelled", "failed"]
MissReason = Literal["cold", "expired", "prefixChanged", "belowMinimum", "routeChanged", "unreported"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """Token counts of one request, normalised: `input` is the sum of read, written and plain tokens."""

    input: int | None = None
    cache_read: int | None = None
    cache_write: int | None = None
    """All written tokens, of every TTL."""
    cache_write_1h: int | None = None
    """Those of `cache_write` with a one-hour TTL, where the provider tells them apart."""
    output: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Dollars of one request. `usd` is None exactly when `source` is `unknown`."""

    usd: Decimal | None
    source: CostSource
    saved: Decimal | None
    """Against the same tokens at the plain input price; negative where writes cost more than reads saved."""


UNKNOWN_COST = Cost(usd=None, source="unknown", saved=None)
FREE = Cost(usd=Decimal(0), source="billed", saved=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheMiss:
    """Why a request read less from the provider's cache than it could have."""

    reason: MissReason
    tokens: int
    """How many tokens were expected to be read and were not."""
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicted:
    """What the input of a request was expected to be billed as, before it was sent."""

    cache_read: int
    cache_write: int
    plain: int
    usd: Decimal | None
    """Of the input alone, by the list; None without a list price."""

    def to_json(self) -> dict[str, Any]:
        """The `predicted` object of a usage."""
        return {
            "cacheReadTokens": self.cache_read,
            "cacheWriteTokens": self.cache_write,
            "plainTokens": self.plain,
            "inputUsd": dollars(self.usd),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """The record of one request that a user is shown."""

    feature: Feature
    model: str
    source: Literal["provider", "answers", "offline"]
    tokens: Tokens
    cost: Cost
    first_token_ms: float | None
    total_ms: float
    outcome: Outcome
    cache_miss: CacheMiss | None = None
    predicted: Predicted | None = None
    """None for what was not sent to a provider."""

    def to_json(self) -> dict[str, Any]:
        """The protocol's `Usage` object. Money becomes a JSON number; unknown becomes null."""
        miss = self.cache_miss
        return {
            "feature": self.feature,
            "model": self.model,
            "source": self.source,
            "inputTokens": self.tokens.input,
            "cacheReadTokens": self.tokens.cache_read,
            "cacheWriteTokens": self.tokens.cache_write,
            "outputTokens": self.tokens.output,
            "costUsd": dollars(self.cost.usd),
            "costSource": self.cost.source,
            "savedUsd": dollars(self.cost.saved),
            "firstTokenMs": None if self.first_token_ms is None else round(self.first_token_ms, 1),
            "totalMs": round(self.total_ms, 1),
            "outcome": self.outcome,
            "cacheMiss": None
            if miss is None
            else {"reason": miss.reason, "tokens": miss.tokens, "detail": miss.detail},
            "predicted": None if self.predicted is None else self.predicted.to_json(),
        }


def dollars(amount: Decimal | None) -> float | None:
    """Dollars as a JSON number; None stays None."""
    return None if amount is None else float(amount)


@dataclass(slots=True, kw_only=True)
class Totals:
    """Running sums. The only mutable value of this package: its owner adds to it on the event loop.

    Sums what is known; `cost_is_complete` turns False with the first request whose cost is unknown.
    """

    requests: int = 0
    input_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    output_tokens: int = 0
    cost: Decimal = field(default_factory=Decimal)
    cost_is_complete: bool = True
    saved: Decimal = field(default_factory=Decimal)
    answers_hits: int = 0
    answers_saved: Decimal = field(default_factory=Decimal)
    accepted: int = 0
    shown: int = 0
    accepted_characters: int = 0
    typed: int = 0
    """Suggestions that were typed out by hand in place of being accepted."""
    rejected: int = 0
    """Suggestions that the document went past in another way."""
    hit_input_tokens: int = 0
    """Input tokens of the requests whose cache reads were reported: the denominator of the hit ratio."""

    @property
    def hit_ratio(self) -> float | None:
        """Share of input tokens read from the provider's cache, weighted by tokens; None before any was reported."""
        return self.cache_read_tokens / self.hit_input_tokens if self.hit_input_tokens else None

    def completions_json(self) -> dict[str, Any]:
        """The protocol's `completions` object, of the sums of the feature `complete`; ratios of nothing are null."""
        characters = self.accepted_characters
        return {
            "shown": self.shown,
            "accepted": self.accepted,
            "typedThrough": self.typed,
            "rejected": self.rejected,
            "acceptedCharacters": characters,
            "acceptanceRate": self.accepted / self.shown if self.shown else None,
            "costUsd": float(self.cost),
            "costPerAcceptedCharacterUsd": float(self.cost / characters) if characters else None,
        }

    def add(self, usage: Usage) -> None:
        """Count one request in."""
        if usage.source == "answers":
            self.answers_hits += 1
            self.answers_saved += usage.cost.saved or 0
            return
        if usage.source == "offline":
            return
        tokens = usage.tokens
        self.requests += 1
        self.input_tokens += tokens.input or 0
        self.cache_read_tokens += tokens.cache_read or 0
        self.cache_write_tokens += tokens.cache_write or 0
        self.output_tokens += tokens.output or 0
        if tokens.input is not None and tokens.cache_read is not None:
            self.hit_input_tokens += tokens.input
        if usage.cost.usd is None:
            self.cost_is_complete = False
        else:
            self.cost += usage.cost.usd
        self.saved += usage.cost.saved or 0

    def to_json(self) -> dict[str, Any]:
        """The protocol's `Totals` object."""
        return {
            "requests": self.requests,
            "inputTokens": self.input_tokens,
            "cacheReadTokens": self.cache_read_tokens,
            "cacheWriteTokens": self.cache_write_tokens,
            "outputTokens": self.output_tokens,
            "costUsd": float(self.cost),
            "costIsComplete": self.cost_is_complete,
            "savedUsd": float(self.saved),
            "answersHits": self.answers_hits,
            "answersSavedUsd": float(self.answers_saved),
            "hitRatio": self.hit_ratio,
            "accepted": self.accepted,
            "shown": self.shown,
        }

"""One kept answer, and the JSON values that it is kept as.

An answer is the whole text that a model gave to one question, with what it cost, so that a hit can say what it saved.
Not here: which answers are kept (`answers.py`), and the envelope around the values (`envelope.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from cachewise.answers.store import Tier
from cachewise.answers.tiers import Found
from cachewise.model.usage import UNKNOWN_COST, Cost

_SOURCES: tuple[Literal["billed", "estimated"], ...] = ("billed", "estimated")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAnswer:
    """An answer from the cache."""

    text: str
    model: str
    cost: Cost
    """Of the request that gave it: what this hit saves."""
    task: str
    stored_at: float
    """Seconds since the epoch."""
    age_seconds: float
    context: str
    """Digest of the shared context that the answer was given with; empty where none was recorded."""
    tier: Tier

    def context_changed(self, context: str) -> bool:
        """Whether the shared context has changed since, as far as that is known."""
        return bool(self.context and context) and self.context != context


def pack(*, text: str, model: str, cost: Cost, context: str) -> dict[str, Any]:
    """The values that an answer is kept as; `StoredAnswer` tells what they are."""
    return {
        "text": text,
        "model": model,
        "costUsd": None if cost.usd is None else str(cost.usd),
        "costSource": cost.source,
        "context": context,
    }


def unpack(found: Found, now: float) -> StoredAnswer | None:
    """The answer that an entry holds; None where it holds none.

    Args:
        found: As a tier gave it.
        now: Seconds since the epoch.
    """
    envelope = found.envelope
    text, model = envelope.answer.get("text"), envelope.answer.get("model")
    context = envelope.answer.get("context")
    if not isinstance(text, str) or not isinstance(model, str) or not text.strip():
        return None
    return StoredAnswer(
        text=text,
        model=model,
        cost=_cost(envelope.answer.get("costUsd"), envelope.answer.get("costSource")),
        task=envelope.task,
        stored_at=envelope.stored_at,
        age_seconds=envelope.age(now),
        context=context if isinstance(context, str) else "",
        tier=found.tier,
    )


def _cost(usd: object, source: object) -> Cost:
    """A stored cost; anything odd is unknown."""
    for known in _SOURCES:
        if source == known and isinstance(usd, str):
            try:
                amount = Decimal(usd)
            except InvalidOperation:
                return UNKNOWN_COST
            if amount.is_finite():
                return Cost(usd=amount, source=known, saved=None)
    return UNKNOWN_COST

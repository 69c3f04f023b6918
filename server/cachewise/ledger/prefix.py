"""What a provider should have in its cache: the shapes of the prompts sent, and what the next one can expect.

Only digests, names and counts are kept, no text. Not here: why a read came out short (`misses.py`).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

from cachewise.ledger.shape import Shape
from cachewise.model.names import TTL_SECONDS, ModelName
from cachewise.model.usage import Tokens

PrefixState = Literal["cold", "warm", "unsupported", "belowMinimum"]

PLANS_REMEMBERED = 8
"""Per model and workspace folder; features share one prefix, so more than a few means the prefix keeps moving."""
CACHES_REMEMBERED = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A prompt that a provider has begun to answer, so that its prefix is in the provider's cache."""

    shape: Shape
    at: float
    """When the request was sent; Anthropic counts the time to live from there, so the cautious clock for all."""
    scale: float
    """The provider's tokens for one of the plan's estimated tokens."""
    held: int | None = None
    """Tokens that the provider reported as read or written; None where it did not say."""
    upstream: str | None = None

    def readable(self, common: int | None, now: float | None) -> int:
        """Tokens that a prompt can read from this entry.

        Args:
            common: How many of its blocks are the same; None for all.
            now: The time of the request; None if time played no part.
        """
        last = self.shape.boundaries[-1] if self.shape.boundaries else None
        best = 0
        for end in self.shape.boundaries:
            tokens = round(end.tokens * self.scale)
            if end is last and self.held is not None:
                tokens = self.held
            inside = common is None or end.index < common
            if inside and (now is None or now < self.at + end.ttl) and tokens >= self.shape.traits.minimum_tokens:
                best = max(best, tokens)
        return best

    def expires(self, common: int, now: float) -> float | None:
        """When the longest part of this entry that can be read now will be gone; None if there is none."""
        ends = [end for end in self.shape.boundaries if end.index < common and now < self.at + end.ttl]
        return self.at + ends[-1].ttl if ends else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What a request should find in the provider's cache."""

    model: str
    cache: str
    """Which of the provider's caches: the id under which requests of one workspace folder are kept together."""
    shape: Shape
    at: float
    scale: float
    tokens_read: int
    state: PrefixState
    expires_at: float | None
    known: Sent | None
    """The remembered prompt that comes closest; None for the first."""

    @property
    def prefix_tokens(self) -> int:
        """Tokens up to the last boundary, as the provider would count them; of all of a prefix that is too short."""
        last = self.shape.boundaries[-1].tokens if self.shape.boundaries else 0
        return round((self.shape.prefix_tokens if self.shape.too_short else last) * self.scale)

    def split(self, output: int) -> Tokens:
        """The tokens that the request should be billed for: a guess for streams that ended without a report."""
        whole = round(self.shape.tokens * self.scale)
        read = min(self.tokens_read, whole)
        write = long = 0
        if self.shape.traits.style in ("control", "breakpoint") and self.state in ("cold", "warm"):
            write = max(min(self.prefix_tokens, whole) - read, 0)
            hour = [end.tokens for end in self.shape.boundaries if end.ttl >= TTL_SECONDS["1h"]]
            long = max(min(round(max(hour, default=0) * self.scale), whole) - read, 0)
        return Tokens(input=whole, cache_read=read, cache_write=write, cache_write_1h=min(long, write), output=output)

    def to_json(self) -> dict[str, Any]:
        """The `prefix` object of the status message."""
        warm = self.state == "warm"
        ends = datetime.fromtimestamp(self.expires_at, UTC) if warm and self.expires_at is not None else None
        return {
            "tokens": self.tokens_read if warm else self.prefix_tokens,
            "state": self.state,
            "expiresAt": None if ends is None else ends.isoformat(timespec="seconds").replace("+00:00", "Z"),
        }


class PrefixMemory:
    """The prompts sent lately, by model and cache."""

    def __init__(self) -> None:
        self._sent: OrderedDict[tuple[str, str], list[Sent]] = OrderedDict()
        self._scales: dict[str, float] = {}

    def expect(self, model: ModelName | str, cache: str, shape: Shape, now: float) -> Expectation:
        """What a request of this shape would find at `now`."""
        name = str(model)
        scale = self._scales.get(name, 1.0)
        known = self._sent.get((name, cache), [])
        closest = _first_best(known, lambda sent: sent.readable(sent.shape.common(shape), None))
        warmest = _first_best(known, lambda sent: sent.readable(sent.shape.common(shape), now))
        end = round(shape.boundaries[-1].tokens * scale) if shape.boundaries else 0
        read = 0
        expires = None
        if warmest is not None and shape.boundaries:
            common = min(warmest.shape.common(shape), shape.boundaries[-1].index + 1)
            read, expires = warmest.readable(common, now), warmest.expires(common, now)
        state: PrefixState
        if not shape.boundaries:
            state = "belowMinimum" if shape.too_short else "unsupported"
        elif read:
            state = "warm"
        else:
            state = "belowMinimum" if end < shape.traits.minimum_tokens else "cold"
        return Expectation(
            model=name,
            cache=cache,
            shape=shape,
            at=now,
            scale=scale,
            tokens_read=read,
            state=state,
            expires_at=expires if read else None,
            known=closest,
        )

    def remember(self, expected: Expectation, tokens: Tokens | None = None, upstream: str | None = None) -> None:
        """The provider has begun to answer that request; `tokens` where it has reported them by now."""
        shape = expected.shape
        held = None
        if tokens is not None and tokens.input and shape.tokens:
            # A wild figure must not spoil the next guesses.
            self._scales[expected.model] = min(max(tokens.input / shape.tokens, 0.2), 5.0)
            if shape.traits.style != "automatic" and tokens.cache_read is not None:
                held = tokens.cache_read + (tokens.cache_write or 0)
        key = (expected.model, expected.cache)
        known = self._sent.setdefault(key, [])
        self._sent.move_to_end(key)
        at = expected.at
        for old in known:
            if old.shape.digests == shape.digests and old.shape.boundaries == shape.boundaries:
                at = max(at, old.at)
                held = old.held if held is None else held
                upstream = upstream or old.upstream
                known.remove(old)
                break
        scale = self._scales.get(expected.model, 1.0)
        known.insert(0, Sent(shape=replace(shape, moved=None), at=at, scale=scale, held=held, upstream=upstream))
        known.sort(key=lambda sent: -sent.at)  # a late bill must not make an old request the newest
        del known[PLANS_REMEMBERED:]
        while len(self._sent) > CACHES_REMEMBERED:
            self._sent.popitem(last=False)


def _first_best(known: Iterable[Sent], worth: Callable[[Sent], int]) -> Sent | None:
    """The entry of the highest worth, the most recent one among equals."""
    return max(known, key=worth, default=None)

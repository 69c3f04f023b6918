"""Why a request read less from the provider's cache than it could have.

Not here: the memory of what was sent (`prefix.py`), and what the miss cost (`meter.py`).
"""

from __future__ import annotations

from typing import Any

from cachewise.ledger.prefix import Expectation, PrefixMemory
from cachewise.ledger.shape import Shape
from cachewise.model.names import CacheTraits, ModelName
from cachewise.model.plan import PromptPlan
from cachewise.model.usage import CacheMiss, Tokens

MISSED_SHARE = 0.05
"""A read counts as short from this share of the expected tokens on ..."""
MISSED_TOKENS = 2000
"""... and from so many tokens on. Both as in pydantic-ai's cache health check (`_cache_health.py` of 2.68), which
keeps the rounding of providers and their small partial misses out."""
HIGHEST_MINIMUM = 4096
"""The longest prefix that any provider documents as too short to cache (Claude Haiku 4.5, Opus 4.5 and 4.6)."""


class PrefixWatch:
    """Expects, for each request, what it will read from the provider's cache, and explains what it did not."""

    def __init__(self) -> None:
        self._memory = PrefixMemory()

    def expect(
        self, plan: PromptPlan, traits: CacheTraits, now: float, *, model: ModelName | str, session_id: str
    ) -> Expectation:
        """What a request with this plan should find, asked before it is sent. `now` in seconds since 1970."""
        return self._memory.expect(model, session_id, Shape.of(plan, traits), now)

    def again(self, expected: Expectation, now: float) -> Expectation:
        """What the same plan would find if it were sent at `now`."""
        return self._memory.expect(expected.model, expected.cache, expected.shape, now)

    def answered(self, expected: Expectation) -> None:
        """The answer has begun: from now on the provider's cache holds the prefix."""
        self._memory.remember(expected)

    def judge(self, expected: Expectation, tokens: Tokens, upstream: str | None = None) -> CacheMiss | None:
        """Name the reason of a short read, once the provider has reported, and learn from the report."""
        miss = _explain(expected, tokens, upstream)
        if tokens.input is not None:
            self._memory.remember(expected, tokens, upstream)
        return miss


def prefix_status(expected: Expectation | None) -> dict[str, Any]:
    """The `prefix` object of the status message; `unsupported` before any request."""
    if expected is None:
        return {"tokens": 0, "state": "unsupported", "expiresAt": None}
    return expected.to_json()


def _short(wanted: int, read: int) -> bool:
    """Whether the difference is more than noise."""
    return wanted - read >= MISSED_TOKENS and wanted - read > wanted * MISSED_SHARE


def _explain(expected: Expectation, tokens: Tokens, upstream: str | None) -> CacheMiss | None:
    shape, known, read = expected.shape, expected.known, tokens.cache_read
    if shape.too_short and not shape.boundaries and tokens.input is not None and not read:
        return _below(round(shape.prefix_tokens * tokens.input / shape.tokens), shape.traits.minimum_tokens)
    if not shape.boundaries or tokens.input is None:
        return None
    scale = tokens.input / shape.tokens if shape.tokens else 1.0
    prefix = round(shape.boundaries[-1].tokens * scale)
    if read is None:
        if not expected.tokens_read:
            return _cold(prefix) if known is None else None
        detail = "the provider does not report what it read from its cache"
        return CacheMiss(reason="unreported", tokens=expected.tokens_read, detail=detail)
    if prefix < shape.traits.minimum_tokens and not read:
        return _below(prefix, shape.traits.minimum_tokens)
    if known is None:
        return _cold(prefix - read) if not read or _short(prefix, read) else None
    if known.held == 0:
        return None if read else _never_stored(prefix)
    common = known.shape.common(shape)
    held = known.readable(None, None)
    alive = known.readable(None, expected.at)
    live = known.readable(common, expected.at)
    if not _short(held, read):
        return None
    missed = held - read
    # Only the end of a whole prefix is known to the token; shorter parts of it are estimates.
    if live - read >= MISSED_TOKENS and read < live * (0.95 if live == held else 0.5):
        return CacheMiss(reason="routeChanged", tokens=missed, detail=_route(known.upstream, upstream))
    if _short(alive, live):
        return CacheMiss(reason="prefixChanged", tokens=missed, detail=_change(known.shape, shape, common))
    idle = max(expected.at - known.at, 0)
    detail = f"the last request was {_duration(idle)} ago, longer than the provider keeps the prefix"
    return CacheMiss(reason="expired", tokens=missed, detail=detail)


def _cold(tokens: int) -> CacheMiss:
    return CacheMiss(reason="cold", tokens=tokens, detail="the first request with this prefix")


def _below(prefix: int, minimum: int) -> CacheMiss:
    detail = f"a prefix of about {prefix} tokens; this model caches from {minimum} on"
    return CacheMiss(reason="belowMinimum", tokens=prefix, detail=detail)


def _never_stored(prefix: int) -> CacheMiss:
    """The same prefix was sent before, and the provider then reported that it stored nothing."""
    detail = f"the provider stored nothing of a prefix of about {prefix} tokens"
    if prefix < HIGHEST_MINIMUM:
        return CacheMiss(reason="belowMinimum", tokens=prefix, detail=f"{detail}: too short for this model, it seems")
    return CacheMiss(reason="routeChanged", tokens=prefix, detail=f"{detail}: this route does not cache, it seems")


def _route(before: str | None, after: str | None) -> str:
    if before and after and before != after:
        return f"served by {after}, and by {before} the time before"
    return "the prefix is the same and still fresh; the request seems to have reached another host"


def _change(before: Shape, after: Shape, common: int) -> str:
    """Name the first block that is not what it was."""
    old = before.names[common] if common < len(before.names) else None
    new = after.names[common] if common < len(after.names) else None
    if new is None:
        what = f"{old} is gone"
    elif old is None or old == new:
        what = f"{new} changed"
    elif new in before.names or old not in after.names:
        what = f"{old} is gone"
    else:
        what = f"{new} came in before {old}"
    return f"{what}: {after.moved}" if after.moved else what


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"

"""How much context is worth its read price.

Not here: which files are the context (`gather.py`), and how they share the room (`prefix.py`).
"""

from __future__ import annotations

from cachewise.context.rent import Ratios
from cachewise.context.ttl import TtlSetting
from cachewise.model.names import CacheTraits

USUAL_READ = 0.1
"""The read price that `context.maxTokens` is thought for: a tenth of the plain one, as with most models."""
_UNLISTED_READ = 0.25
"""Where the price list has no price for reading although the provider caches: the most that such providers take."""
_LEAST = 2_000
"""Tokens. Less than this is not worth having: it hardly holds the current document."""


def worth_reading(tokens: int, ratios: Ratios, traits: CacheTraits, ttl: TtlSetting) -> int:
    """How many tokens the context may have, where the user allows so many.

    Every request reads the whole context, so reading is most of what it costs in the long run. What a file earns by
    being there nobody can tell beforehand; what it may cost, the user has said: `tokens` at the usual price. Where
    reading costs more, or nothing is cached since marks are switched off, as much is read as costs the same.

    Bound: reading the context costs a request at most `tokens * USUAL_READ` in plain tokens, or that of 2,000 tokens.

    Args:
        tokens: The setting `context.maxTokens`.
        ratios: What the model's provider charges for cached tokens.
        traits: How it caches.
        ttl: The setting `promptCache.ttl`.
    """
    unmarked = ttl == "off" and traits.style in ("control", "breakpoint")
    listed = _UNLISTED_READ if traits.style == "automatic" and ratios.read >= 1 else ratios.read
    read = 1.0 if unmarked else listed
    if read <= USUAL_READ:
        return tokens
    return min(tokens, max(_LEAST, round(tokens * USUAL_READ / read)))

"""A prompt without its text: digests, names and token counts of its prefix, and where a provider keeps it.

Not here: which prompts were sent (`prefix.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

from cachewise.model.names import TTL_SECONDS, CacheTraits
from cachewise.model.plan import PromptPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Boundary:
    """A place up to which a provider keeps the prefix."""

    index: int
    """The last block that is inside."""
    tokens: int
    """Estimated tokens up to there."""
    ttl: float
    """Seconds that the entry lives from its last use on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A plan without its text."""

    names: tuple[str, ...]
    digests: tuple[str, ...]
    boundaries: tuple[Boundary, ...]
    """Rising; empty where nothing is cached."""
    tokens: int
    """Estimated, tail included."""
    moved: str | None
    traits: CacheTraits
    too_short: bool = False
    """Whether there are no boundaries because the prefix is too short."""
    prefix_tokens: int = 0
    """Estimated, system text included."""

    @classmethod
    def of(cls, plan: PromptPlan, traits: CacheTraits) -> Shape:
        """The plan's shape at a provider with these traits."""
        prefix = plan.prefix
        sums = [0]
        for block in prefix:
            sums.append(sums[-1] + block.tokens)
        if traits.style == "automatic":
            ends = [(index, traits.ttl_seconds) for index in range(len(prefix))]
        elif traits.style == "none":
            ends = []
        else:
            ends = [
                (index, TTL_SECONDS[ttl] if ttl in traits.ttls else traits.ttl_seconds)
                for index, ttl in sorted(plan.marks.items())
            ]
        return cls(
            names=tuple(block.name for block in prefix),
            digests=tuple(block.digest for block in prefix),
            boundaries=tuple(Boundary(index=index, tokens=sums[index + 1], ttl=ttl) for index, ttl in ends),
            tokens=plan.tokens,
            moved=plan.moved,
            traits=traits,
            too_short=plan.too_short,
            prefix_tokens=sums[-1],
        )

    def common(self, other: Shape) -> int:
        """How many blocks at the start are the same."""
        count = 0
        for mine, others in zip(self.digests, other.digests, strict=False):
            if mine != others:
                break
            count += 1
        return count

"""When a context that is too short to be cached is filled up with files beside the document, since that is cheaper.

Providers silently do not cache a prefix below a model's minimum, so a short one is paid in full with each request. A
longer one of just the minimum is paid once and then read. Not here: which files fill it (`beside.py`).
"""

from __future__ import annotations

import math

from cachewise.context.rent import Ratios
from cachewise.model.names import CacheTraits

_MARGIN = 1.15
"""A context is filled to so much of the minimum, since its tokens are estimates."""


class Filling:
    """Decides for one shared context.

    The rule is rent-or-buy. A prefix of P tokens below the minimum costs P with each request, a filled one of M tokens
    costs `read * M`: the difference is the rent of staying short. To fill costs `M * (write - read)` once more than
    reading. The context is filled when the rent paid since the cache was last cold has reached that price.

    Bound: rent paid before is less than the price, so both together are less than twice the price; an all-knowing
    planner pays the smaller of rent and price. Where P <= read * M no rent falls due, and it is never filled.
    """

    def __init__(self) -> None:
        self.bought = False
        self._rent = 0.0

    @staticmethod
    def target(traits: CacheTraits) -> int:
        """Estimated tokens that a filled prefix should have."""
        return math.ceil(traits.minimum_tokens * _MARGIN)

    def pay(self, tokens: int, traits: CacheTraits, ratios: Ratios, budget: int) -> None:
        """Count a request whose prefix of so many estimated tokens, system text included, was too short."""
        target = self.target(traits)
        if target > budget:
            return
        self._rent += max(0.0, tokens - ratios.read * target)
        self.bought = self.bought or self._rent >= target * (ratios.write - ratios.read) > 0

    def forget(self) -> None:
        """The cache is cold, or there was nothing to fill up with: what was paid so far bought nothing."""
        self._rent = 0.0
        self.bought = False

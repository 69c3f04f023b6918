"""What follows a context, from what followed it before: Witten-Bell smoothing over the lengths of context.

Not here: where that comes from (`evidence.py`), and how far it may be trusted (`confidence.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from cachewise.offline.chains import LONGEST

BETA = 0.6
"""How much each different follower takes from what a context says, for the shorter contexts below it."""
_ENOUGH = 1e-3


@dataclass(slots=True)
class Blend:
    """Chances of what follows; 1 less their sum is left for what was never seen."""

    chances: dict[int, float] = field(default_factory=dict)
    longest: int = -1
    """Words of the longest context found; -1 where nothing was."""
    amount: float = 0.0
    """The weight of all that was found for it."""


def blend(matches: Iterable[tuple[int, int, float]]) -> Blend:
    """Chances from matches: how many words of context agree, what followed, and the weight of that find."""
    by_order: list[dict[int, float]] = [{} for _ in range(LONGEST + 1)]
    for agree, number, weight in matches:
        counts = by_order[agree]
        counts[number] = counts.get(number, 0.0) + weight
    made = Blend()
    total: dict[int, float] = {}
    amount, left = 0.0, 1.0
    for order in range(LONGEST, -1, -1):
        if not by_order[order]:
            continue
        for number, weight in by_order[order].items():
            total[number] = total.get(number, 0.0) + weight
            amount += weight
        if made.longest < 0:
            made.longest, made.amount = order, amount
        escape = BETA * len(total)
        share = left / (amount + escape)
        for number, weight in total.items():
            made.chances[number] = made.chances.get(number, 0.0) + share * weight
        left *= escape / (amount + escape)
        if left < _ENOUGH:
            break
    return made

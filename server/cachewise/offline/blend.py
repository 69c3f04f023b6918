"""What follows a context, from what followed it before: Witten-Bell smoothing over the lengths of context."""

from __future__ import annotations

from collections.abc import Iterable

from cachewise.offline.chains import LONGEST

BETA = 0.6


def blend(matches: Iterable[tuple[int, int, float]], beta: float = BETA) -> tuple[dict[int, float], int, float]:
    """Probabilities of what follows; the longest context found, and the weight of what was found for it."""
    by: list[dict[int, float] | None] = [None] * (LONGEST + 1)
    for agree, number, weight in matches:
        counts = by[agree]
        if counts is None:
            by[agree] = {number: weight}
        else:
            counts[number] = counts.get(number, 0.0) + weight
    chances: dict[int, float] = {}
    total: dict[int, float] = {}
    amount, left = 0.0, 1.0
    longest, longest_amount = -1, 0.0
    for order in range(LONGEST, -1, -1):
        more = by[order]
        if more is None:
            continue
        for number, weight in more.items():
            total[number] = total.get(number, 0.0) + weight
            amount += weight
        if longest < 0:
            longest, longest_amount = order, amount
        escape = beta * len(total)
        share = left / (amount + escape)
        for number, weight in total.items():
            chances[number] = chances.get(number, 0.0) + share * weight
        left *= escape / (amount + escape)
        if left < 1e-3:
            break
    return chances, longest, longest_amount

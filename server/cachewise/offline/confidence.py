"""How far a candidate may be trusted, learnt from text that was hidden from the index.

A small network with fixed weights (`trained.py`) says how probable it is that a candidate is right, from how it was
found. A table then says what share of suggestions with such a product of probabilities were right all through. Both
come from `python bench/offline_fit.py`. Not here: finding candidates, and where to cut.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from operator import mul

from cachewise.offline import trained
from cachewise.offline.evidence import END, Candidate

_CLOSING = frozenset(")]},;:")
_OPENING = frozenset("([{,")
_QUOTES = frozenset("'\"`")


def signs(candidate: Candidate, unfinished: str, line: tuple[str, ...], step: int) -> tuple[float, ...]:
    """What the network looks at, each about between -1 and 2.

    Args:
        candidate: the candidate.
        unfinished: what is there of the word at the cursor.
        line: the words of the cursor's line up to there, without blanks.
        step: how many words were suggested before it.
    """
    c = candidate
    inner = c.word.strip()
    first = inner[:1]
    top, rival = max(c.near_longest, c.far_longest), max(c.near_rival, c.far_rival)
    last = line[-1] if line else "\n"
    return (
        _logit(c.chance) / 4,
        math.log(c.rival_chance + 1e-3) / 4,
        math.log1p(c.near_count) / 2,
        math.log1p(c.far_count) / 3,
        c.near_longest / 6,
        c.far_longest / 6,
        c.near_rival / 6,
        c.far_rival / 6,
        (top - rival) / 6,
        math.log1p(c.distance) / 5,
        min(len(unfinished), 5) / 5,
        float(bool(unfinished)),
        float(inner.isalnum() or "_" in inner),
        float(first in _CLOSING),
        math.log1p(len(c.piece)) / 2,
        float(step == 0),
        min(step, 8) / 8,
        math.log1p(c.amount) / 3,
        c.longest / 6,
        math.log1p(c.seen) / 2,
        float(c.number == END),
        float(inner.isdigit()),
        float(first in _QUOTES),
        float(not c.near_count),
        float(not c.far_count),
        min(len(line), 10) / 10,
        float(top > len(line)),
        float(top > len(line) + 1),
        float(rival > len(line)),
        float(len(inner) > 2 and inner in line),
        float(last == "\n"),
        float(last == "."),
        float(last in _OPENING),
        float(last == "="),
        float(last.isalnum()),
        math.log1p(c.age) / 3,
        float(inner.isupper()),
        float(bool(unfinished) and not c.seen),
    )


def probabilities(values: tuple[float, ...]) -> tuple[float, float]:
    """How probable it is that the candidate is exactly the next word; and that the text goes on with its letters."""
    hidden = [math.tanh(sum(map(mul, row, values)) + bias) for row, bias in zip(*trained.HIDDEN, strict=True)]
    exact, begins = (_share(sum(map(mul, row, hidden)) + bias) for row, bias in zip(*trained.OUTPUT, strict=True))
    return exact, begins


def calibrated(product: float) -> float:
    """What share of suggestions with this product of probabilities were right."""
    knots, shares = trained.CALIBRATION
    at = bisect_right(knots, product)
    if at == 0:
        return shares[0]
    if at == len(knots):
        return shares[-1]
    low, high = knots[at - 1], knots[at]
    return shares[at - 1] + (shares[at] - shares[at - 1]) * (product - low) / (high - low)


def _logit(chance: float) -> float:
    return math.log(max(chance, 1e-4) / max(1 - chance, 1e-4))


def _share(value: float) -> float:
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, value))))

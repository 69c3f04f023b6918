"""When changes have cost so much in tails and journal that writing the copies anew is the better deal.

Not here: what is rewritten, and the state that carries the rent (`arrange.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratios:
    """What a model's provider charges for cached tokens, as a share of the plain input price."""

    read: float = 0.1
    write: float = 1.25
    write_1h: float = 2.0


@dataclass(frozen=True, slots=True)
class Holding:
    """One block of the prefix, as far as rent goes."""

    tokens: int
    rent: float
    """Paid so far for the changes to its files, in plain tokens."""
    due: float
    """What this request would pay for them, in plain tokens: `rent_of`, and what it would newly tell."""
    carried: float = 0.0
    """Tokens of the journal about files before the block, which would have to be told again behind it."""
    kept: float = 0.0
    """Tokens at its start that would come out the same, where the provider finds prefixes that end inside of it."""


def rent_of(plain: float, excess: float, ratios: Ratios) -> float:
    """What one request pays for changes that a new copy would save, in plain tokens.

    Args:
        plain: Tokens of changes in its tail, each paid at 1 where a copy would be read at `read`.
        excess: Tokens that copy and journal take beyond what a new copy would; they are read for nothing.
        ratios: What the model's provider charges.
    """
    return plain * (1 - ratios.read) + max(excess, 0.0) * ratios.read


def rewrite_from(holdings: Sequence[Holding], ratios: Ratios) -> int | None:
    """The block from which the prefix should be written anew now; None where it should stay.

    The rule is rent-or-buy. Rent is what each request pays more than it would with new copies (`rent_of`). Writing
    the prefix anew from a block makes the F tokens from there to the end, journal that must be told again included,
    cost `write` instead of `read`, once: that is the price, `F * (write - read)`. A provider that finds any prefix
    again, not only one that ends at a mark, reads the new copy up to its first change: there F begins behind that. A
    block is bought out when the rent of all blocks from it to the end, this request's included, reaches that price;
    the earliest such block is taken, since it takes the blocks behind it along. What this request would newly tell
    counts as rent of this request only: later edits have to be told whether or not this block is bought.

    Bound: for one block that is bought out, rent paid before is less than the price, so rent and price together are
    less than twice the price. An all-knowing planner that starts from the same copy and changes which only grow pays
    at least the smaller of rent and price, so this rule's cost above that of unchanged reading is less than 2 times
    the least possible. (Changes that are undone can make the ratio worse: the rent paid for them bought nothing.)
    """
    due = 0.0
    rent = 0.0
    tokens = 0
    first: int | None = None
    for index in range(len(holdings) - 1, -1, -1):
        holding = holdings[index]
        tokens += holding.tokens
        rent += holding.rent
        due += holding.due
        new = tokens + holding.carried - holding.kept
        if holding.due > 0 and rent + due >= new * (ratios.write - ratios.read):
            first = index
    return first

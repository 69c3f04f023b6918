"""What measurements give: spreads of raw values, and figures with a goal. Not here: measuring, and the table."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Spread:
    """Repeated measurements of one thing. Of few of them, `p99` is the largest."""

    values: tuple[float, ...]

    @classmethod
    def of(cls, values: Sequence[float], scale: float = 1.0) -> Spread:
        """The values in order, each times `scale`.

        Raises:
            ValueError: there are none.
        """
        if not values:
            raise ValueError("nothing was measured")
        return cls(tuple(sorted(value * scale for value in values)))

    @property
    def least(self) -> float:
        return self.values[0]

    @property
    def median(self) -> float:
        return self.at(0.5)

    @property
    def p99(self) -> float:
        return self.at(0.99)

    def at(self, share: float) -> float:
        """The smallest value that so large a share of all values does not exceed."""
        return self.values[max(0, math.ceil(share * len(self.values)) - 1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the table."""

    name: str
    value: float
    """What is held against the goal."""
    unit: str
    goal: float | None = None
    """The value must not be larger. None for what is only shown for comparison."""
    spread: Spread | None = None
    """The raw values, in the same unit, where there are several."""
    note: str = ""

    @property
    def verdict(self) -> str:
        """`met`, `missed`, or nothing where there is no goal."""
        if self.goal is None:
            return ""
        return "met" if self.value <= self.goal else "missed"

    def to_json(self) -> dict[str, Any]:
        """A plain object, with the spread in place of all raw values."""
        spread = self.spread
        raw = spread and {"min": spread.least, "median": spread.median, "p99": spread.p99, "count": len(spread.values)}
        return {
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "goal": self.goal,
            "verdict": self.verdict or None,
            "raw": raw,
            "note": self.note,
        }

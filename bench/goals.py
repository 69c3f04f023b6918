"""What a replay is held against: the floor, and the fixed layouts that send the whole context too.

A fixed layout is compared like with like. It sends the true text around the cursor, puts files into the same frames,
says where changed regions belong, and marks its stable files for five minutes or an hour by the same rule. Left out is
what knows nothing of the project (`WindowOnly`), which no layout with context can undercut, and cachewise itself with
another setting. Not here: the layouts (`layouts.py`) and the replay (`replay.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bench.layouts import Planner, ShortPlanner, WindowOnly

OF_FLOOR: Mapping[tuple[str, int], float] = {("claude", 30_000): 1.05, ("claude", 8_000): 1.12}
"""The most that the planner may cost on the recording of a whole component, by market and tokens of other files."""
OF_BEST_FIXED = 1.0
"""The most that it may cost of the best fixed layout, on every recording and in every market."""
_NOT_COMPARED = (Planner.name, ShortPlanner.name, WindowOnly.name)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the planner stands, in shares of the floor."""

    ours: float
    rival: float | None
    """The best fixed layout; None where none was replayed."""
    rival_name: str = ""

    @property
    def ahead(self) -> bool:
        """Whether no fixed layout costs less."""
        return self.rival is None or self.ours <= OF_BEST_FIXED * self.rival

    def missed(self, market: str, tokens: int) -> list[str]:
        """The goals that were missed, in words."""
        most = OF_FLOOR.get((market, tokens))
        found = []
        if most is not None and self.ours > most:
            found.append(f"cachewise cost {self.ours:.3f} of the floor; the goal is {most:.2f}")
        if not self.ahead:
            found.append(f"{self.rival_name} cost {self.rival:.3f} of the floor; cachewise {self.ours:.3f}")
        return found


def standing(costs: Iterable[tuple[str, float]], floor: float) -> Standing | None:
    """Where the planner stands among the layouts of a replay; None where it is not one of them.

    Args:
        costs: The layouts' names and what each cost.
        floor: What the floor costs.

    Raises:
        ValueError: the floor costs nothing, so nothing can be told.
    """
    if floor <= 0:
        raise ValueError("a floor of nothing")
    shares = {name: cost / floor for name, cost in costs}
    if Planner.name not in shares:
        return None
    rivals = {name: share for name, share in shares.items() if name not in _NOT_COMPARED}
    best = min(rivals, key=rivals.__getitem__, default=None)
    return Standing(shares[Planner.name], None if best is None else rivals[best], best or "")

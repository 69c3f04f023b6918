"""Sums over requests: whole, by day, by model and by feature; a request's figures can be taken out again.

Not here: what is summed over which time (`ledger.py`) and the sums of other servers (`journal.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

from cachewise.model.usage import Totals, Usage


class Tally:
    """Running sums of one kind. Unlike `Totals` alone it can subtract, since it counts the unknown costs."""

    __slots__ = ("_totals", "_unknown")

    def __init__(self) -> None:
        self._totals = Totals()
        self._unknown = 0

    @property
    def totals(self) -> Totals:
        """The sums now, as a copy."""
        copy = Totals()
        _shift(copy, self._totals, 1)
        copy.cost_is_complete = self._unknown == 0
        return copy

    def add(self, usage: Usage, sign: int = 1) -> None:
        """Count one request in, or out again with `sign` -1."""
        one = Totals()
        one.add(usage)
        self.merge(one, 0 if one.cost_is_complete else 1, sign)

    def merge(self, totals: Totals, unknown: int, sign: int = 1) -> None:
        """Add sums of which `unknown` requests have no known cost."""
        _shift(self._totals, totals, sign)
        self._unknown += sign * unknown

    def join(self, other: Tally) -> None:
        """Add another tally."""
        self.merge(other._totals, other._unknown)


def _shift(totals: Totals, by: Totals, sign: int) -> None:
    for field in fields(Totals):
        if field.name != "cost_is_complete":
            setattr(totals, field.name, getattr(totals, field.name) + sign * getattr(by, field.name))


class Sums:
    """Tallies of one set of requests, in every way they are shown."""

    __slots__ = ("days", "features", "models", "whole")

    def __init__(self) -> None:
        self.whole = Tally()
        self.days: dict[str, Tally] = {}
        self.models: dict[str, Tally] = {}
        self.features: dict[str, Tally] = {}

    def _tallies(self, day: str, model: str, feature: str) -> tuple[Tally, ...]:
        return (
            self.whole,
            self.days.setdefault(day, Tally()),
            self.models.setdefault(model, Tally()),
            self.features.setdefault(feature, Tally()),
        )

    def add(self, day: str, usage: Usage, sign: int = 1) -> None:
        """Count one request of that day in, or out again with `sign` -1."""
        for tally in self._tallies(day, usage.model, usage.feature):
            tally.add(usage, sign)

    def merge(self, day: str, model: str, feature: str, totals: Totals, unknown: int) -> None:
        """Add sums that were made elsewhere."""
        for tally in self._tallies(day, model, feature):
            tally.merge(totals, unknown)

    def offer(
        self, day: str, shown: int = 0, accepted: int = 0, characters: int = 0, typed: int = 0, rejected: int = 0
    ) -> None:
        """Count suggestions of that day; they belong to no model, and to the feature `complete`."""
        counts = Totals(shown=shown, accepted=accepted, accepted_characters=characters, typed=typed, rejected=rejected)
        for tally in (self.whole, self.days.setdefault(day, Tally()), self.features.setdefault("complete", Tally())):
            tally.merge(counts, 0)

    def day(self, day: str) -> Tally:
        """The tally of a day; an empty one if nothing happened."""
        return self.days.get(day) or Tally()

    @classmethod
    def of(cls, *parts: Sums) -> Sums:
        """One set out of several."""
        whole = cls()
        for part in parts:
            whole.join(part)
        return whole

    def join(self, other: Sums) -> None:
        """Add another set."""
        self.whole.join(other.whole)
        for mine, others in ((self.days, other.days), (self.models, other.models), (self.features, other.features)):
            for name, tally in others.items():
                mine.setdefault(name, Tally()).join(tally)


def usage_json(session: Totals, today: Totals, sums: Sums, recent: Iterable[Usage]) -> dict[str, Any]:
    """The result of `cachewise.usage`. Days and recent requests stand in the order of time, the newest last."""
    return {
        "session": session.to_json(),
        "today": today.to_json(),
        "days": [{"date": day, **sums.days[day].totals.to_json()} for day in sorted(sums.days)],
        "byModel": _by_name(sums.models),
        "byFeature": _by_name(sums.features),
        "completions": sums.features.get("complete", Tally()).totals.completions_json(),
        "recent": [usage.to_json() for usage in recent],
    }


def _by_name(tallies: Mapping[str, Tally]) -> dict[str, Any]:
    return {name: tallies[name].totals.to_json() for name in sorted(tallies)}

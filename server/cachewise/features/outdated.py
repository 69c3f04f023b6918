"""Questions whose stored answers were shown although their context has changed: where *Explain again* is offered.

Not here: what a context is (`depends.py`), and the action (`lsp/actions.py`).
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from cachewise.model.snapshot import Snapshot

_KEPT = 64
"""Questions that are remembered; the oldest go first."""


@dataclass(frozen=True, slots=True)
class Place:
    """A question about a stretch of one version of a document."""

    uri: str
    version: int
    start: int
    end: int
    question: str | None


class Outdated:
    """The questions, the latest last."""

    def __init__(self) -> None:
        self._places: OrderedDict[Place, None] = OrderedDict()

    def note(self, snapshot: Snapshot, question: str | None, *, outdated: bool) -> None:
        """A question was answered: by an answer that may be out of date, or by a good one."""
        place = Place(snapshot.uri, snapshot.version, snapshot.start, snapshot.end, question)
        self._places.pop(place, None)
        if outdated:
            self._places[place] = None
            if len(self._places) > _KEPT:
                self._places.popitem(last=False)

    def near(self, snapshot: Snapshot) -> tuple[Place, ...]:
        """Those that touch the selection of a snapshot; none after an edit, which moves what they were about."""
        return tuple(
            place
            for place in self._places
            if (place.uri, place.version) == (snapshot.uri, snapshot.version)
            and place.start <= snapshot.end
            and snapshot.start <= place.end
        )

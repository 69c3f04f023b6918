"""What becomes of suggestions: shown, accepted in whole or in parts, typed out by hand, or passed over.

A suggestion's fate is settled when the next one of its document is shown, or the document closes. Nothing of it leaves
the machine. Not here: the sums (`ledger/`), and what is asked for after an accepted suggestion (`ahead.py`).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from cachewise.features.suggestions import Suggestion
from cachewise.model.snapshot import Snapshot

REMEMBERED = 1000
"""Suggestions whose acceptance is counted, so that one that is told twice counts once."""


@dataclass(slots=True)
class Offered:
    """A suggestion that was shown."""

    uri: str
    start: int
    """The offset in the document where its text begins."""
    text: str
    taken: int = 0
    """Characters that were accepted so far."""
    told: bool = False
    """Whether anything was accepted of it."""

    def stands_in(self, text: str) -> bool:
        """Whether the document holds all of it at its place."""
        return text.startswith(self.text, self.start)


class Acceptance:
    """The fates of suggestions. `count` takes the figures as `Ledger.offered` does."""

    def __init__(self, count: Callable[..., None]) -> None:
        self._count = count
        self._offered: OrderedDict[str, Offered] = OrderedDict()
        self._open: dict[str, tuple[str, int]] = {}
        """The suggestion shown last for each document, and the document's version then."""

    def shown(self, snapshot: Snapshot, left: Suggestion, *, first: bool) -> None:
        """What is left of a suggestion is shown; `first` tells that it never was before."""
        uri = snapshot.uri
        offered = self._offered.get(left.id)
        if offered is None:
            self._remember(left.id, Offered(uri, snapshot.end - left.replaces, left.text))
        else:  # it may have grown
            offered.text = snapshot.text[offered.start : snapshot.end - left.replaces] + left.text
        before = self._open.get(uri)
        self._open[uri] = (left.id, snapshot.version)
        typed = rejected = 0
        if before is not None and before[0] != left.id and before[1] != snapshot.version:
            typed, rejected = self._fate(before[0], snapshot.text)
        if first or typed or rejected:
            self._count(shown=int(first), typed=typed, rejected=rejected)

    def accepted(self, ident: str, characters: int | None) -> Offered | None:
        """A suggestion, or so many more characters of it, was taken into the document. Says which, if it is known.

        Counts a suggestion once, and each of its characters once, however often a client says so.
        """
        offered = self._offered.get(ident)
        if offered is None:  # of an earlier server, or made up
            offered, most = self._remember(ident, Offered("", 0, "")), characters or 0
        else:
            most = len(offered.text) - offered.taken
        more = max(0, most if characters is None else min(characters, most))
        first, offered.told = not offered.told, True
        offered.taken += more
        if first or more:
            self._count(accepted=int(first), characters=more)
        return offered if offered.uri else None

    def closed(self, uri: str, text: str) -> None:
        """A document closes with this text."""
        last = self._open.pop(uri, None)
        if last is not None:
            typed, rejected = self._fate(last[0], text)
            if typed or rejected:
                self._count(typed=typed, rejected=rejected)

    def _remember(self, ident: str, offered: Offered) -> Offered:
        self._offered[ident] = offered
        while len(self._offered) > REMEMBERED:
            self._offered.popitem(last=False)
        return offered

    def _fate(self, ident: str, text: str) -> tuple[int, int]:
        """Whether it was typed out by hand, and whether it was passed over."""
        offered = self._offered.get(ident)
        if offered is None or offered.told:
            return 0, 0
        return (1, 0) if offered.stands_in(text) else (0, 1)

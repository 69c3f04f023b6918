"""When the prefix is moved instead of appended to, each time for a reason with a name.

- The cache is cold anyway (the caller says so): everything is frozen as it is now, closed files are dropped.
- It was too short to be cached, and files beside the document fill it up.
- The changes to a file have cost as much as writing it anew would (`rent.py` has the rule and its bound).
- The cursor left the part of a too large document that was frozen.
- The files outgrew the budget, or a document that was opened needs room.

Not here: how files are laid out (`prefix.py`), and what is told of changes meanwhile (`journal.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from cachewise.context.copies import File
from cachewise.context.costs import Costs
from cachewise.context.prefix import Prefix
from cachewise.context.rent import Ratios, rewrite_from


class Arrangement:
    """Arranges one prefix, and remembers up to where the provider can read it."""

    def __init__(self, prefix: Prefix, costs: Costs) -> None:
        self._prefix = prefix
        self._costs = costs
        self._stored: frozenset[int] = frozenset()
        """After how many chunks a mark of an earlier plan stood: from there the provider can read the prefix."""

    def arrange(
        self,
        current: File,
        others: Sequence[File],
        budget: int,
        changes: Callable[[], Mapping[str, str]],
        ratios: Ratios,
        *,
        cold: bool,
        working_cold: bool,
        by_token: bool,
    ) -> str:
        """Bring the prefix into the shape that a request needs.

        Args:
            current: The document of the request.
            others: What else is wanted, in order of preference.
            budget: Estimated tokens that the prefix may take.
            changes: Tells what the tail would tell of each file, by key, with the prefix as it is by then.
            ratios: What the model's provider charges.
            cold: Whether the provider's cache has nothing to read anyway.
            working_cold: Whether only stable files can still be read.
            by_token: Whether the provider finds a prefix again wherever it ends.

        Returns:
            Why it moved, if it did.
        """
        prefix = self._prefix
        if cold or not prefix.chunks:
            prefix.lay_out(current, others, budget, overflow=False)
            return "the cache was cold anyway, so the files were frozen as they are now"
        if not self._stored and any(file.beside and not prefix.includes(file) for file in others):
            prefix.lay_out(current, others, budget, overflow=False)
            return "it was too short to be cached, so files beside it were taken in"
        if working_cold:
            self._rewrite(self._readable(prefix.settled), current, budget)
        new = [file for file in others if not prefix.includes(file)]
        reason = "the shared files outgrew the budget for context"
        if not prefix.append(current, new, budget):
            if prefix.can_hold(current, budget):
                prefix.lay_out(current, others, budget, overflow=True)
                return f"{current.name} was opened and needed room"
            prefix.append(None, new, budget)
        if prefix.includes(current) and _cursor_left(current):
            self._rewrite(self._readable(prefix.chunk_of(current)), current, budget)
            reason = f"the cursor left the part of {current.name} that was frozen"
        if working_cold:
            reason = "the cache of the files being edited was cold anyway"
        start = self._bought_out(changes(), ratios, by_token=by_token)
        if start is not None:
            self._rewrite(start, current, budget)
            reason = "the changes to it or to files behind it had cost as much as freezing them anew"
        if prefix.tokens() > budget:
            prefix.lay_out(current, others, budget, overflow=True)
            reason = "the shared files outgrew the budget for context"
        return reason

    def follow(self, current: File) -> None:
        """Compare the files in the prefix, as they are now, with their copies in it."""
        for file in self._prefix.files.values():
            file.follow(is_current=file is current)

    def sent(self, shared: int, stored: Iterable[int], *, cold: bool) -> None:
        """Count a plan as sent.

        Args:
            shared: How many chunks of the prefix were there before.
            stored: After how many chunks the provider can read the prefix again from now on.
            cold: Whether it can read nothing from before.
        """
        self._stored = frozenset(s for s in self._stored if s <= shared and not cold) | frozenset(stored)

    def _rewrite(self, start: int, current: File, budget: int) -> None:
        self._prefix.rewrite(start, current, budget)
        self._stored = frozenset(stored for stored in self._stored if stored <= start)
        self.follow(current)

    def _bought_out(self, changes: Mapping[str, str], ratios: Ratios, *, by_token: bool) -> int | None:
        """The chunk from which the prefix is to be written anew, by `rent.rewrite_from`; None if it should stay."""
        if not changes and not any(file.journal for file in self._prefix.files.values()):
            return None
        last = len(self._prefix.chunks) - 1
        starts = sorted({0, *(stored for stored in self._stored if stored <= last)})
        found = rewrite_from(self._costs.holdings(starts, changes, ratios, by_token=by_token), ratios)
        return None if found is None else starts[found]

    def _readable(self, chunk: int) -> int:
        """The last chunk up to `chunk` that the provider can read the prefix before: moving costs all from there."""
        return max((stored for stored in self._stored if stored <= chunk), default=0)


def _cursor_left(current: File) -> bool:
    """Whether the cursor stands outside of the frozen part of a document."""
    if current.copy is None or not current.is_slice:
        return False
    line = current.copy.old_line(current.line)
    start, end = current.span
    return not (start <= line < end or line == end == len(current.copy.told))

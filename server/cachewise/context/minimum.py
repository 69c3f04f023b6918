"""How long a prefix has to be for one model's provider to cache it, as far as its reports have told.

The table of models gives a first guess; vendors change their minimum and document it late, and nothing tells that a
prefix was too short but that nothing of it was stored. Not here: the table (`providers/traits.py`).
"""

from __future__ import annotations

HIGHEST_KNOWN = 4_096
"""The largest minimum that any provider documents; a longer prefix that was not stored has another reason."""


class Minimum:
    """What is known of one model's minimum, in the provider's tokens."""

    def __init__(self) -> None:
        self._stored: int | None = None
        """The shortest prefix that was seen to be cached."""
        self._refused = 0
        """The longest prefix below that of which nothing was cached."""

    def learn(self, prefix: int, read: int | None, write: int | None) -> None:
        """Take in a report on a request whose whole prefix was marked.

        Args:
            prefix: About how many tokens the prefix had, by the provider's count.
            read: Tokens that the provider read from its cache; None where it did not say.
            write: Tokens that it wrote; None where it did not say, which proves nothing.
        """
        if read is None and write is None:
            return
        held = (read or 0) + (write or 0)
        if held:
            self._stored = held if self._stored is None else min(self._stored, held)
            if self._refused >= self._stored:
                self._refused = 0
        elif read == 0 and write == 0 and prefix <= HIGHEST_KNOWN and (self._stored is None or prefix < self._stored):
            self._refused = max(self._refused, prefix)

    def of(self, documented: int) -> int:
        """The minimum to reckon with, where a table says `documented`."""
        most = documented if self._stored is None else min(documented, self._stored)
        return max(most, self._refused + 1) if self._refused else most

"""Today's sums of all running servers, read from their ledger for as long as somebody looks at them.

For commands, which may block. Not here: sums of more days (`report.py`), and how they look (`cli/status.py`).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cachewise.faults import Fault
from cachewise.ledger.clock import Clock, day_start
from cachewise.ledger.migrations import Damaged, TooNew
from cachewise.ledger.store import Store
from cachewise.ledger.totals import Sums

if TYPE_CHECKING:
    from types import TracebackType


class Watch:
    """The ledger of a user, held open. A context manager."""

    def __init__(self, path: Path, clock: Clock | None = None) -> None:
        self._path = path
        self._clock = clock or Clock()
        self._store = Store(path)
        self._seen: tuple[float, int, int] | None = None

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._store.close()

    def news(self) -> Sums | None:
        """Today's sums; None if nothing was written, and no new day began, since they were asked for last.

        Where there is no ledger yet the sums are empty, and none is made.

        Raises:
            Fault: the file can't be read; ask again later.
        """
        import sqlite3

        today = day_start(self._clock.now())
        try:
            if not self._path.is_file():
                self._store.close()
                seen, sums = (today, 0, 0), Sums()
            else:
                seen = (today, *self._store.version())
                sums = Sums() if seen == self._seen else self._store.sums(today)
        except TooNew:
            raise self._fault("was written by a newer cachewise; update this one to read it") from None
        except (Damaged, sqlite3.Error, OSError) as error:
            raise self._fault(f"can't be read ({error})") from error
        if seen == self._seen:
            return None
        self._seen = seen
        return sums

    def _fault(self, what: str) -> Fault:
        self._store.close()
        self._seen = None
        return Fault(f"The ledger {str(self._path)!r} {what}.")

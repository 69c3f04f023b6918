"""What waits for the ledger's file, who waits for it, and the sums: shared by the event loop and the writing thread.

Everything here is guarded by one lock, which is held for moments only and never while the file is used. An entry counts
in the sums from the moment it is handed over. Not here: the way in (`journal.py`), and the thread (`writer.py`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

from cachewise.ledger.clock import local_day
from cachewise.ledger.meter import Entry
from cachewise.ledger.reservations import Reservation, Verdict
from cachewise.ledger.rows import Offer, Release
from cachewise.ledger.totals import Sums, Tally
from cachewise.model.usage import Totals, Usage

KEPT_IN_MEMORY = 5000
"""Entries that wait for the file at most; older ones then count in the sums of this process only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What is not committed yet."""

    item: Entry | Offer | Release
    replaces: Usage | None = None

    def count(self, sums: Sums) -> None:
        """Add it to the sums."""
        day = local_day(self.item.time)
        if isinstance(self.item, Release):
            return
        if isinstance(self.item, Offer):
            sums.offer(day, *self.item.counts)
            return
        if self.replaces is not None:
            sums.add(day, self.replaces, -1)
        sums.add(day, self.item.usage)


@dataclass(frozen=True, slots=True)
class Work:
    """What the thread woke up for."""

    asked: list[Future[bool]]
    """Who waits until everything is committed."""
    wanted: list[tuple[Reservation, Future[Verdict | None]]]
    """Who wants money set aside."""
    closing: bool
    entries: bool
    """Whether there is anything but `wanted` to do."""


class Inbox:
    """The shared state. Public methods take the lock themselves; `wake` is that lock, and wakes the thread."""

    def __init__(self) -> None:
        self.wake = threading.Condition()
        self.changed: Callable[[], None] | None = None
        """Called from the thread when the sums of all servers were read again, or the problem is another one."""
        self._waiting: list[Waiting] = []
        self._asked: list[Future[bool]] = []
        self._wanted: list[tuple[Reservation, Future[Verdict | None]]] = []
        self._history = Sums()
        self._live = Sums()
        self._dropped = Sums()
        self._problem: str | None = None
        self._passing = False
        self._writing = False
        self._closing = False

    # The event loop's side

    @property
    def problem(self) -> str | None:
        """A sentence for people while the file can't be used, or after it had to be replaced."""
        return self._problem

    @property
    def closing(self) -> bool:
        """Whether nothing new is taken in."""
        return self._closing

    @property
    def empty(self) -> bool:
        """Whether everything is committed."""
        return not self._waiting

    def add(self, waiting: Waiting) -> bool:
        """Count something, and let it wait for the file. Says whether the thread is needed for it."""
        with self.wake:
            waiting.count(self._live)
            self._waiting.append(waiting)
            while len(self._waiting) > KEPT_IN_MEMORY and not self._writing:
                self._waiting.pop(0).count(self._dropped)
            return not self._closing

    def ask(self, asked: Future[bool]) -> bool:
        """Wait for everything to be committed; False if it is too late for that."""
        with self.wake:
            if self._closing:
                return False
            self._asked.append(asked)
            return True

    def want(self, wanted: Reservation, answer: Future[Verdict | None]) -> bool:
        """Wait for a reservation; False if it is too late for that."""
        with self.wake:
            if self._closing:
                return False
            self._wanted.append((wanted, answer))
            return True

    def close(self, asked: Future[bool] | None) -> bool:
        """Take nothing more; `asked` learns whether all was committed. False if it was closed before."""
        with self.wake:
            if self._closing:
                return False
            if asked is not None:
                self._asked.append(asked)
            self._closing = True
            self.wake.notify()
            return True

    def day(self, name: str) -> Totals:
        """The sums of a day, over all servers as of the last reading, and this one as of now."""
        both = Tally()
        with self.wake:
            both.join(self._history.day(name))
            both.join(self._live.day(name))
        return both.totals

    def sums(self) -> Sums:
        """All sums that are kept."""
        with self.wake:
            return Sums.of(self._history, self._live)

    # The thread's side

    def next(self, pause: float) -> Work:
        """Sleep until there is something to do; for `pause` seconds where only a failed write is to be tried again."""
        with self.wake:
            if not (self._asked or self._wanted or self._closing) and (pause or not self._waiting):
                self.wake.wait(pause if pause and self._waiting else None)
            asked, self._asked = self._asked, []
            wanted, self._wanted = self._wanted, []
            entries = bool(self._waiting or asked or self._closing or not wanted)
            return Work(asked, wanted, self._closing, entries)

    def begin(self) -> list[Waiting]:
        """What waits, to be written; until `end`, nothing of it is dropped."""
        with self.wake:
            self._writing = True
            return list(self._waiting)

    def committed(self, batch: list[Waiting]) -> None:
        """What `begin` gave is in the file."""
        with self.wake:
            del self._waiting[: len(batch)]

    def end(self) -> None:
        """The attempt to write is over."""
        with self.wake:
            self._writing = False

    def publish(self, history: Sums | None, today: Sums) -> None:
        """Put the sums that were read in the place of the old ones; what came meanwhile is added to them."""
        with self.wake:
            before = self._live.whole.totals
            self._history = history or self._history
            self._live = Sums.of(today, self._dropped)
            for waiting in self._waiting:
                waiting.count(self._live)
            news = history is not None or self._live.whole.totals != before or self._passing
            if self._passing:
                self._problem, self._passing = None, False
        if news and self.changed is not None:
            self.changed()

    def fail(self, sentence: str, *, passing: bool) -> bool:
        """Something is wrong with the file; `passing` if the next success ends it. Says whether that is news."""
        if sentence == self._problem:
            return False
        with self.wake:
            self._problem, self._passing = sentence, passing
        if self.changed is not None:
            self.changed()
        return True

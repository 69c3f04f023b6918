"""The ledger on disk, shared by all servers of a user: one thread writes it, and nobody waits for that thread.

An entry counts in the sums from the moment it is handed over; once it is committed it survives a kill. What goes
wrong with the file becomes one sentence (`problem`) and never an exception: the entries are kept in memory and
tried again. Not here: the SQL (`store.py`).
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from cachewise.ledger.clock import Clock, day_start, local_day
from cachewise.ledger.meter import Entry
from cachewise.ledger.reservations import Reservation, Verdict
from cachewise.ledger.rows import Offer, Release
from cachewise.ledger.store import Damaged, Store, TooNew
from cachewise.ledger.totals import Sums, Tally
from cachewise.model.usage import Totals, Usage

_log = logging.getLogger(__name__)

FILE_NAME = "ledger.sqlite3"
DAYS_SHOWN = 30
RETRY_SECONDS = 0.5
"""Before the first new attempt while the file can't be written; doubled up to half a minute."""
ATTEMPTS = 3
"""For somebody who waits for the outcome."""
PATIENCE_SECONDS = 0.02
"""Between those."""
KEPT_IN_MEMORY = 5000
"""Entries that wait for the file at most; older ones then count in the sums of this process only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waiting:
    """What is not committed yet."""

    item: Entry | Offer | Release
    replaces: Usage | None = None

    def count(self, sums: Sums) -> None:
        """Add it to the sums."""
        day = local_day(self.item.time)
        if isinstance(self.item, Release):
            return
        if isinstance(self.item, Offer):
            sums.offer(day, self.item.shown, self.item.accepted)
            return
        if self.replaces is not None:
            sums.add(day, self.replaces, -1)
        sums.add(day, self.item.usage)


class Journal:
    """All entries of this user's servers, as sums; and the way in for this process's own."""

    def __init__(self, path: Path, clock: Clock | None = None, *, retention_days: int = 0) -> None:
        """The journal in a file. Entries are forgotten after `retention_days`; 0 keeps them for ever."""
        self._path = path
        self._clock = clock or Clock()
        self._retention_days = retention_days
        self._wake = threading.Condition()
        # Guarded by _wake:
        self._waiting: list[_Waiting] = []
        self._asked: list[Future[bool]] = []
        self._wanted: list[tuple[Reservation, Future[Verdict | None]]] = []
        self._history = Sums()
        self._live = Sums()
        self._dropped = Sums()
        self._problem: str | None = None
        self._passing = False
        self._writing = False
        self._closing = False
        self._thread: threading.Thread | None = None
        self._changed: Callable[[], None] | None = None
        # The thread's own:
        self._ahead: list[_Waiting] = []
        self._history_day: str | None = None
        self._pruned_day: str | None = None

    @property
    def problem(self) -> str | None:
        """A sentence for people while the file can't be used, or after it had to be replaced."""
        return self._problem

    def when_changed(self, callback: Callable[[], None]) -> None:
        """Call back, from the writing thread, when the sums of all servers were read again."""
        self._changed = callback

    def append(self, entry: Entry, replaces: Usage | None = None) -> None:
        """Hand an entry over; `replaces` is the record that was handed over under the same id before."""
        self._hand_over(_Waiting(item=entry, replaces=replaces))

    def offer(self, offer: Offer) -> None:
        """Hand over suggestions that were shown or accepted."""
        self._hand_over(_Waiting(item=offer))

    async def reserve(self, wanted: Reservation, deadline: float) -> Verdict | None:
        """Set money aside in the file for a request, unless that would pass its cap.

        Returns:
            None if the file gave no answer within `deadline` seconds; then nothing is, or stays, reserved.
        """
        answer: Future[Verdict | None] = Future()
        with self._wake:
            if self._closing:
                return None
            self._wanted.append((wanted, answer))
            self._run()
        try:
            async with asyncio.timeout(deadline):  # not wait_for: up to Python 3.11 it may swallow a cancel
                return await asyncio.wrap_future(answer)
        except TimeoutError:
            self.release(wanted.id)
            return None
        except asyncio.CancelledError:
            self.release(wanted.id)
            raise

    def release(self, reservation: str) -> None:
        """Free what was reserved under this id, if anything was."""
        self._hand_over(_Waiting(item=Release(id=reservation, time=self._clock.now())))

    def today(self) -> Totals:
        """The sums of the user's day, over all servers as of the last reading, and this one as of now."""
        day = local_day(self._clock.now())
        both = Tally()
        with self._wake:
            both.join(self._history.day(day))
            both.join(self._live.day(day))
        return both.totals

    def sums(self) -> Sums:
        """The sums of the last 30 days, over all servers."""
        with self._wake:
            return Sums.of(self._history, self._live)

    async def sync(self, deadline: float) -> bool:
        """Commit what waits, and read what other servers have written.

        Returns:
            Whether everything handed over before is committed; False as well after `deadline` seconds.
        """
        asked: Future[bool] = Future()
        with self._wake:
            if self._closing:
                return not self._waiting
            self._asked.append(asked)
            self._run()
        try:
            async with asyncio.timeout(deadline):  # not wait_for: up to Python 3.11 it may swallow a cancel
                return await asyncio.wrap_future(asked)
        except TimeoutError:
            return False

    async def aclose(self, deadline: float) -> bool:
        """Commit what waits and end the thread; gives up after `deadline` seconds. See `sync` for the result."""
        asked: Future[bool] = Future()
        with self._wake:
            if self._thread is None or self._closing:
                self._closing = True
                return not self._waiting
            self._asked.append(asked)
            self._closing = True
            self._wake.notify()
        try:
            async with asyncio.timeout(deadline):  # not wait_for: up to Python 3.11 it may swallow a cancel
                return await asyncio.wrap_future(asked)
        except TimeoutError:
            return False

    def _hand_over(self, waiting: _Waiting) -> None:
        with self._wake:
            waiting.count(self._live)
            self._waiting.append(waiting)
            while len(self._waiting) > KEPT_IN_MEMORY and not self._writing:
                self._waiting.pop(0).count(self._dropped)
            if not self._closing:
                self._run()

    def _run(self) -> None:
        """Wake the thread, or start it; called with the lock held."""
        if self._thread is None:
            # A daemon, so that a disk that hangs can't keep the server from ending.
            self._thread = threading.Thread(target=self._work, name="cachewise-ledger", daemon=True)
            self._thread.start()
        self._wake.notify()

    def _work(self) -> None:
        """The thread: write, read the sums, publish them, sleep."""
        store = Store(self._path)
        pause = 0.0
        while True:
            with self._wake:
                if not (self._asked or self._wanted or self._closing) and (pause or not self._waiting):
                    self._wake.wait(pause if pause and self._waiting else None)
                asked, closing, self._asked = self._asked, self._closing, []
                wanted, self._wanted = self._wanted, []
                written = not self._waiting and not asked and not closing and bool(wanted)
            # Who only wants a reservation does not wait for the sums; they are read with the next entry.
            done = written or self._pass(store)
            # Somebody who asks can wait for a lock, or a damaged file, to be out of the way.
            for _ in range(ATTEMPTS - 1 if asked else 0):
                if not done:
                    time.sleep(PATIENCE_SECONDS)
                    done = self._pass(store)
            pause = 0.0 if done else min(max(pause * 2, RETRY_SECONDS), RETRY_SECONDS * 64)
            # Only once everything booked before is in the file, or the sum of the day would be too low.
            self._decide(store, wanted, able=done)
            if closing:
                store.close()
            for future in asked:
                # A caller that has stopped waiting has cancelled its future.
                if future.set_running_or_notify_cancel():
                    future.set_result(done)
            if closing:
                return

    def _pass(self, store: Store) -> bool:
        """Write what waits and read the sums once; whether that went well."""
        with self._wake:
            batch, self._writing = list(self._waiting), True
        now = self._clock.now()
        today, day = day_start(now), local_day(now)
        try:
            items = {waiting.item.id: waiting.item for waiting in batch}
            store.write(list(items.values()))
            with self._wake:
                # Committed: from here on a failure must not write them, or count them, again.
                del self._waiting[: len(batch)]
                ahead = self._ahead = self._ahead + batch
            self._prune(store, now)
            history = None
            if self._history_day != day or any(waiting.item.time < today for waiting in ahead):
                history = store.sums(day_start(today - (DAYS_SHOWN - 1) * 86400), today)
            self._publish(history, store.sums(today))
            self._history_day = day
            return True
        except Exception as error:
            # The thread must outlive whatever the file system comes up with.
            self._fail(store, error)
            return False
        finally:
            with self._wake:
                self._writing = False

    def _decide(self, store: Store, wanted: list[tuple[Reservation, Future[Verdict | None]]], *, able: bool) -> None:
        """Answer those who want a reservation: by the file, or with None where it can't be written."""
        # Who has stopped waiting has cancelled its future.
        live = [(one, answer) for one, answer in wanted if answer.set_running_or_notify_cancel()]
        verdicts: list[Verdict | None] = [None] * len(live)
        if able and live:
            try:
                verdicts = [*store.reserve([one for one, _ in live])]
            except Exception as error:
                self._fail(store, error)
        for (_, answer), verdict in zip(live, verdicts, strict=True):
            answer.set_result(verdict)

    def _prune(self, store: Store, now: float) -> None:
        """Forget what is too old, once a day; whether that works matters to nobody who waits."""
        if not self._retention_days or self._pruned_day == local_day(now):
            return
        try:
            store.prune(day_start(now - self._retention_days * 86400))
            self._pruned_day = local_day(now)
        except Exception as error:
            _log.info("Old entries of the ledger could not be removed (%s); that is tried again.", type(error).__name__)

    def _publish(self, history: Sums | None, today: Sums) -> None:
        """Put the sums that were read in the place of the old ones; what came meanwhile is added to them."""
        with self._wake:
            before = self._live.whole.totals
            self._history = history or self._history
            self._live = Sums.of(today, self._dropped)
            self._ahead = []
            for waiting in self._waiting:
                waiting.count(self._live)
            news = history is not None or self._live.whole.totals != before or self._passing
            if self._passing:
                self._problem, self._passing = None, False
        if news and self._changed is not None:
            self._changed()

    def _fail(self, store: Store, error: Exception) -> None:
        """Turn the error into a sentence, and make room for a new file if the old one is damaged."""
        sentence = f"The ledger {str(self._path)!r} can't be written ({error}); costs are kept in memory meanwhile."
        passing = True
        if isinstance(error, TooNew):
            sentence = (
                f"The ledger {str(self._path)!r} was written by a newer cachewise; costs are kept in memory only."
            )
        elif isinstance(error, Damaged):
            try:
                aside = store.quarantine()
                kept = f" and is kept as {aside.name!r}" if aside else ""
                sentence = f"The ledger was damaged{kept}; a new one was begun, without the earlier costs."
                passing = False
                self._history_day = None
            except OSError as again:
                sentence = f"The ledger {str(self._path)!r} is damaged and can't be moved aside ({again})."
        if sentence != self._problem:
            _log.warning("%s", sentence)
            with self._wake:
                self._problem, self._passing = sentence, passing
            if self._changed is not None:
                self._changed()

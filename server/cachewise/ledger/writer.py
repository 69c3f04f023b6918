"""The one thread that uses the ledger's file: it writes what waits, reads the sums of all servers, sets money aside.

What goes wrong with the file becomes a sentence and never an exception; the entries stay in memory and are tried again.
Not here: the SQL (`store.py`), and what is shared with the event loop (`inbox.py`).
"""

from __future__ import annotations

import logging
import time
from concurrent.futures import Future
from pathlib import Path

from cachewise.ledger.clock import Clock, day_start, local_day
from cachewise.ledger.inbox import Inbox, Waiting
from cachewise.ledger.migrations import Damaged, TooNew
from cachewise.ledger.reservations import Reservation, Verdict
from cachewise.ledger.store import Store

_log = logging.getLogger(__name__)

DAYS_SHOWN = 30
RETRY_SECONDS = 0.5
"""Before the first new attempt while the file can't be written; doubled up to half a minute."""
ATTEMPTS = 3
"""For somebody who waits for the outcome."""
PATIENCE_SECONDS = 0.02
"""Between those."""


class Writer:
    """What the thread does, and what it alone knows."""

    def __init__(self, path: Path, inbox: Inbox, clock: Clock, *, retention_days: int) -> None:
        self._path = path
        self._inbox = inbox
        self._clock = clock
        self._retention_days = retention_days
        self._ahead: list[Waiting] = []
        """Written since the sums were read last."""
        self._history_day: str | None = None
        self._pruned_day: str | None = None

    def run(self) -> None:
        """Write, read the sums, publish them, sleep; until the inbox is closed."""
        store = Store(self._path)
        pause = 0.0
        while True:
            work = self._inbox.next(pause)
            # Who only wants a reservation does not wait for the sums; they are read with the next entry.
            done = not work.entries or self._pass(store)
            # Somebody who asks can wait for a lock, or a damaged file, to be out of the way.
            for _ in range(ATTEMPTS - 1 if work.asked else 0):
                if not done:
                    time.sleep(PATIENCE_SECONDS)
                    done = self._pass(store)
            pause = 0.0 if done else min(max(pause * 2, RETRY_SECONDS), RETRY_SECONDS * 64)
            # Only once everything booked before is in the file, or the sum of the day would be too low.
            self._decide(store, work.wanted, able=done)
            if work.closing:
                store.close()
            for future in work.asked:
                # A caller that has stopped waiting has cancelled its future.
                if future.set_running_or_notify_cancel():
                    future.set_result(done)
            if work.closing:
                return

    def _pass(self, store: Store) -> bool:
        """Write what waits and read the sums once; whether that went well."""
        batch = self._inbox.begin()
        now = self._clock.now()
        today, day = day_start(now), local_day(now)
        try:
            items = {waiting.item.id: waiting.item for waiting in batch}
            store.write(list(items.values()))
            # Committed: from here on a failure must not write them, or count them, again.
            self._inbox.committed(batch)
            self._ahead += batch
            self._prune(store, now)
            history = None
            if self._history_day != day or any(waiting.item.time < today for waiting in self._ahead):
                history = store.sums(day_start(today - (DAYS_SHOWN - 1) * 86400), today)
            self._inbox.publish(history, store.sums(today))
            self._ahead = []
            self._history_day = day
            return True
        except Exception as error:
            # The thread must outlive whatever the file system comes up with.
            self._fail(store, error)
            return False
        finally:
            self._inbox.end()

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
        if self._inbox.fail(sentence, passing=passing):
            _log.warning("%s", sentence)

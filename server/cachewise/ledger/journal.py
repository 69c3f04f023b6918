"""The ledger on disk, shared by all servers of a user, as the event loop sees it: hand over, and nobody waits.

An entry counts in the sums from the moment it is handed over; once it is committed it survives a kill. What goes
wrong with the file becomes one sentence (`problem`) and never an exception: the entries are kept in memory and
tried again. Not here: the thread that writes (`writer.py`), what it shares with this side (`inbox.py`), the SQL
(`store.py`).
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

from cachewise.ledger.clock import Clock, local_day
from cachewise.ledger.inbox import Inbox, Waiting
from cachewise.ledger.meter import Entry
from cachewise.ledger.reservations import Reservation, Verdict
from cachewise.ledger.rows import Offer, Release
from cachewise.ledger.totals import Sums
from cachewise.ledger.writer import Writer
from cachewise.model.usage import Totals, Usage

FILE_NAME = "ledger.sqlite3"


class Journal:
    """All entries of this user's servers, as sums; and the way in for this process's own."""

    def __init__(self, path: Path, clock: Clock | None = None, *, retention_days: int = 0) -> None:
        """The journal in a file. Entries are forgotten after `retention_days`; 0 keeps them for ever."""
        self._clock = clock or Clock()
        self._inbox = Inbox()
        self._writer = Writer(path, self._inbox, self._clock, retention_days=retention_days)
        self._thread: threading.Thread | None = None

    @property
    def problem(self) -> str | None:
        """A sentence for people while the file can't be used, or after it had to be replaced."""
        return self._inbox.problem

    def when_changed(self, callback: Callable[[], None]) -> None:
        """Call back, from the writing thread, when the sums of all servers were read again."""
        self._inbox.changed = callback

    def append(self, entry: Entry, replaces: Usage | None = None) -> None:
        """Hand an entry over; `replaces` is the record that was handed over under the same id before."""
        self._hand_over(Waiting(item=entry, replaces=replaces))

    def offer(self, offer: Offer) -> None:
        """Hand over suggestions that were shown, or what became of them."""
        self._hand_over(Waiting(item=offer))

    async def reserve(self, wanted: Reservation, deadline: float) -> Verdict | None:
        """Set money aside in the file for a request, unless that would pass its cap.

        Returns:
            None if the file gave no answer within `deadline` seconds; then nothing is, or stays, reserved.
        """
        answer: Future[Verdict | None] = Future()
        if not self._inbox.want(wanted, answer):
            return None
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
        self._hand_over(Waiting(item=Release(id=reservation, time=self._clock.now())))

    def today(self) -> Totals:
        """The sums of the user's day, over all servers as of the last reading, and this one as of now."""
        return self._inbox.day(local_day(self._clock.now()))

    def sums(self) -> Sums:
        """The sums of the last 30 days, over all servers."""
        return self._inbox.sums()

    async def sync(self, deadline: float) -> bool:
        """Commit what waits, and read what other servers have written.

        Returns:
            Whether everything handed over before is committed; False as well after `deadline` seconds.
        """
        asked: Future[bool] = Future()
        if not self._inbox.ask(asked):
            return self._inbox.empty
        self._run()
        return await _within(asked, deadline)

    async def aclose(self, deadline: float) -> bool:
        """Commit what waits and end the thread; gives up after `deadline` seconds. See `sync` for the result."""
        asked: Future[bool] | None = None if self._thread is None else Future()
        if not self._inbox.close(asked) or asked is None:
            return self._inbox.empty
        return await _within(asked, deadline)

    def _hand_over(self, waiting: Waiting) -> None:
        if self._inbox.add(waiting):
            self._run()

    def _run(self) -> None:
        """Wake the thread, or start it. Called on the event loop only."""
        with self._inbox.wake:
            if self._thread is None:
                # A daemon, so that a disk that hangs can't keep the server from ending.
                self._thread = threading.Thread(target=self._writer.run, name="cachewise-ledger", daemon=True)
                self._thread.start()
            self._inbox.wake.notify()


async def _within(asked: Future[bool], deadline: float) -> bool:
    """The outcome, or False after `deadline` seconds."""
    try:
        async with asyncio.timeout(deadline):  # not wait_for: up to Python 3.11 it may swallow a cancel
            return await asyncio.wrap_future(asked)
    except TimeoutError:
        return False

"""The ledger of this server: it starts a meter for each request, keeps the sums, and says when they change.

All of it runs on the event loop, and only reserving money waits; the journal has its own thread. Not here: what a
request may cost (`budget.py`).
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections import deque
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from cachewise.ledger.budget import Budget, Caps, Hold, forecast
from cachewise.ledger.clock import Clock, local_day
from cachewise.ledger.journal import Journal
from cachewise.ledger.meter import Entry, Meter
from cachewise.ledger.misses import PrefixWatch, prefix_status
from cachewise.ledger.prefix import Expectation
from cachewise.ledger.prices import Prices
from cachewise.ledger.rows import Offer
from cachewise.ledger.totals import Sums, usage_json
from cachewise.model.names import CacheTraits, ModelName
from cachewise.model.plan import PromptPlan
from cachewise.model.usage import Feature, Totals, Usage

_log = logging.getLogger(__name__)

RECENT = 50
FLUSH_SECONDS = 0.5
"""How long the end of the server waits for the journal; shutdown as a whole must stay under a second."""
REFRESH_SECONDS = 2.0
LOADING_SECONDS = 30.0
"""For the price list, which a budget needs before a request can be sent; a tenth of a second is usual."""


class Ledger:
    """What this server's requests used and cost, and what all servers of this user cost today."""

    def __init__(self, prices: Prices, journal: Journal | None = None, clock: Clock | None = None) -> None:
        self._prices = prices
        self._journal = journal
        self._clock = clock or Clock()
        self._watch = PrefixWatch()
        self._budget = Budget(journal, self._clock)
        self._session = Sums()
        self._recent: deque[Usage] = deque(maxlen=RECENT)
        self._recent_ids: deque[str] = deque(maxlen=RECENT)
        self._looked: Expectation | None = None
        self._callbacks: list[Callable[[], None]] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._loading: asyncio.Future[None] | None = None
        if journal is not None:
            journal.when_changed(self._changed_elsewhere)

    async def reserve(
        self,
        *,
        plan: PromptPlan,
        traits: CacheTraits,
        model: ModelName,
        session_id: str,
        max_tokens: int,
        caps: Caps,
        allow_over: bool = False,
    ) -> Hold | None:
        """Predict what a request will cost and set that aside, so that requests at once can't pass the budget together.

        Args:
            plan: The request's prompt, as for `start`.
            traits: How its provider caches.
            model: Whom it goes to.
            session_id: The provider's cache that it uses.
            max_tokens: Output tokens that it may use.
            caps: What is allowed; without any cap nothing is done.
            allow_over: Whether the user has said that this one may pass the caps.

        Returns:
            What to hand to `start`, or to `release` if the request is not sent after all; None if nothing is reserved.

        Raises:
            OverBudget: it would pass a cap, or the model has no list price to tell.
        """
        if caps.per_day is None and caps.per_request is None:
            return None
        self._join_loop()
        if not self._prices.loaded:
            async with asyncio.timeout(LOADING_SECONDS):
                await asyncio.to_thread(self._prices.load)
        expected = self._watch.expect(plan, traits, self._clock.now(), model=model, session_id=session_id)
        cost = forecast(expected, self._prices.price(model), max_tokens)
        spent_here = self._session.day(local_day(self._clock.now())).totals.cost
        return await self._budget.take(cost, caps, model=str(model), spent_here=spent_here, allow_over=allow_over)

    def release(self, hold: Hold | None) -> None:
        """The request will not be sent: what was reserved for it is free again."""
        if hold is not None:
            self._budget.release(hold)

    def budget_warning(self, per_day: Decimal | None) -> str | None:
        """A sentence once most of the day's budget is spent; None before, or without one."""
        return self._budget.warning(self.today.cost, per_day)

    def start(
        self,
        *,
        feature: Feature,
        plan: PromptPlan,
        traits: CacheTraits,
        model: ModelName,
        session_id: str,
        hold: Hold | None = None,
        workspace: str | None = None,
    ) -> Meter:
        """Begin to measure a request, just before it is sent. Its meter's `finish` books it, and settles its hold."""
        self._join_loop()
        self._load_prices()
        now = self._clock.now()
        self._looked = self._watch.expect(plan, traits, now, model=model, session_id=session_id)
        return Meter(
            feature=feature,
            model=model,
            expected=self._looked,
            watch=self._watch,
            prices=self._prices,
            clock=self._clock,
            book=self._book,
            id=None if hold is None else hold.id,
            workspace=workspace,
        )

    def record(self, usage: Usage, workspace: str | None = None) -> None:
        """Book what no meter measured: a stored answer, or the offline completer."""
        self._join_loop()
        self._book(Entry(id=uuid.uuid4().hex, time=self._clock.now(), usage=usage, workspace=workspace), None)

    def offered(
        self, *, shown: int = 0, accepted: int = 0, characters: int = 0, typed: int = 0, rejected: int = 0
    ) -> None:
        """So many suggestions were shown, accepted (with so many characters), typed out by hand or passed over."""
        now = self._clock.now()
        counts = (shown, accepted, max(characters, 0), typed, rejected)
        offer = Offer(uuid.uuid4().hex, now, *counts)
        self._join_loop()
        self._session.offer(local_day(now), *offer.counts)
        if self._journal is not None:
            self._journal.offer(offer)
        self._notify()

    @property
    def session(self) -> Totals:
        """The sums since this server started."""
        return self._session.whole.totals

    @property
    def today(self) -> Totals:
        """The sums of the user's day, over all running servers; without a journal over this one."""
        if self._journal is None:
            return self._session.day(local_day(self._clock.now())).totals
        return self._journal.today()

    @property
    def last(self) -> Usage | None:
        """The request that ended last."""
        return self._recent[-1] if self._recent else None

    @property
    def prefix(self) -> dict[str, Any]:
        """The `prefix` object of the status message, for the prompt used last, as it stands now."""
        if self._looked is None:
            return prefix_status(None)
        return prefix_status(self._watch.again(self._looked, self._clock.now()))

    @property
    def problem(self) -> str | None:
        """A sentence for people if the journal can't be used; None if all is well."""
        return None if self._journal is None else self._journal.problem

    def usage_json(self) -> dict[str, Any]:
        """The result of `cachewise.usage`: days, models and features of 30 days and all servers."""
        sums = self._session if self._journal is None else self._journal.sums()
        return usage_json(self.session, self.today, sums, self._recent)

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call back on the event loop after each change of the sums.

        Returns:
            A function that ends it.
        """
        self._callbacks.append(callback)
        return lambda: self._callbacks.remove(callback) if callback in self._callbacks else None

    async def warm_up(self) -> None:
        """Load the price list and today's sums, in threads; called once the server has started."""
        self._join_loop()
        await asyncio.to_thread(self._prices.load)
        await self.refresh()

    async def refresh(self) -> None:
        """Read again what the other servers have written."""
        self._join_loop()
        if self._journal is not None:
            await self._journal.sync(REFRESH_SECONDS)

    async def flush(self, deadline: float = REFRESH_SECONDS) -> bool:
        """Wait until everything booked so far is committed; False if it is not after `deadline` seconds."""
        return True if self._journal is None else await self._journal.sync(deadline)

    async def aclose(self) -> bool:
        """Commit what waits, for half a second at most; False if something is lost to the journal."""
        self._callbacks.clear()
        if self._loading is not None:
            await asyncio.wait({self._loading}, timeout=FLUSH_SECONDS)
        return True if self._journal is None else await self._journal.aclose(FLUSH_SECONDS)

    def _book(self, entry: Entry, replaces: Usage | None) -> None:
        day = local_day(entry.time)
        if replaces is not None:
            self._session.add(day, replaces, -1)
            for index, known in enumerate(self._recent_ids):
                if known == entry.id:
                    self._recent[index] = entry.usage
        else:
            self._recent.append(entry.usage)
            self._recent_ids.append(entry.id)
        self._session.add(day, entry.usage)
        self._budget.settled(entry.id)
        if self._journal is not None:
            self._journal.append(entry, replaces)
        self._notify()

    def _notify(self) -> None:
        for callback in tuple(self._callbacks):
            try:
                callback()
            except Exception:
                # A status that can't be shown must not lose the entry, nor the answer that it belongs to.
                _log.exception("A subscriber of the ledger failed")

    def _changed_elsewhere(self) -> None:
        """Called from the journal's thread."""
        loop = self._loop
        if loop is not None:
            try:
                loop.call_soon_threadsafe(self._notify)
            except RuntimeError:
                _log.debug("The event loop has ended before the journal")

    def _join_loop(self) -> None:
        try:
            self._loop = asyncio.get_running_loop()
        except RuntimeError:
            _log.debug("The ledger is used without an event loop")

    def _load_prices(self) -> None:
        """Make sure that the price list is there when the request ends, without waiting for it."""
        if self._loop is not None and self._loading is None and not self._prices.loaded:
            self._loading = self._loop.run_in_executor(None, self._prices.load)

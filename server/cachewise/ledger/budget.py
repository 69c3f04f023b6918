"""The user's budgets: what a request will cost, whether that is allowed, and how much is set aside until it is booked.

Two figures are predicted. What a request will likely cost, if the provider's cache holds what it should, is compared
with the budget per request. What it may cost at worst, with nothing read from the cache, is reserved from the budget
of the day, so that requests at once can't pass it together, nor two servers. The bound that follows: a day's known
cost passes its budget at most by what the requests then running cost beyond their worst case: a price above the list
price, or a prompt longer than its estimate by more than the margin below.

A model without a list price is refused while there is a budget, since a cap that may silently fail is worse than none.
Not here: reservations in the file (`reservations.py`), and what a request did cost (`meter.py`).
"""

from __future__ import annotations

import math
import uuid
from dataclasses import dataclass
from decimal import Decimal

from cachewise.faults import OverBudget
from cachewise.ledger.clock import Clock, local_day
from cachewise.ledger.journal import Journal
from cachewise.ledger.prefix import Expectation
from cachewise.ledger.prices import Price, estimate
from cachewise.ledger.readout import money
from cachewise.ledger.reservations import Reservation, Verdict
from cachewise.model.names import TTL_SECONDS

RESERVE_SECONDS = 2.0
"""How long a request waits for the file; one or two milliseconds are usual. Then this server's memory decides."""
FIRST_MARGIN, MARGIN = Decimal("1.5"), Decimal("1.2")
"""Input tokens of the worst case over the estimated ones. A model's first estimate in a folder is by bytes, and code
full of digits and signs has over a quarter more; later ones are corrected by what the provider counted."""
WARNING_SHARE = Decimal("0.8")
"""Of the day's budget: from there on the status warns."""


@dataclass(frozen=True, slots=True)
class Caps:
    """Dollars that may be spent; None where there is no limit."""

    per_day: Decimal | None
    per_request: Decimal | None


@dataclass(frozen=True, slots=True)
class Forecast:
    """Dollars that a request will cost."""

    likely: Decimal
    worst: Decimal


@dataclass(frozen=True, slots=True)
class Hold:
    """Money that is set aside for one request."""

    id: str
    usd: Decimal
    day: str
    in_file: bool
    """Whether the other servers know of it."""


def forecast(expected: Expectation, price: Price | None, max_tokens: int) -> Forecast | None:
    """What a request will cost if it uses all its output tokens; None for a model without a list price."""
    likely = estimate(expected.split(max_tokens), price)
    if price is None or likely is None:
        return None
    shape = expected.shape
    margin = FIRST_MARGIN if expected.known is None else MARGIN
    tokens = math.ceil(round(shape.tokens * expected.scale) * margin)
    rates = price.at(tokens)
    dearest = rates.plain
    if shape.boundaries and shape.traits.style in ("control", "breakpoint"):
        hour = any(end.ttl >= TTL_SECONDS["1h"] for end in shape.boundaries)
        dearest = max(dearest, rates.write_5m, rates.write_1h if hour else dearest)
    return Forecast(likely, max(likely, tokens * dearest + max_tokens * rates.output))


class Budget:
    """Sets money aside for requests. Used on one event loop; keeps no figures but those of running requests."""

    def __init__(self, journal: Journal | None, clock: Clock) -> None:
        self._journal = journal
        self._clock = clock
        self._holds: dict[str, Hold] = {}

    async def take(
        self, cost: Forecast | None, caps: Caps, *, model: str, spent_here: Decimal, allow_over: bool = False
    ) -> Hold | None:
        """Allow a request, and set its worst case aside if there is a budget of the day.

        Args:
            cost: What it will cost; None where that is not known.
            caps: What is allowed.
            model: For the sentence.
            spent_here: What this server has spent today.
            allow_over: Whether it may pass the caps; it still counts.

        Raises:
            OverBudget: it is not allowed.
        """
        if cost is None:
            if allow_over:
                return None
            raise _no_price(model, caps)
        if caps.per_request is not None and cost.likely > caps.per_request and not allow_over:
            raise _over_request(cost, caps.per_request)
        if caps.per_day is None or not cost.worst:
            return None
        hold, verdict = await self._reserve(cost.worst, None if allow_over else caps.per_day, spent_here)
        if hold is None:
            raise _over_day(cost, caps.per_day, verdict.spent)
        return hold

    def release(self, hold: Hold) -> None:
        """Free what was set aside for a request that is not sent."""
        if self._holds.pop(hold.id, None) is not None and hold.in_file and self._journal is not None:
            self._journal.release(hold.id)

    def settled(self, request: str) -> None:
        """The request is booked: its cost stands in the place of what was set aside."""
        self._holds.pop(request, None)

    def warning(self, spent: Decimal, per_day: Decimal | None) -> str | None:
        """A sentence from four fifths of the day's budget on."""
        return day_warning(spent, per_day)

    async def _reserve(self, usd: Decimal, cap: Decimal | None, spent_here: Decimal) -> tuple[Hold | None, Verdict]:
        now = self._clock.now()
        name, day = uuid.uuid4().hex, local_day(now)
        verdict = None
        if self._journal is not None:
            beside = self._held(day, in_file=False)
            wanted = Reservation(id=name, time=now, usd=usd, cap=cap, known=spent_here, beside=beside)
            verdict = await self._journal.reserve(wanted, RESERVE_SECONDS)
            late = self._held(day, in_file=False) - beside
            if verdict is not None and late and cap is not None and verdict.spent + late + usd > cap:
                # Others gave up on the file while this one waited for it.
                self._journal.release(name)
                return None, verdict
        in_file = verdict is not None
        if verdict is None:
            verdict = self._decide_here(usd, day, cap, spent_here)
        if not verdict.granted:
            return None, verdict
        hold = self._holds[name] = Hold(name, usd, day, in_file)
        return hold, verdict

    def _decide_here(self, usd: Decimal, day: str, cap: Decimal | None, spent_here: Decimal) -> Verdict:
        """By what this server knows: its own requests, and the last sum of all servers that it read."""
        spent = spent_here if self._journal is None else max(spent_here, self._journal.today().cost)
        before = spent + self._held(day)
        return Verdict(cap is None or before + usd <= cap, before)

    def _held(self, day: str, *, in_file: bool | None = None) -> Decimal:
        """Dollars set aside by this server that day; only those that are in the file, or are not, if told so."""
        holds = (hold for hold in self._holds.values() if hold.day == day)
        return sum((hold.usd for hold in holds if in_file in (None, hold.in_file)), Decimal(0))


_ONCE = "To send it all the same, ask again with allowOverBudget: true; or raise the budget in your own settings."


def _over_request(cost: Forecast, cap: Decimal) -> OverBudget:
    return OverBudget(
        f"This request would cost about {money(cost.likely)}; {money(cap)} is allowed (budget.perRequestUsd). {_ONCE}",
        budget="budget.perRequestUsd",
        estimate=cost.likely,
        limit=cap,
    )


def _over_day(cost: Forecast, cap: Decimal, spent: Decimal) -> OverBudget:
    return OverBudget(
        f"This request may cost up to {money(cost.worst)}, and of today's {money(cap)} (budget.perDayUsd) "
        f"{money(spent)} is spent or set aside for running requests. {_ONCE}",
        budget="budget.perDayUsd",
        estimate=cost.worst,
        limit=cap,
    )


def _no_price(model: str, caps: Caps) -> OverBudget:
    name, cap = ("budget.perDayUsd", caps.per_day)
    if cap is None:
        name, cap = "budget.perRequestUsd", caps.per_request
    return OverBudget(
        f"There is no list price for {model}, so it can't be held to your budget ({name}). Choose another model, or "
        "take the budget out of your settings. To send it all the same, ask again with allowOverBudget: true.",
        budget=name,
        limit=cap,
    )


def day_warning(spent: Decimal, per_day: Decimal | None) -> str | None:
    """A sentence from four fifths of the day's budget on; None before, or without one."""
    if per_day is None or not per_day or spent < per_day * WARNING_SHARE:
        return None
    if spent >= per_day:
        return f"Today's budget of {money(per_day)} is spent (budget.perDayUsd)."
    return f"{spent / per_day:.0%} of today's budget of {money(per_day)} is spent (budget.perDayUsd)."

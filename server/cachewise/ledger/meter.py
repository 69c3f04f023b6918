"""Measures one request: times, tokens, cost, and why it missed the provider's cache.

Not here: sums (`totals.py`), storage (`journal.py`) and the look of the figures (`readout.py`).

What a request cost, first rule that fits:
    a server of the user's own       0, `estimated`: nobody sends a bill
    the provider said it             that, `billed`; a billed 0 is 0
    the provider reported tokens     their list price, `estimated`
    nothing was sent, or refused     0, `estimated`. Refused is an error status before any of the answer. OpenRouter
                                     promises it ("Zero Completion Insurance": no output and an error is not charged);
                                     Anthropic and OpenAI bill the usage of a response, and an error has none.
    ended without a report           list price of the plan's expected tokens and the text received, `estimated`
    no list price                    `unknown`
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal

from cachewise.faults import Fault, ProviderFault
from cachewise.ledger.clock import Clock
from cachewise.ledger.misses import PrefixWatch
from cachewise.ledger.prefix import Expectation
from cachewise.ledger.prices import Price, Prices, estimate, savings
from cachewise.model.events import Opened, UsageReport
from cachewise.model.names import ModelName
from cachewise.model.usage import UNKNOWN_COST, CacheMiss, Cost, Feature, Outcome, Predicted, Tokens, Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the ledger."""

    id: str
    time: float
    """When the request began, in seconds since 1970."""
    usage: Usage
    workspace: str | None = None
    """The workspace folder's short name; None where the request was about none."""
    route: str | None = None
    """The host behind a router that answered; None where there is none, or nobody said."""


Book = Callable[[Entry, Usage | None], None]
"""Takes a finished entry, with the usage that it replaces if it corrects one."""


class Meter:
    """The figures of one request. Give it what happens, then call `finish` exactly once, also after a cancel."""

    def __init__(
        self,
        *,
        feature: Feature,
        model: ModelName,
        expected: Expectation,
        watch: PrefixWatch,
        prices: Prices,
        clock: Clock,
        book: Book,
        id: str | None = None,
        workspace: str | None = None,
    ) -> None:
        self.id = id or uuid.uuid4().hex
        """That of the entry, and of what was reserved for the request."""
        self.expected = expected
        """What the provider's cache should have given to this request."""
        self.generation_id: str | None = None
        """Under which the provider can be asked for the bill; None where it has no such thing."""
        self._feature: Feature = feature
        self._model = model
        self._watch = watch
        self._prices = prices
        self._clock = clock
        self._book = book
        self._workspace = workspace
        self._time = clock.now()
        self._began = clock.elapsed()
        self._first: float | None = None
        self._opened = False
        self._bytes = 0
        self._refusal = False
        self._report: UsageReport | None = None
        self._usage: Usage | None = None

    @property
    def usage(self) -> Usage | None:
        """The record of the request; None before `finish`."""
        return self._usage

    @property
    def predicted(self) -> Predicted:
        """What the input was expected to be billed as when the request was sent."""
        tokens = self.expected.split(0)
        whole, read, write = tokens.input or 0, tokens.cache_read or 0, tokens.cache_write or 0
        free = self._model.provider in ("local", "offline")
        price = self._prices.price(self._model) if self._prices.loaded and not free else None
        usd = Decimal(0) if free else estimate(tokens, price)
        return Predicted(cache_read=read, cache_write=write, plain=whole - read - write, usd=usd)

    @property
    def wants_bill(self) -> bool:
        """Whether the request is over without a bill that its provider could still be asked for."""
        billed = self._report is not None and self._report.billed is not None
        return self._usage is not None and self.generation_id is not None and not billed

    def waited(self) -> None:
        """It waited for another request to write the prefix: it should find what is there now."""
        self.expected = self._watch.again(self.expected, self._clock.now())

    def opened(self, event: Opened) -> None:
        """The provider has taken the request."""
        self._opened = True
        self.generation_id = event.generation_id

    def delta(self, text: str) -> None:
        """Some more of the answer has come."""
        if self._first is None:
            self._first = self._clock.elapsed()
            # An entry can be read as soon as the first answer begins, so the next request may expect it.
            self._watch.answered(self.expected)
        self._bytes += len(text.encode("utf-8", "surrogatepass"))

    def report(self, report: UsageReport) -> None:
        """The provider says what the request used; the last word counts, but silence takes nothing back."""
        self._report = _merged(self._report, report)

    def finish(self, outcome: Outcome, fault: Fault | None = None, attempts: int = 1) -> Usage:
        """End the request and book it. A second call changes nothing and returns the same record.

        Args:
            outcome: How it ended.
            fault: What went wrong, for `failed`.
            attempts: The requests that reached the provider; 0 if none was sent.
        """
        if self._usage is not None:
            return self._usage
        ended = self._clock.elapsed()
        self._refusal = attempts == 0 or (outcome == "failed" and self._refused(fault))
        tokens, cost, miss = self._figures(outcome)
        self._usage = Usage(
            feature=self._feature,
            model=str(self._model),
            source="offline" if self._model.provider == "offline" else "provider",
            tokens=tokens,
            cost=cost,
            first_token_ms=None if self._first is None else (self._first - self._began) * 1000,
            total_ms=(ended - self._began) * 1000,
            outcome=outcome,
            cache_miss=miss,
            predicted=self.predicted,
        )
        self._book(self._entry(self._usage), None)
        return self._usage

    def amend(self, report: UsageReport) -> Usage | None:
        """The bill came after the end: correct the record, the sums and the journal by the difference.

        Returns:
            The corrected record; None if the request is not over yet, in which case `finish` will use the report.
        """
        self.report(report)
        before = self._usage
        if before is None:
            return None
        tokens, cost, miss = self._figures(before.outcome)
        self._usage = replace(before, tokens=tokens, cost=cost, cache_miss=miss or before.cache_miss)
        if self._usage != before:
            self._book(self._entry(self._usage), before)
        return self._usage

    def _entry(self, usage: Usage) -> Entry:
        route = self._report.upstream if self._report is not None else None
        return Entry(id=self.id, time=self._time, usage=usage, workspace=self._workspace, route=route)

    def _figures(self, outcome: Outcome) -> tuple[Tokens, Cost, CacheMiss | None]:
        report = self._report
        tokens, miss = Tokens(), None
        if report is not None:
            tokens = report.tokens
            miss = self._watch.judge(self.expected, tokens, report.upstream)
            guess = self._output_guess()
            if outcome != "complete" and tokens.output is not None and tokens.output * 2 < guess:
                # Anthropic counts 1 output token when the stream begins; cut off there, that is no count of the answer.
                tokens = replace(tokens, output=None)
        return tokens, self._cost(tokens), miss

    def _cost(self, tokens: Tokens) -> Cost:
        nothing = Cost(usd=Decimal(0), source="estimated", saved=Decimal(0))
        if self._model.provider in ("local", "offline"):
            return nothing
        price = self._prices.price(self._model)
        billed = self._report.billed if self._report is not None else None
        if billed is not None:
            return Cost(usd=billed, source="billed", saved=savings(tokens, price, billed))
        if tokens.input is None:
            if self._refusal:
                return nothing
            expected = self.expected.split(self._output_guess())
            tokens = replace(expected, output=expected.output if tokens.output is None else tokens.output)
        elif tokens.output is None:
            tokens = replace(tokens, output=self._output_guess())
        return _estimated(tokens, price)

    def _refused(self, fault: Fault | None) -> bool:
        """Whether the provider turned the request down before it answered any of it."""
        if not isinstance(fault, ProviderFault):
            return fault is not None and not self._opened  # nothing was sent: no key, or a forbidden host
        if self._first is not None or fault.status is None:
            return False
        return not self._opened or self._model.provider == "openrouter"

    def _output_guess(self) -> int:
        """Output tokens by the text that came."""
        return math.ceil(self._bytes * self.expected.shape.traits.tokens_per_byte)


def _estimated(tokens: Tokens, price: Price | None) -> Cost:
    usd = estimate(tokens, price)
    if usd is None:
        return UNKNOWN_COST
    return Cost(usd=usd, source="estimated", saved=savings(tokens, price, usd))


def _merged(old: UsageReport | None, new: UsageReport) -> UsageReport:
    """The later report, with the earlier one's figures where it is silent; bills that are no amounts are dropped."""
    billed = new.billed
    if billed is not None and not (billed.is_finite() and billed >= 0):
        billed = None
    if old is None:
        return replace(new, billed=billed)
    names = ("input", "cache_read", "cache_write", "cache_write_1h", "output")
    values = {name: getattr(new.tokens, name) for name in names}
    kept = {name: getattr(old.tokens, name) if value is None else value for name, value in values.items()}
    return UsageReport(
        tokens=Tokens(**kept),
        billed=old.billed if billed is None else billed,
        upstream=new.upstream or old.upstream,
    )

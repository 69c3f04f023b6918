"""How entries become rows of the ledger's file, and rows become sums.

Not here: the file itself and its tables (`store.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from cachewise.ledger.meter import Entry
from cachewise.ledger.totals import Sums
from cachewise.model.usage import Totals

_PICO = Decimal(10) ** 12
"""Money is stored in whole picodollars: sums are exact, and a rounding is far below 1e-9 dollars."""
_LIMIT = 2**53
"""Figures beyond this are a provider's nonsense; clamped, so that the sums can't overflow."""
_LONGEST_NAME = 120
"""Characters of a name that is kept: of a model, a workspace folder or a route."""


@dataclass(frozen=True, slots=True)
class Offer:
    """Suggestions that were shown, and what became of them."""

    id: str
    time: float
    shown: int = 0
    accepted: int = 0
    characters: int = 0
    """Of the accepted text."""
    typed: int = 0
    rejected: int = 0

    @property
    def counts(self) -> tuple[int, int, int, int, int]:
        """As `Sums.offer` takes them."""
        return (self.shown, self.accepted, self.characters, self.typed, self.rejected)


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A request was given up before it was sent, so what was reserved for it is free again."""

    id: str
    """The request's."""
    time: float


def offer_row(offer: Offer, process: str) -> tuple[Any, ...]:
    """The offer as a row of the table `offers`."""
    return (offer.id, offer.time, process, *map(_bounded, offer.counts))


FIGURES = """COUNT(*), SUM(input), SUM(cache_read), SUM(cache_write), SUM(output),
    SUM(CASE WHEN cache_read IS NOT NULL THEN input END), SUM(cost_pico), SUM(cost_pico IS NULL), SUM(saved_pico)"""
SUMS = f"""SELECT {{day}}, model, feature, source, {FIGURES}
    FROM entries WHERE time >= ? AND time < ? GROUP BY 1, 2, 3, 4"""  # noqa: S608
OFFERS = """SELECT {day}, SUM(shown), SUM(accepted), SUM(characters), SUM(typed), SUM(rejected)
    FROM offers WHERE time >= ? AND time < ? GROUP BY 1"""


def merge_row(sums: Sums, row: tuple[Any, ...]) -> None:
    """Add one row of the sums query."""
    day, model, feature, source = (str(value) for value in row[:4])
    totals, unknown = totals_of(source, row[4:])
    sums.merge(day, model, feature, totals, unknown)


def totals_of(source: str, figures: tuple[Any, ...]) -> tuple[Totals, int]:
    """The sums of one row of `FIGURES`, and how many of its requests have no known cost."""
    count, given, read, write, output, counted, cost, unknown, saved = (int(value or 0) for value in figures)
    totals = Totals()
    if source == "answers":
        totals.answers_hits, totals.answers_saved, unknown = count, saved / _PICO, 0
    elif source == "offline":
        unknown = 0
    else:
        totals.requests, totals.input_tokens, totals.hit_input_tokens = count, given, counted
        totals.cache_read_tokens, totals.cache_write_tokens, totals.output_tokens = read, write, output
        totals.cost, totals.saved = cost / _PICO, saved / _PICO
    return totals, unknown


def entry_row(entry: Entry, process: str) -> tuple[Any, ...]:
    """The entry as a row of the table `entries`."""
    usage, tokens, miss = entry.usage, entry.usage.tokens, entry.usage.cache_miss
    counts = (tokens.input, tokens.cache_read, tokens.cache_write, tokens.cache_write_1h, tokens.output)
    return (
        entry.id,
        entry.time,
        process,
        usage.feature,
        _name(usage.model),
        usage.source,
        usage.outcome,
        *(None if count is None else _bounded(count) for count in counts),
        _pico(usage.cost.usd),
        usage.cost.source,
        _pico(usage.cost.saved),
        usage.first_token_ms,
        usage.total_ms,
        None if miss is None else miss.reason,
        None if miss is None else _bounded(miss.tokens),
        None if entry.workspace is None else _name(entry.workspace),
        None if entry.route is None else _name(entry.route),
    )


ENTRY_COLUMNS = (
    "id, time, process, feature, model, source, outcome, input, cache_read, cache_write, cache_write_1h, output, "
    "cost_pico, cost_source, saved_pico, first_token_ms, total_ms, miss_reason, miss_tokens, workspace, route"
)
"""The order of `entry_row`."""


def pico(amount: Decimal) -> int:
    """Dollars as whole picodollars."""
    return _bounded(round(amount * _PICO))


def dollars_of(amount: int) -> Decimal:
    """Whole picodollars as dollars."""
    return amount / _PICO


def _name(text: str) -> str:
    """A name from outside, fit for the file and for a table: short, printable, and valid UTF-8."""
    clean = "".join(c if c.isprintable() else "?" for c in text[:_LONGEST_NAME])
    return clean.encode("utf-8", "replace").decode()


def _bounded(figure: int) -> int:
    return max(-_LIMIT, min(_LIMIT, figure))


def _pico(amount: Decimal | None) -> int | None:
    return None if amount is None else pico(amount)

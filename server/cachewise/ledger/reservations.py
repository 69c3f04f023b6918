"""Money set aside in the ledger's file for requests that run, so that several servers keep one budget together.

A reservation counts for its day until its request is booked, which deletes it in the same transaction. One that is
never settled, because its server was killed, counts to the end of the day: nobody knows what that request cost.
Not here: how much is reserved, and what holds while the file can't be written (`budget.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from cachewise.ledger.clock import day_start, local_day
from cachewise.ledger.rows import dollars_of, pico

if TYPE_CHECKING:
    import sqlite3

_KEPT_SECONDS = 2 * 86400
"""Reservations of days that are over count for nothing, and are removed on the way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """What a request wants to set aside."""

    id: str
    """The request's; its entry will have the same."""
    time: float
    usd: Decimal
    cap: Decimal | None
    """The budget of the day; None to be granted in any case."""
    known: Decimal = Decimal(0)
    """What this server itself has spent that day, in case the file was lost in between."""
    beside: Decimal = Decimal(0)
    """What this server has reserved in its memory only."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a reservation was granted."""

    granted: bool
    spent: Decimal
    """Dollars that were spent or reserved that day before it."""


def reserve(connection: sqlite3.Connection, wanted: Sequence[Reservation], process: str) -> list[Verdict]:
    """Decide on reservations in their order; called inside a transaction that holds the write lock."""
    oldest = min((one.time for one in wanted), default=0.0)
    connection.execute("DELETE FROM reservations WHERE day < ?", (local_day(oldest - _KEPT_SECONDS),))
    verdicts = verdicts_on(connection, wanted)
    rows = [
        (one.id, local_day(one.time), process, pico(one.usd))
        for one, verdict in zip(wanted, verdicts, strict=True)
        if verdict.granted
    ]
    connection.executemany("INSERT OR REPLACE INTO reservations VALUES (?, ?, ?, ?)", rows)
    return verdicts


def verdicts_on(connection: sqlite3.Connection, wanted: Sequence[Reservation]) -> list[Verdict]:
    """What a decision would be, as the file is now: each grant counts for those behind it, and nothing is written."""
    days: dict[str, tuple[int, int]] = {}
    verdicts = []
    for one in wanted:
        day = local_day(one.time)
        if day not in days:
            days[day] = _spent(connection, one.time), _held(connection, day)
        spent, held = days[day]
        before = max(spent, pico(one.known)) + held + pico(one.beside)
        granted = one.cap is None or before + pico(one.usd) <= pico(one.cap)
        if granted:
            days[day] = spent, held + pico(one.usd)
        verdicts.append(Verdict(granted, dollars_of(before)))
    return verdicts


def _spent(connection: sqlite3.Connection, moment: float) -> int:
    """Picodollars of the entries of the day that holds `moment`; unknown costs are not in it."""
    start = day_start(moment)
    window = (start, day_start(start + 36 * 3600))
    found = connection.execute("SELECT SUM(cost_pico) FROM entries WHERE time >= ? AND time < ?", window).fetchone()
    return int(found[0] or 0)


def _held(connection: sqlite3.Connection, day: str) -> int:
    found = connection.execute("SELECT SUM(pico) FROM reservations WHERE day = ?", (day,)).fetchone()
    return int(found[0] or 0)

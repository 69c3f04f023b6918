"""The two clocks that the ledger reads, so that a test can hold them still.

Not here: time zones. A day is a day of the user's own time zone, which the operating system knows.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Clock:
    """Where the time comes from."""

    now: Callable[[], float] = time.time
    """Seconds since 1970 in UTC. Cache entries expire by it: it goes on while a laptop sleeps."""
    elapsed: Callable[[], float] = time.perf_counter
    """Seconds since some moment, never set back: durations are differences of it."""


def local_day(moment: float) -> str:
    """The user's date at `moment` (seconds since 1970), such as `2026-03-29`."""
    return date.fromtimestamp(moment).isoformat()


def day_start(moment: float) -> float:
    """When the user's day that holds `moment` began, in seconds since 1970; right on days of 23 and 25 hours too."""
    return datetime.combine(date.fromtimestamp(moment), datetime.min.time()).timestamp()

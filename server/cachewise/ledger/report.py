"""Reading the ledger back: sums of some days in every way people ask for, and the entries one by one.

For commands, which may block. Not here: the sums that a server keeps up to date (`journal.py`), and how they look
(`cli/stats.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from cachewise.faults import Fault
from cachewise.ledger.clock import Clock, day_start, local_day
from cachewise.ledger.migrations import Damaged, TooNew
from cachewise.ledger.rows import FIGURES, OFFERS, dollars_of, totals_of
from cachewise.ledger.store import Store
from cachewise.ledger.totals import Tally
from cachewise.model.usage import Totals

COLUMNS = (
    *("time", "session", "workspace", "feature", "model", "route", "source", "outcome"),
    *("inputTokens", "cacheReadTokens", "cacheWriteTokens", "outputTokens", "costUsd", "costSource", "savedUsd"),
    *("firstTokenMs", "totalMs", "missReason", "missTokens"),
)
"""Of an entry, named as in the protocol. `session` is one run of a server."""

_KINDS = ("feature", "model", "workspace", "route", "session")
_GROUPED = f"""SELECT date(time, 'unixepoch', 'localtime'), feature, model, workspace, route, process, source, {FIGURES}
    FROM entries WHERE time >= ? GROUP BY 1, 2, 3, 4, 5, 6, 7"""  # noqa: S608
_ENTRIES = """SELECT time, process, workspace, feature, model, route, source, outcome, input, cache_read, cache_write,
    output, cost_pico, cost_source, saved_pico, first_token_ms, total_ms, miss_reason, miss_tokens
    FROM entries WHERE time >= ? ORDER BY time, id"""


@dataclass(slots=True, kw_only=True)
class Report:
    """Sums over the user's last days, today included. What has no name in a way of summing is missing there."""

    days: tuple[str, ...]
    """All of them, the oldest first, such as `2026-03-29`."""
    whole: Tally = field(default_factory=Tally)
    by_day: dict[str, Tally] = field(default_factory=dict)
    by_name: dict[str, dict[str, Tally]] = field(default_factory=lambda: {kind: {} for kind in _KINDS})
    """By `feature`, `model`, `workspace`, `route` and `session`, then by name."""
    by_day_and_feature: dict[tuple[str, str], Tally] = field(default_factory=dict)
    ever: bool = False
    """Whether there is any entry at all, also an older one."""

    @property
    def today(self) -> Totals:
        """The sums of the last day."""
        return self.by_day.get(self.days[-1], Tally()).totals

    def add(self, day: str, names: dict[str, str | None], totals: Totals, unknown: int) -> None:
        """Add the sums of some requests, of which `unknown` have no known cost."""
        tallies = [self.whole, self.by_day.setdefault(day, Tally())]
        for kind, name in names.items():
            if name is not None:
                tallies.append(self.by_name[kind].setdefault(name, Tally()))
        feature = names.get("feature")
        if feature is not None:
            tallies.append(self.by_day_and_feature.setdefault((day, feature), Tally()))
        for tally in tallies:
            tally.merge(totals, unknown)


def read_report(path: Path, days: int, clock: Clock | None = None) -> Report:
    """The sums of the last `days` days; empty ones where there is no ledger yet.

    Raises:
        Fault: the file can't be read.
    """
    now = (clock or Clock()).now()
    last = date.fromisoformat(local_day(now))
    report = Report(days=tuple((last - timedelta(days=back)).isoformat() for back in range(days - 1, -1, -1)))
    with _opened(path) as store:
        if store is None:
            return report
        start = _start(report.days[0])
        last_name = 1 + len(_KINDS)
        for row in store.rows(_GROUPED, (start,)):
            totals, unknown = totals_of(str(row[last_name]), row[last_name + 1 :])
            report.add(str(row[0]), dict(zip(_KINDS, row[1:last_name], strict=True)), totals, unknown)
        for day, *counts in store.rows(OFFERS.format(day="date(time, 'unixepoch', 'localtime')"), (start, 9e99)):
            shown, accepted, characters, typed, rejected = map(int, counts)
            totals = Totals(
                shown=shown, accepted=accepted, accepted_characters=characters, typed=typed, rejected=rejected
            )
            report.add(str(day), {"feature": "complete"}, totals, 0)
        report.ever = bool(report.by_day) or bool(list(store.rows("SELECT 1 FROM entries LIMIT 1", ())))
    return report


def read_entries(path: Path, days: int, clock: Clock | None = None) -> Iterator[tuple[Any, ...]]:
    """The entries of the last `days` days in the order of time, as rows of `COLUMNS`; None is unknown.

    Raises:
        Fault: the file can't be read.
    """
    first = date.fromisoformat(local_day((clock or Clock()).now())) - timedelta(days=days - 1)
    with _opened(path) as store:
        if store is None:
            return
        for moment, process, *more in store.rows(_ENTRIES, (_start(first.isoformat()),)):
            row = [datetime.fromtimestamp(moment).astimezone().isoformat(timespec="seconds"), str(process)[:8], *more]
            for place in (COLUMNS.index("costUsd"), COLUMNS.index("savedUsd")):
                row[place] = None if row[place] is None else f"{dollars_of(row[place]).normalize():f}"
            yield tuple(row)


def _start(day: str) -> float:
    return day_start(datetime.fromisoformat(day + "T12:00").timestamp())


@contextmanager
def _opened(path: Path) -> Iterator[Store | None]:
    """The ledger's file, brought to the newest version; None where there is none, and none is made."""
    if not path.is_file():
        yield None
        return
    import sqlite3

    store = Store(path)
    try:
        store.open()
        yield store
    except TooNew:
        raise Fault(f"The ledger {str(path)!r} was written by a newer cachewise; update this one to read it.") from None
    except (Damaged, sqlite3.Error, OSError) as error:
        raise Fault(f"The ledger {str(path)!r} can't be read ({error}).") from error
    finally:
        store.close()

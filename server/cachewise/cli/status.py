"""`cachewise status`: what today cost, in one line for the bar of a terminal or a desktop.

It reads the ledger that all running servers write, and asks none of them. `--watch` stays and prints a line whenever
one of them has added to it, or a new day began; it ends when nobody reads it any more. Not here: tables (`stats.py`).
"""

from __future__ import annotations

import json
import os
import select
import sys
import time
from decimal import Decimal
from typing import Any

from cachewise.faults import Fault
from cachewise.ledger.budget import day_warning
from cachewise.ledger.journal import FILE_NAME
from cachewise.ledger.readout import money
from cachewise.ledger.totals import Sums
from cachewise.ledger.watch import Watch
from cachewise.model.usage import Totals
from cachewise.settings.load import load
from cachewise.settings.places import Places, find_places

INTERVAL = 1.0
"""Seconds between two looks at the ledger."""


def status(*, watch: bool = False, as_json: bool = False) -> int:
    """Print the line; with `watch`, go on until the reader is gone.

    Raises:
        Fault: the ledger can't be read. With `watch` that is a line too, and it is tried again.
    """
    places = find_places(os.environ)
    with Watch(places.state / FILE_NAME) as ledger:
        if not watch:
            sums = ledger.news()
            assert sums is not None  # nothing was asked before
            _print(shown(sums, _budget(places)), as_json=as_json)
            return 0
        last: dict[str, Any] | None = None
        while True:
            try:
                sums = ledger.news()
                now = last if sums is None else shown(sums, _budget(places))
            except Fault as fault:
                now = {"text": "$?", "tooltip": fault.sentence, "class": "error"}
            if now is not None and now != last:
                _print(now, as_json=as_json)
                last = now
            if _reader_gone(INTERVAL):
                return 0


def shown(sums: Sums, per_day: Decimal | None) -> dict[str, Any]:
    """The line (`text`) and what goes with it, named as waybar wants it.

    Args:
        sums: The sums of today.
        per_day: The budget of a day in dollars, None without one.
    """
    today = sums.whole.totals
    warning = day_warning(today.cost, per_day)
    kind = "idle" if not (today.requests or today.answers_hits) else "ok"
    if warning is not None and per_day is not None:
        kind = "error" if today.cost >= per_day else "warning"
    return {
        "text": line(today),
        "tooltip": "\n".join([*([warning] if warning else []), *_by_feature(sums)]) or "Nothing was asked today.",
        "class": kind,
        "budgetUsd": None if per_day is None else float(per_day),
        "today": today.to_json(),
    }


def line(today: Totals) -> str:
    """`$0.042 today · 91% cached · saved $0.31`; what is not known, or nothing, is left out or marked `?`."""
    parts = [f"{cost(today)} today"]
    if today.hit_ratio is not None:
        parts.append(f"{today.hit_ratio:.0%} cached")
    saved = today.saved + today.answers_saved
    if saved > 0:
        parts.append(f"saved {money(saved)}")
    return " · ".join(parts)


def cost(totals: Totals) -> str:
    """Dollars, with a question mark where a part of them is not known."""
    if not totals.cost and not totals.cost_is_complete:
        return "$?"
    return money(totals.cost) + ("" if totals.cost_is_complete else "?")


def _by_feature(sums: Sums) -> list[str]:
    tallies = {name: tally.totals for name, tally in sorted(sums.features.items())}
    return [
        f"{name}: {totals.requests:,} {'request' if totals.requests == 1 else 'requests'}, {cost(totals)}"
        for name, totals in tallies.items()
        if totals.requests
    ]


def _budget(places: Places) -> Decimal | None:
    return load(os.environ, places).settings.budget_per_day_usd


def _print(now: dict[str, Any], *, as_json: bool) -> None:
    sys.stdout.write((json.dumps(now, ensure_ascii=False) if as_json else now["text"]) + "\n")
    sys.stdout.flush()


def _reader_gone(seconds: float) -> bool:
    """Wait so long, or until the other end of standard output is closed; whether it is."""
    if not hasattr(select, "poll"):  # Windows; there the next line fails
        time.sleep(seconds)
        return False
    poller = select.poll()
    poller.register(sys.stdout, 0)
    return bool(poller.poll(seconds * 1000))

"""Usage figures for a terminal: one line for a request, and a table of several.

They are made from the JSON that the server sends, so that what is printed is what any client gets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from cachewise.ledger.readout import readout
from cachewise.model.usage import Cost, Tokens, Usage

_COLUMNS = ("request", "input", "read", "written", "output", "cost", "without caching", "saved")


def table(recent: Sequence[Mapping[str, Any]], totals: Mapping[str, Any]) -> str:
    """The requests in order and their sum; figures that are unknown are shown as `?`."""
    rows = [_COLUMNS, *(_row(usage) for usage in recent), _sum(totals)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS))]
    lines = ["  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in rows]
    rule = "-" * len(lines[0])
    return "\n".join([lines[0], rule, *lines[1:-1], rule, lines[-1]])


def readout_of(usage: Mapping[str, Any]) -> str:
    """The one-line readout of a `Usage` object of the protocol."""
    cost, saved = usage["costUsd"], usage["savedUsd"]
    return readout(
        Usage(
            feature=usage["feature"],
            model=usage["model"],
            source=usage["source"],
            tokens=Tokens(
                input=usage["inputTokens"],
                cache_read=usage["cacheReadTokens"],
                cache_write=usage["cacheWriteTokens"],
                output=usage["outputTokens"],
            ),
            cost=Cost(
                usd=None if cost is None else Decimal(str(cost)),
                source=usage["costSource"],
                saved=None if saved is None else Decimal(str(saved)),
            ),
            first_token_ms=usage["firstTokenMs"],
            total_ms=usage["totalMs"],
            outcome=usage["outcome"],
        )
    )


def _row(usage: Mapping[str, Any]) -> tuple[str, ...]:
    cost, saved = usage["costUsd"], usage["savedUsd"]
    return (
        str(usage["feature"]),
        *(_count(usage[name]) for name in ("inputTokens", "cacheReadTokens", "cacheWriteTokens", "outputTokens")),
        _dollars(cost),
        _dollars(None if cost is None or saved is None else cost + saved),
        _dollars(saved),
    )


def _sum(totals: Mapping[str, Any]) -> tuple[str, ...]:
    ratio = totals["hitRatio"]
    share = "" if ratio is None else f", {ratio:.0%} cached"
    known = "" if totals["costIsComplete"] else "+?"
    return (
        f"{totals['requests']} request{'' if totals['requests'] == 1 else 's'}{share}",
        *(_count(totals[name]) for name in ("inputTokens", "cacheReadTokens", "cacheWriteTokens", "outputTokens")),
        _dollars(totals["costUsd"]) + known,
        _dollars(totals["costUsd"] + totals["savedUsd"]) + known,
        _dollars(totals["savedUsd"]) + known,
    )


def _count(value: int | None) -> str:
    return "?" if value is None else f"{value:,}"


def _dollars(value: float | None) -> str:
    if value is None:
        return "?"
    return f"-${-value:.5f}" if value < 0 else f"${value:.5f}"

"""The one-line readout of a request: `explain · 12.3k in, 96% cached · 410 out · $0.0021 · 1.9 s`.

Unknown figures show as `?`, never as 0. Not here: JSON (`model/usage.py`).
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from cachewise.model.usage import Tokens, Usage


def readout(usage: Usage) -> str:
    """The record of one request in one line."""
    head = usage.feature if usage.outcome == "complete" else f"{usage.feature} {usage.outcome}"
    time = _duration(usage.total_ms)
    if usage.source == "offline":
        return f"{head} · offline · {time}"
    if usage.source == "answers":
        saved = usage.cost.saved
        gain = f" · saved {money(saved)}" if saved else ""
        return f"{head} · stored answer{gain} · {time}"
    sent, received = _input(usage.tokens), f"{_count(usage.tokens.output)} out"
    return " · ".join((head, sent, received, _cost(usage), time))


def footnote(usage: Usage, age_seconds: float | None) -> str:
    """Where an answer came from: its model, what was read and written, or how old it is."""
    if age_seconds is not None:
        return f"`{usage.model}` · kept for {age(age_seconds)}"
    read, written = _exactly(usage.tokens.cache_read), _exactly(usage.tokens.cache_write)
    return f"`{usage.model}` · {read} tokens read from the provider's cache, {written} written to it"


def money(amount: Decimal) -> str:
    """Dollars: cents from a dollar on, below that two significant digits, so that small costs stay visible."""
    sign, size = ("-" if amount < 0 else ""), abs(amount)
    if not size:
        return "$0"
    digits = Decimal(1).scaleb(min(size.adjusted() - 1, -2))
    rounded = size.quantize(digits, rounding=ROUND_HALF_UP)
    if rounded.adjusted() > size.adjusted() and rounded < 1:
        rounded = rounded.quantize(digits.scaleb(1))  # 0.00996 has become 0.0100: that is one digit too many
    return f"{sign}${rounded:f}"


def _cost(usage: Usage) -> str:
    if usage.cost.usd is None:
        return "cost ?"
    return f"{'~' if usage.cost.source == 'estimated' else ''}{money(usage.cost.usd)}"


def _input(tokens: Tokens) -> str:
    if tokens.input is None:
        return "? in"
    if tokens.cache_read is None:
        return f"{_count(tokens.input)} in, ?% cached"
    share = tokens.cache_read / tokens.input if tokens.input else 0.0
    # Only what is wholly cached is called 100 %, and only what is not cached at all 0 %.
    percent = round(share * 100)
    if 0 < share < 1:
        percent = min(max(percent, 1), 99)
    return f"{_count(tokens.input)} in, {percent}% cached"


def _count(tokens: int | None) -> str:
    if tokens is None:
        return "?"
    if tokens < 1000:
        return str(tokens)
    if tokens < 999_950:
        return f"{tokens / 1000:.1f}k"
    return f"{tokens / 1_000_000:.1f}M"


def _exactly(tokens: int | None) -> str:
    return "?" if tokens is None else f"{tokens:,}"


def age(seconds: float) -> str:
    """How long ago, in whole units of the largest that there is one of."""
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return "less than a minute"


def _duration(ms: float) -> str:
    if ms < 99.5:
        return f"{ms:.0f} ms"
    return f"{ms / 1000:.1f} s" if ms < 99_950 else f"{ms / 1000:.0f} s"

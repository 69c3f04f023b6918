"""What a token costs, from the price list that the genai-prices package carries with it.

Not here: what a request did cost (`meter.py`), and any way to fetch newer prices: nothing leaves the machine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from cachewise.importing import IMPORTING
from cachewise.ledger.clock import Clock
from cachewise.model.names import ModelName
from cachewise.model.usage import Tokens

_MILLION = Decimal(1_000_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratios:
    """Cache prices as multiples of the plain input price: what decides whether caching pays."""

    read: Decimal
    write_5m: Decimal
    write_1h: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """US dollars per token. Where a model has no price for reads or writes, they cost what plain input costs."""

    plain: Decimal
    """An input token that is neither read from nor written to a cache."""
    read: Decimal
    write_5m: Decimal
    write_1h: Decimal
    output: Decimal
    tiers: tuple[tuple[int, Price], ...] = ()
    """From above so many input tokens on, the other price holds for all tokens of the request; rising order."""

    def at(self, input_tokens: int) -> Price:
        """The price of a request with that many input tokens, cached ones included."""
        found = self
        for start, price in self.tiers:
            if input_tokens > start:
                found = price
        return found

    @property
    def ratios(self) -> Ratios | None:
        """The cache prices over the plain price; None for a free model."""
        if not self.plain:
            return None
        return Ratios(
            read=self.read / self.plain, write_5m=self.write_5m / self.plain, write_1h=self.write_1h / self.plain
        )


FREE_PRICE = Price(plain=Decimal(0), read=Decimal(0), write_5m=Decimal(0), write_1h=Decimal(0), output=Decimal(0))


def _import() -> Callable[[str, str, datetime], Any]:
    from genai_prices import Usage, calc_price

    def lookup(provider: str, name: str, moment: datetime) -> Any:
        nothing = Usage(input_tokens=0, output_tokens=0)
        return calc_price(nothing, name, provider_id=provider, genai_request_timestamp=moment).model_price

    lookup("openai", "gpt-4o", datetime.now(UTC))  # the data itself is imported by the first look
    return lookup


class Prices:
    """The bundled price list. `load` it in a thread first: it is some 130 ms of imports."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or Clock()
        self._lookup: Callable[[str, str, datetime], Any] | None = None
        self._known: dict[ModelName, tuple[int, Price | None]] = {}
        """What was found last for each model, and in which second: a request asks several times."""

    @property
    def loaded(self) -> bool:
        """Whether `price` answers at once."""
        return self._lookup is not None

    def load(self) -> None:
        """Import the price list. May be called more than once and from any thread."""
        with IMPORTING:
            self._lookup = self._lookup or _import()

    def price(self, model: ModelName) -> Price | None:
        """The model's price now, since some have hours and dates; None if it is not in the list.

        A server of the user's own (`local`) and the offline completer send no bill: they are free.
        """
        if model.provider in ("local", "offline"):
            return FREE_PRICE
        if self._lookup is None:
            self.load()
        second = int(self._clock.now())
        known = self._known.get(model)
        if known is None or known[0] != second:
            known = self._known[model] = second, self._find(model, datetime.fromtimestamp(second, UTC))
        return known[1]

    def _find(self, model: ModelName, moment: datetime) -> Price | None:
        assert self._lookup is not None
        try:
            listed = self._lookup(model.provider, model.name, moment)
        except (LookupError, ValueError):
            return None
        return _price_of(listed, model)


def _price_of(listed: Any, model: ModelName) -> Price | None:
    """Turn the package's prices per million tokens, each with tiers of its own, into whole prices per tier."""
    if listed.input_mtok is None or listed.output_mtok is None:
        # OpenRouter lists its free models without prices; anything else without them is not sold by the token.
        return FREE_PRICE if model.name.endswith(":free") else None
    keys = ("input_mtok", "cache_read_mtok", "cache_write_mtok", "cache_write_1h_mtok", "output_mtok")
    entries = [getattr(listed, key) for key in keys]
    starts = sorted({tier.start for entry in entries for tier in getattr(entry, "tiers", ())})

    def above(start: int | None) -> Price:
        plain, read, write_5m, write_1h, output = (_rate(entry, start) for entry in entries)
        assert plain is not None  # both were seen above
        assert output is not None
        if write_1h is None and write_5m is not None and model.name.startswith("anthropic/"):
            # OpenRouter's list has no price for one-hour writes. Anthropic's is twice the plain price, and
            # OpenRouter's prompt caching page says the same (2026-08).
            write_1h = 2 * plain
        five = plain if write_5m is None else write_5m
        return Price(
            plain=plain,
            read=plain if read is None else read,
            write_5m=five,
            write_1h=five if write_1h is None else write_1h,
            output=output,
        )

    base = above(None)
    return Price(
        plain=base.plain,
        read=base.read,
        write_5m=base.write_5m,
        write_1h=base.write_1h,
        output=base.output,
        tiers=tuple((start, above(start)) for start in starts),
    )


def _rate(entry: Any, start: int | None) -> Decimal | None:
    """Dollars per token of one entry of the list, in the tier that begins at `start` (None: below all tiers)."""
    if entry is None or isinstance(entry, Decimal):
        return None if entry is None else entry / _MILLION
    rate: Decimal = entry.base
    for tier in entry.tiers:
        if start is not None and tier.start <= start:
            rate = tier.price
    return rate / _MILLION


def _split(tokens: Tokens) -> tuple[int, int, int, int] | None:
    """Plain, read, 5-minute and 1-hour written tokens; None without an input count. Not reported is not cached."""
    if tokens.input is None:
        return None
    read, write, long = tokens.cache_read or 0, tokens.cache_write or 0, tokens.cache_write_1h or 0
    long = min(long, write)
    return max(tokens.input - read - write, 0), read, write - long, long


def estimate(tokens: Tokens, price: Price | None) -> Decimal | None:
    """Dollars for these tokens; None where the price, the input or the output is unknown."""
    split = _split(tokens)
    if price is None or split is None or tokens.output is None:
        return None
    rates = price.at(tokens.input or 0)
    plain, read, short, long = split
    return (
        plain * rates.plain
        + read * rates.read
        + short * rates.write_5m
        + long * rates.write_1h
        + tokens.output * rates.output
    )


def savings(tokens: Tokens, price: Price | None, cost: Decimal | None) -> Decimal | None:
    """Dollars that caching saved against the plain input price; negative where writes cost more than reads saved.

    None where the price is unknown or the provider does not say what was read. A request that cost nothing saved
    nothing. The list price is used even where the bill was another one: the difference is the provider's discount,
    not the cache's doing.
    """
    split = _split(tokens)
    if price is None or split is None or tokens.cache_read is None:
        return None
    if cost is not None and not cost:
        return Decimal(0)
    rates = price.at(tokens.input or 0)
    _, read, short, long = split
    return (
        read * (rates.plain - rates.read)
        - short * (rates.write_5m - rates.plain)
        - long * (rates.write_1h - rates.plain)
    )

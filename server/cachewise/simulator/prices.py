"""Money of simulated requests, from the price list that genai-prices carries.

A model that the list does not know has no price: its cost is None and the wire leaves it out. OpenRouter's one-hour
writes cost twice the plain price; the list has no figure for them there, so they are added here.
Imports genai_prices inside functions only: it takes a quarter of a second.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from cachewise.simulator.account import Charge
from cachewise.simulator.prompt import WireName

if TYPE_CHECKING:
    from genai_prices.types import PriceCalculation

_ONE_HOUR_WRITE = 2
"""Times the plain input price."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """Dollars of one request."""

    input: Decimal
    output: Decimal
    uncached: Decimal
    """What input and output together would have cost with no prompt caching."""

    @property
    def total(self) -> Decimal:
        """Input and output."""
        return self.input + self.output


async def load() -> None:
    """Read the price list in a thread, so that `price_of` does not block the event loop later."""
    await asyncio.to_thread(price_of, "openai", "gpt-4o", Charge(plain=1), 1)


def price_of(wire: WireName, model: str, charge: Charge, output_tokens: int) -> Price | None:
    """The price of a request, or None where the price list does not know the model."""
    found = _calculate(wire, model, charge.total, charge, output_tokens)
    plain = _calculate(wire, model, charge.total, Charge(), output_tokens)
    if found is None or plain is None:
        return None
    extra = Decimal(0)
    if wire == "openrouter" and charge.write_1h and getattr(found.model_price, "cache_write_1h_mtok", None) is None:
        written = _calculate(wire, model, charge.total, Charge(write=charge.total), 0)
        if written is not None:
            short = written.total_price / charge.total
            extra = charge.write_1h * (_ONE_HOUR_WRITE * plain.input_price / charge.total - short)
    return Price(input=found.input_price + extra, output=found.output_price, uncached=plain.total_price)


def unit_prices(wire: WireName, model: str) -> dict[str, str] | None:
    """Dollars per token as the strings of OpenRouter's list of models; None for an unknown model."""
    figures = {
        "prompt": (Charge(plain=1), 0),
        "completion": (Charge(), 1),
        "input_cache_read": (Charge(read=1), 0),
        "input_cache_write": (Charge(write=1), 0),
    }
    prices = {name: price_of(wire, model, charge, output) for name, (charge, output) in figures.items()}
    return {name: f"{price.total:f}" for name, price in prices.items() if price is not None} or None


def _calculate(
    wire: WireName, model: str, input_tokens: int, charge: Charge, output_tokens: int
) -> PriceCalculation | None:
    from genai_prices import Usage, calc_price

    usage = Usage(
        input_tokens=input_tokens,
        cache_read_tokens=charge.read,
        cache_write_tokens=charge.written,
        output_tokens=output_tokens,
    )
    if charge.write_1h and wire == "anthropic":
        usage.cache_write_1h_tokens = charge.write_1h
    try:
        return calc_price(usage, model, provider_id=wire)
    except (LookupError, ValueError):
        return None

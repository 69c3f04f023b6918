"""What a run of an agent cost, and telling it to whoever keeps the books.

The provider's own bill comes first, then the caller's prices, then pydantic-ai's price list; where none of them knows,
the cost is unknown, which is never 0 and never an error. Not here: cachewise's own ledger.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from cachewise.model.usage import UNKNOWN_COST, Cost

_MILLION = Decimal(1_000_000)
_RECORDER_SECONDS = 5.0
_log = logging.getLogger(__name__)


class ModelCosts(NamedTuple):
    """Dollars for a million tokens of each kind. `caching_input` is writing to the provider's cache."""

    cost_per_million_input_tokens: float
    cost_per_million_output_tokens: float
    cost_per_million_caching_input_tokens: float
    cost_per_million_caching_hit_tokens: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Expense:
    """One call of `cached_agent_run`, for the books."""

    model: str
    task_name: str
    paid: Decimal | None
    """What this call cost: 0 where the answer was there already; None where nobody knows."""
    source: str
    """`billed`, `estimated`, `unknown`, or `cache`."""
    saved: Decimal | None
    """What it would have cost; None where it was paid, or where nobody knows."""


Recorder = Callable[..., Any]
"""`recorder(model, task_name, cost)`, async or not; `cost` is a float, or None where it is unknown. A recorder with
a parameter named `expense` gets the whole `Expense` in it."""


async def noop_expense_recorder(model: str, task_name: str, cost: float | None) -> None:
    """Keep no books."""


async def record(recorder: Recorder, expense: Expense) -> None:
    """Tell the recorder. Whatever it does, the answer is not lost: a failure is logged, and 5 s are enough."""
    paid = None if expense.paid is None else float(expense.paid)
    try:
        extra = {"expense": expense} if "expense" in inspect.signature(recorder).parameters else {}
        told = recorder(expense.model, expense.task_name, paid, **extra)
        if inspect.isawaitable(told):
            async with asyncio.timeout(_RECORDER_SECONDS):
                await told
    except Exception as error:  # the caller's code
        _log.warning("The expense recorder failed with %s; the answer is not affected.", type(error).__name__)


async def cost_of(
    responses: Sequence[Any], *, model: str, custom_costs: Mapping[str, ModelCosts] | None = None
) -> Cost:
    """The cost of a run.

    Args:
        responses: pydantic-ai's `ModelResponse` objects of the run.
        model: The name that `custom_costs` is looked up by.
        custom_costs: The caller's own prices.
    """
    prices = (custom_costs or {}).get(model)
    # The price list is loaded by its first use, which takes a while.
    parts = await asyncio.to_thread(lambda: [_cost_of_one(response, prices) for response in responses])
    known = [amount for amount, _ in parts if amount is not None]
    if not parts or len(known) < len(parts):
        return UNKNOWN_COST
    billed = all(billed for _, billed in parts)
    return Cost(usd=sum(known, Decimal(0)), source="billed" if billed else "estimated", saved=None)


def _cost_of_one(response: Any, prices: ModelCosts | None) -> tuple[Decimal | None, bool]:
    """Dollars of one response, and whether the provider itself says so."""
    details = getattr(response, "provider_details", None) or {}
    try:
        if "cost" in details:
            own = Decimal(str(details["cost"]))
            upstream = details.get("upstream_inference_cost") if details.get("is_byok") else None
            return own + (Decimal(str(upstream)) if upstream is not None else 0), True
        if "is_byok" in details:
            return Decimal(0), True  # OpenRouter's bill of 0 is left out by the library that reads it
        if prices is not None:
            return _priced(response.usage, prices), False
        return Decimal(response.cost().total_price), False
    except Exception:  # prices are best effort: an unknown model, a missing count, an odd figure
        return None, False


def _priced(usage: Any, prices: ModelCosts) -> Decimal:
    read, written = usage.cache_read_tokens or 0, usage.cache_write_tokens or 0
    counts = (max(0, usage.input_tokens - read - written), usage.output_tokens, written, read)
    return sum((Decimal(n) * Decimal(str(p)) for n, p in zip(counts, prices, strict=True)), Decimal(0)) / _MILLION

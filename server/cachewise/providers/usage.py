"""Providers' own usage records as `Tokens` and dollars. Standard library only; the records are plain mappings.

What a record does not say stays None. Not here: prices and estimates (`ledger/`).
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from cachewise.model.events import UsageReport
from cachewise.model.usage import Tokens


def chat_tokens(usage: Mapping[str, Any]) -> Tokens:
    """Counts of a chat-completions record, whose `prompt_tokens` include what was read from and written to the cache.

    Servers that don't report reads leave `prompt_tokens_details` out or null (vLLM without its flag, Ollama).
    """
    details = _mapping(usage.get("prompt_tokens_details"))
    return Tokens(
        input=_count(usage.get("prompt_tokens")),
        cache_read=_count(details.get("cached_tokens")),
        cache_write=_count(details.get("cache_write_tokens")),
        output=_count(usage.get("completion_tokens")),
    )


def openrouter_report(usage: Mapping[str, Any], *, upstream: str | None) -> UsageReport:
    """An OpenRouter record with its bill."""
    upstream_cost = _mapping(usage.get("cost_details")).get("upstream_inference_cost")
    billed = _bill(usage.get("cost"), upstream_cost, byok=usage.get("is_byok") is True)
    return UsageReport(tokens=chat_tokens(usage), billed=billed, upstream=upstream)


def generation_report(record: Mapping[str, Any]) -> UsageReport:
    """The record that OpenRouter keeps of a generation, asked for after a stream was cancelled.

    It does not say what was written to the cache.
    """
    upstream_cost = record.get("upstream_inference_cost")
    byok = record.get("is_byok") is True
    name = record.get("provider_name")
    return UsageReport(
        tokens=Tokens(
            input=_count(record.get("native_tokens_prompt")),
            cache_read=_count(record.get("native_tokens_cached")),
            output=_count(record.get("native_tokens_completion")),
        ),
        billed=_bill(record.get("total_cost"), upstream_cost, byok=byok),
        upstream=name if isinstance(name, str) else None,
    )


def anthropic_tokens(usage: Mapping[str, Any], *, hour_marks: bool) -> Tokens:
    """Counts of an Anthropic record, whose `input_tokens` are only those behind the last mark.

    Args:
        usage: With `ephemeral_1h_input_tokens` next to the other counts where it is known.
        hour_marks: Whether the request carried a mark with a one-hour TTL. Without one, nothing can be written so.
    """
    plain = _count(usage.get("input_tokens"))
    read = _count(usage.get("cache_read_input_tokens"))
    write = _count(usage.get("cache_creation_input_tokens"))
    hour = _count(usage.get("ephemeral_1h_input_tokens"))
    if hour is None and write is not None and (write == 0 or not hour_marks):
        hour = 0
    return Tokens(
        input=None if plain is None else plain + (read or 0) + (write or 0),
        cache_read=read,
        cache_write=write,
        cache_write_1h=hour,
        output=_count(usage.get("output_tokens")),
    )


def infill_tokens(event: Mapping[str, Any]) -> Tokens:
    """Counts of an event of llama.cpp's own wire: tokens that its cache had, that were evaluated, and made so far.

    Without `cache_n`, as older servers have it, what was not evaluated of the whole prompt was in the cache.
    """
    timings = _mapping(event.get("timings"))
    whole, evaluated = _count(event.get("tokens_evaluated")), _count(timings.get("prompt_n"))
    read = _count(timings.get("cache_n"))
    if read is None and whole is not None and evaluated is not None:
        read = max(0, whole - evaluated)
    if whole is None and read is not None and evaluated is not None:
        whole = read + evaluated
    return Tokens(input=whole, cache_read=read, output=_count(timings.get("predicted_n")))


def dollars(value: object) -> Decimal | None:
    """A JSON number or numeric string as dollars, without the noise of binary fractions; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and amount >= 0 else None


def _bill(cost: object, upstream_cost: object, *, byok: bool) -> Decimal | None:
    """With a key of one's own at the upstream, `cost` is only the router's fee, and the upstream bills the rest."""
    fee = dollars(cost)
    if not byok:
        return fee
    rest = dollars(upstream_cost)
    return None if fee is None or rest is None else fee + rest


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None

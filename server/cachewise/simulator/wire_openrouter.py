"""OpenRouter's chat completions: `POST /api/v1/chat/completions`, and what its other endpoints say.

Marks are read in both spellings, `cache_control` and `prompt_cache_breakpoint`, and count where the model's upstream
has them; elsewhere they are dropped without a word, as OpenRouter does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cachewise.simulator.chat import blocks_of, choice_chunk, envelope, usage_of
from cachewise.simulator.prompt import BadRequest, Prompt, WireName
from cachewise.simulator.records import Record
from cachewise.simulator.rules import rule_for
from cachewise.simulator.script import Fault
from cachewise.simulator.wire import (
    Reply,
    control_ttl,
    event,
    object_field,
    optional_text,
    text_field,
    texts,
    whole_number,
)
from cachewise.simulator.wire_openai import bearer, implicit_mark

_COMMENT = b": OPENROUTER PROCESSING\n\n"
_ERROR_TYPES = {
    400: "invalid_request",
    401: "unauthorized",
    402: "payment_required",
    404: "not_found",
    429: "rate_limit_exceeded",
    500: "server",
    502: "provider_unavailable",
    503: "provider_overloaded",
    504: "timeout",
}


class OpenRouterWire:
    """Reads and writes OpenRouter's format."""

    name: WireName = "openrouter"

    def key_of(self, headers: Mapping[str, str]) -> str | None:
        return bearer(headers)

    def parse(self, body: Mapping[str, Any], headers: Mapping[str, str]) -> Prompt:
        model = text_field(body, "model")
        if "/" not in model:
            raise BadRequest(f"{model} is not a valid model ID")
        provider = object_field(body, "provider")
        blocks = blocks_of(body, read_control=True)
        if (ttl := control_ttl(body)) and model.startswith("anthropic/") and blocks[-1].mark is None:
            blocks = (*blocks[:-1], replace(blocks[-1], mark=ttl))
        if rule_for("openrouter", model).style != "marks":
            blocks = tuple(replace(block, mark=None) for block in blocks)
        elif rule_for("openrouter", model).ttl == "30m":
            blocks = tuple(replace(block, mark=block.mark and "30m") for block in blocks)
        else:
            blocks = tuple(replace(block, mark="5m" if block.mark == "30m" else block.mark) for block in blocks)
        maximum = whole_number(body, "max_completion_tokens")
        return Prompt(
            wire="openrouter",
            model=model,
            blocks=blocks,
            stream=body.get("stream") is True,
            max_tokens=whole_number(body, "max_tokens") if maximum is None else maximum,
            stop=texts(body.get("stop"), "stop"),
            session_id=optional_text(body, "session_id") or headers.get("x-session-id"),
            cache_key=optional_text(body, "prompt_cache_key"),
            marks_last_message=implicit_mark(model, object_field(body, "prompt_cache_options")),
            provider_order=texts(provider.get("order"), "provider.order"),
            provider_only=texts(provider.get("only"), "provider.only"),
            provider_ignore=texts(provider.get("ignore"), "provider.ignore"),
            allow_fallbacks=provider.get("allow_fallbacks") is not False,
        )

    def headers(self, reply: Reply) -> dict[str, str]:
        return {"x-generation-id": reply.id}

    def waiting(self, reply: Reply) -> bytes:
        return _COMMENT

    def opening(self, reply: Reply) -> bytes:
        return b""

    def delta(self, reply: Reply, piece: str) -> bytes:
        return event(_chunk(reply, piece, None))

    def closing(self, reply: Reply) -> bytes:
        end = event(_chunk(reply, "", reply.finish))
        if reply.usage != "none":
            last = _chunk(reply, "", None)
            if reply.usage == "noChoices":
                last["choices"] = []
            end += event({**last, "usage": _usage(reply)})
        return end + b"data: [DONE]\n\n"

    def whole(self, reply: Reply) -> dict[str, Any]:
        choice = {
            "index": 0,
            "message": {"role": "assistant", "content": reply.text, "refusal": None},
            "finish_reason": reply.finish,
            "native_finish_reason": reply.finish,
            "logprobs": None,
        }
        answer = {**envelope(reply, "chat.completion"), "provider": reply.upstream, "choices": [choice]}
        return answer if reply.usage == "none" else {**answer, "usage": _usage(reply)}

    def error(self, status: int, message: str) -> dict[str, Any]:
        kind = _ERROR_TYPES.get(status, "unknown")
        return {"error": {"code": status, "message": message, "metadata": {"error_type": kind}}}

    def error_event(self, reply: Reply, fault: Fault) -> bytes:
        body = self.error(fault.status, "The simulated upstream disconnected.")
        if fault.code is not None:
            body["error"]["code"] = fault.code
        return event({**_chunk(reply, "", "error"), **body})


def generation(record: Record) -> dict[str, Any]:
    """What `GET /api/v1/generation` tells of a request that has ended."""
    charge = record.charge
    cost = None if record.cost is None else float(record.cost)
    known = record.cost is not None and record.uncached_cost is not None
    seconds = (record.ended_at or record.received_at) - record.received_at
    return {
        "data": {
            "id": record.generation_id,
            "model": record.model,
            "provider_name": record.upstream,
            "session_id": record.session_id,
            "streamed": record.stream,
            "cancelled": record.outcome == "gone",
            "finish_reason": record.finish,
            "total_cost": cost,
            "usage": cost,
            "cache_discount": float((record.uncached_cost or 0) - (record.cost or 0)) if known else None,
            "is_byok": False,
            "upstream_inference_cost": None,
            "tokens_prompt": charge.total if charge else 0,
            "tokens_completion": record.output_tokens,
            "native_tokens_prompt": charge.total if charge else 0,
            "native_tokens_completion": record.output_tokens,
            "native_tokens_cached": charge.read if charge else 0,
            "native_tokens_reasoning": 0,
            "generation_time": round(seconds * 1000),
            "latency": round(((record.first_token_at or record.received_at) - record.received_at) * 1000),
        }
    }


def _chunk(reply: Reply, content: str, finish: str | None) -> dict[str, Any]:
    delta = {"role": "assistant", "content": content}
    return {**choice_chunk(reply, delta, finish, native_finish_reason=finish), "provider": reply.upstream}


def _usage(reply: Reply) -> dict[str, Any]:
    usage = usage_of(reply)
    if reply.price is None or reply.usage in ("noCost", "noDetails"):
        return usage
    free = reply.usage == "free"
    return {
        **usage,
        "cost": 0 if free else float(reply.price.total),
        "is_byok": False,
        "cost_details": {
            "upstream_inference_cost": None,
            "upstream_inference_prompt_cost": 0 if free else float(reply.price.input),
            "upstream_inference_completions_cost": 0 if free else float(reply.price.output),
        },
    }

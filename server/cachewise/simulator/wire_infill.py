"""llama.cpp's fill-in-the-middle: `POST /infill`, and the part of `GET /props` that tells of its context.

Simplified: what is more than the context holds is not cut off, and the answer's tokens are not read again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cachewise.simulator.prompt import BadRequest, Prompt, PromptBlock, WireName
from cachewise.simulator.script import Fault
from cachewise.simulator.wire import Reply, event, list_field, optional_text, texts, whole_number
from cachewise.simulator.wire_openai import bearer

MISSING = '"input_prefix" is required'
"""What an empty body is answered with."""
_STOP_TYPES = {"stop": "eos", "length": "limit"}


class InfillWire:
    """Reads and writes llama.cpp's format. Only streams, as completions are asked for."""

    name: WireName = "infill"

    def key_of(self, headers: Mapping[str, str]) -> str | None:
        return bearer(headers)

    def parse(self, body: Mapping[str, Any], headers: Mapping[str, str]) -> Prompt:
        around = [body.get(name) for name in ("input_prefix", "input_suffix")]
        before, after = (text if isinstance(text, str) else None for text in around)
        if before is None or after is None:
            raise BadRequest(MISSING)
        shown = [_extra(extra) for extra in list_field(body, "input_extra")]
        return Prompt(
            wire="infill",
            model=optional_text(body, "model") or "local",
            blocks=tuple(PromptBlock(role="user", text=text, opens_message=False) for text in (*shown, before + after)),
            stream=body.get("stream") is True,
            max_tokens=whole_number(body, "n_predict"),
            stop=texts(body.get("stop"), "stop"),
            middle=(before, after),
        )

    def headers(self, reply: Reply) -> dict[str, str]:
        return {}

    def waiting(self, reply: Reply) -> bytes:
        return b""

    def opening(self, reply: Reply) -> bytes:
        return b""

    def delta(self, reply: Reply, piece: str) -> bytes:
        return event({"index": 0, "content": piece, "stop": False, **_figures(reply)})

    def closing(self, reply: Reply) -> bytes:
        return event(self.whole(reply) | {"content": ""})

    def whole(self, reply: Reply) -> dict[str, Any]:
        stop_type = "word" if reply.stop_sequence else _STOP_TYPES[reply.finish]
        return {"content": reply.text, "stop": True, "stop_type": stop_type, **_figures(reply)}

    def error(self, status: int, message: str) -> dict[str, Any]:
        kind = "invalid_request_error" if status == 400 else "server_error"
        return {"error": {"code": status, "message": message, "type": kind}}

    def error_event(self, reply: Reply, fault: Fault) -> bytes:
        return event(self.error(fault.status, "The simulated server had an error while answering."))


def props(context: int) -> dict[str, Any]:
    """What `GET /props` tells of a server with so many tokens of context."""
    return {"default_generation_settings": {"n_ctx": context}, "total_slots": 1}


def _extra(extra: object) -> str:
    if not isinstance(extra, dict) or not all(isinstance(extra.get(name), str) for name in ("filename", "text")):
        raise BadRequest("input_extra: must be a list of objects with a filename and a text")
    return f"{extra['filename']}\n{extra['text']}"


def _figures(reply: Reply) -> dict[str, Any]:
    """What was read from the cache and evaluated; the answer's tokens are told with the last event's figure."""
    if reply.usage == "none":
        return {}
    charge = reply.charge
    whole = {"tokens_evaluated": charge.total}
    if reply.usage == "noDetails":
        return whole
    timings = {"cache_n": charge.read, "prompt_n": charge.total - charge.read, "predicted_n": len(reply.pieces)}
    return {**whole, "timings": timings}

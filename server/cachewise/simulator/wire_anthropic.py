"""Anthropic's messages: `POST /v1/messages` below its own base URL.

Its `input_tokens` leave out what was read from and written to the cache. In a stream the input side comes with the
first event, so it is known of a cancelled stream too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cachewise.simulator.chat import part_text
from cachewise.simulator.prompt import BadRequest, Prompt, PromptBlock, WireName
from cachewise.simulator.script import Fault
from cachewise.simulator.wire import Reply, control_ttl, event, list_field, text_field, texts, whole_number

_ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
    529: "overloaded_error",
}


class AnthropicWire:
    """Reads and writes Anthropic's format."""

    name: WireName = "anthropic"

    def key_of(self, headers: Mapping[str, str]) -> str | None:
        return headers.get("x-api-key")

    def parse(self, body: Mapping[str, Any], headers: Mapping[str, str]) -> Prompt:
        model = text_field(body, "model")
        maximum = whole_number(body, "max_tokens")
        stream = body.get("stream") is True
        if maximum is None:
            raise BadRequest("max_tokens: Field required")
        if maximum == 0 and stream:
            raise BadRequest("max_tokens: 0 is not allowed with stream: true")
        if "anthropic-version" not in headers:
            raise BadRequest("anthropic-version: header is required")
        return Prompt(
            wire="anthropic",
            model=model,
            blocks=_blocks(body),
            stream=stream,
            max_tokens=maximum,
            stop=texts(body.get("stop_sequences"), "stop_sequences"),
        )

    def headers(self, reply: Reply) -> dict[str, str]:
        return {"request-id": reply.id.replace("msg_", "req_")}

    def waiting(self, reply: Reply) -> bytes:
        return b""

    def opening(self, reply: Reply) -> bytes:
        message = {**self._message(reply), "content": [], "stop_reason": None, "stop_sequence": None}
        if reply.usage != "none":
            message["usage"] = {**_usage(reply), "output_tokens": 1}
        else:
            message["usage"] = {"input_tokens": 0, "output_tokens": 0}
        block = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
        return (
            event({"type": "message_start", "message": message}, "message_start")
            + event(block, "content_block_start")
            + event({"type": "ping"}, "ping")
        )

    def delta(self, reply: Reply, piece: str) -> bytes:
        delta = {"type": "text_delta", "text": piece}
        return event({"type": "content_block_delta", "index": 0, "delta": delta}, "content_block_delta")

    def closing(self, reply: Reply) -> bytes:
        usage = _usage(reply) if reply.usage != "none" else {"output_tokens": 0}
        end = {"stop_reason": _stop_reason(reply), "stop_sequence": reply.stop_sequence}
        return (
            event({"type": "content_block_stop", "index": 0}, "content_block_stop")
            + event({"type": "message_delta", "delta": end, "usage": usage}, "message_delta")
            + event({"type": "message_stop"}, "message_stop")
        )

    def whole(self, reply: Reply) -> dict[str, Any]:
        return {
            **self._message(reply),
            "content": [{"type": "text", "text": reply.text}] if reply.pieces else [],
            "stop_reason": _stop_reason(reply),
            "stop_sequence": reply.stop_sequence,
            "usage": _usage(reply) if reply.usage != "none" else {"input_tokens": 0, "output_tokens": 0},
        }

    def error(self, status: int, message: str) -> dict[str, Any]:
        kind = _ERROR_TYPES.get(status, "api_error")
        return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_simulated"}

    def error_event(self, reply: Reply, fault: Fault) -> bytes:
        body = self.error(fault.status, "The simulated service is overloaded.")
        if fault.code is not None:
            body["error"]["type"] = fault.code
        return event(body, "error")

    def _message(self, reply: Reply) -> dict[str, Any]:
        return {"id": reply.id, "type": "message", "role": "assistant", "model": reply.prompt.model}


def _blocks(body: Mapping[str, Any]) -> tuple[PromptBlock, ...]:
    """Tools, then system, then messages: the order in which Anthropic reads a prefix."""
    blocks: list[PromptBlock] = []
    for tool in list_field(body, "tools"):
        if not isinstance(tool, dict):
            raise BadRequest("tools: must be a list of objects")
        plain = {k: v for k, v in tool.items() if k != "cache_control"}
        text = json.dumps(plain, sort_keys=True)
        blocks.append(PromptBlock(role="tools", text=text, opens_message=True, mark=control_ttl(tool)))
    system = body.get("system")
    _add(blocks, "system", system if system is not None else [])
    messages = list_field(body, "messages")
    if not messages:
        raise BadRequest("messages: at least one message is required")
    for index, message in enumerate(messages):
        if not isinstance(message, dict) or message.get("role") not in ("user", "assistant", "system"):
            raise BadRequest(f"messages.{index}.role: must be 'user' or 'assistant'")
        _add(blocks, message["role"], message.get("content"))
    automatic = control_ttl(body)
    if automatic and blocks:
        last = next((i for i in range(len(blocks) - 1, -1, -1) if blocks[i].text), len(blocks) - 1)
        if blocks[last].mark not in (None, automatic):
            raise BadRequest("cache_control: the last block carries another ttl")
        blocks[last] = replace(blocks[last], mark=automatic)
    return tuple(blocks)


def _add(blocks: list[PromptBlock], role: str, content: object) -> None:
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
    if not isinstance(parts, list):
        raise BadRequest(f"{role} content: must be a string or a list of blocks")
    for position, part in enumerate(parts):
        if not isinstance(part, dict):
            raise BadRequest(f"{role} content.{position}: must be an object")
        mark = control_ttl(part)
        if mark and not part.get("text", "-"):
            raise BadRequest("cache_control cannot be set for empty text blocks")
        blocks.append(PromptBlock(role=role, text=part_text(part), opens_message=position == 0, mark=mark))


def _usage(reply: Reply) -> dict[str, Any]:
    charge = reply.charge
    usage: dict[str, Any] = {"input_tokens": charge.plain, "output_tokens": len(reply.pieces)}
    if reply.usage == "noDetails":
        return {**usage, "input_tokens": charge.total}
    return {
        **usage,
        "cache_read_input_tokens": charge.read,
        "cache_creation_input_tokens": charge.written,
        "cache_creation": {
            "ephemeral_5m_input_tokens": charge.write,
            "ephemeral_1h_input_tokens": charge.write_1h,
        },
        "service_tier": "standard",
    }


def _stop_reason(reply: Reply) -> str:
    if reply.stop_sequence is not None:
        return "stop_sequence"
    return "max_tokens" if reply.finish == "length" else "end_turn"

"""Chat completions: the part of the format that OpenAI and OpenRouter share.

Not here: what only one of them has (`wire_openai.py`, `wire_openrouter.py`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from cachewise.simulator.prompt import BadRequest, MarkTtl, PromptBlock
from cachewise.simulator.wire import Reply, control_ttl, list_field, object_field

_MARK_FIELDS = ("cache_control", "prompt_cache_breakpoint")


def blocks_of(body: Mapping[str, Any], *, read_control: bool) -> tuple[PromptBlock, ...]:
    """The content blocks of all messages, tools first; `read_control` says whether `cache_control` counts as a mark.

    Raises:
        BadRequest: The messages are none.
    """
    messages = list_field(body, "messages")
    if not messages:
        raise BadRequest("messages: at least one message is required")
    blocks = [_tool_block(tool, read_control) for tool in list_field(body, "tools")]
    for index, message in enumerate(messages):
        if not isinstance(message, dict) or not isinstance(message.get("role"), str):
            raise BadRequest(f"messages.{index}.role: a string is required")
        content = message.get("content")
        parts = [{"type": "text", "text": content}] if isinstance(content, str) else content or []
        if not isinstance(parts, list):
            raise BadRequest(f"messages.{index}.content: must be a string or a list of parts")
        for position, part in enumerate(parts):
            if not isinstance(part, dict):
                raise BadRequest(f"messages.{index}.content.{position}: must be an object")
            blocks.append(
                PromptBlock(
                    role=message["role"],
                    text=part_text(part),
                    opens_message=position == 0,
                    mark=_mark(part, read_control),
                )
            )
    if all(block.role == "tools" for block in blocks):
        raise BadRequest("messages: at least one message needs content")
    return tuple(blocks)


def part_text(part: Mapping[str, Any]) -> str:
    """The text of a content part; other parts count as their JSON without the mark."""
    text = part.get("text")
    if part.get("type", "text") == "text":
        if not isinstance(text, str):
            raise BadRequest("content.text: a string is required")
        return text
    return json.dumps({k: v for k, v in part.items() if k not in _MARK_FIELDS}, sort_keys=True)


def choice_chunk(reply: Reply, delta: Mapping[str, Any], finish: str | None, **more: object) -> dict[str, Any]:
    """One chunk of a stream."""
    choice = {"index": 0, "delta": dict(delta), "finish_reason": finish, "logprobs": None, **more}
    return {**envelope(reply, "chat.completion.chunk"), "choices": [choice]}


def envelope(reply: Reply, kind: str) -> dict[str, Any]:
    """What every chunk and every whole answer start with."""
    return {"id": reply.id, "object": kind, "created": reply.created, "model": reply.prompt.model}


def usage_of(reply: Reply) -> dict[str, Any]:
    """The usage that both report: all input tokens, cached ones included, and how many those are."""
    charge, output = reply.charge, len(reply.pieces)
    usage: dict[str, Any] = {
        "prompt_tokens": charge.total,
        "completion_tokens": output,
        "total_tokens": charge.total + output,
    }
    if reply.usage != "noDetails":
        details = {"cached_tokens": charge.read, "audio_tokens": 0}
        if charge.reports_writes:
            details["cache_write_tokens"] = charge.written
        usage["prompt_tokens_details"] = details
        usage["completion_tokens_details"] = {"reasoning_tokens": 0, "audio_tokens": 0}
    return usage


def _tool_block(tool: object, read_control: bool) -> PromptBlock:
    if not isinstance(tool, dict):
        raise BadRequest("tools: must be a list of objects")
    text = json.dumps({k: v for k, v in tool.items() if k not in _MARK_FIELDS}, sort_keys=True)
    return PromptBlock(role="tools", text=text, opens_message=True, mark=_mark(tool, read_control))


def _mark(part: Mapping[str, Any], read_control: bool) -> MarkTtl | None:
    breakpoint_ = object_field(part, "prompt_cache_breakpoint")
    if breakpoint_:
        if breakpoint_.get("mode") != "explicit":
            raise BadRequest("prompt_cache_breakpoint.mode: must be 'explicit'")
        if breakpoint_.get("ttl", "30m") != "30m":
            raise BadRequest("prompt_cache_breakpoint.ttl: chat completions take '30m' only")
        return "30m"
    return control_ttl(part) if read_control else None

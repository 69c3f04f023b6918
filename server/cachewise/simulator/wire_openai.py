"""OpenAI's chat completions: `POST /v1/chat/completions`.

Models before GPT-5.6 refuse the fields of explicit prompt caching, as OpenAI does when called directly.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cachewise.simulator.chat import blocks_of, choice_chunk, envelope, usage_of
from cachewise.simulator.prompt import BadRequest, Prompt, WireName
from cachewise.simulator.rules import has_breakpoints
from cachewise.simulator.script import Fault
from cachewise.simulator.wire import (
    Reply,
    event,
    object_field,
    optional_text,
    text_field,
    texts,
    whole_number,
)

_ERROR_TYPES = {
    400: "invalid_request_error",
    401: "invalid_request_error",
    402: "insufficient_quota",
    404: "invalid_request_error",
    429: "rate_limit_exceeded",
}


class OpenAIWire:
    """Reads and writes OpenAI's format."""

    name: WireName = "openai"

    def key_of(self, headers: Mapping[str, str]) -> str | None:
        return bearer(headers)

    def parse(self, body: Mapping[str, Any], headers: Mapping[str, str]) -> Prompt:
        model = text_field(body, "model")
        options = object_field(body, "prompt_cache_options")
        blocks = blocks_of(body, read_control=False)
        if not has_breakpoints(model):
            if "prompt_cache_options" in body:
                raise BadRequest("Unknown parameter: 'prompt_cache_options'.")
            if any(block.mark for block in blocks):
                raise BadRequest("Unknown parameter: 'prompt_cache_breakpoint'.")
        maximum = whole_number(body, "max_completion_tokens")
        return Prompt(
            wire="openai",
            model=model,
            blocks=blocks,
            stream=body.get("stream") is True,
            max_tokens=whole_number(body, "max_tokens") if maximum is None else maximum,
            stop=texts(body.get("stop"), "stop"),
            cache_key=optional_text(body, "prompt_cache_key"),
            marks_last_message=implicit_mark(model, options),
            include_usage=object_field(body, "stream_options").get("include_usage") is True,
        )

    def headers(self, reply: Reply) -> dict[str, str]:
        return {"x-request-id": reply.id}

    def waiting(self, reply: Reply) -> bytes:
        return b""

    def opening(self, reply: Reply) -> bytes:
        return event(choice_chunk(reply, {"role": "assistant", "content": ""}, None))

    def delta(self, reply: Reply, piece: str) -> bytes:
        return event(choice_chunk(reply, {"content": piece}, None))

    def closing(self, reply: Reply) -> bytes:
        end = event(choice_chunk(reply, {}, reply.finish))
        if reply.prompt.include_usage and reply.usage != "none":
            end += event({**envelope(reply, "chat.completion.chunk"), "choices": [], "usage": usage_of(reply)})
        return end + b"data: [DONE]\n\n"

    def whole(self, reply: Reply) -> dict[str, Any]:
        message = {"role": "assistant", "content": reply.text, "refusal": None}
        choice = {"index": 0, "message": message, "finish_reason": reply.finish, "logprobs": None}
        usage = {} if reply.usage == "none" else {"usage": usage_of(reply)}
        return {**envelope(reply, "chat.completion"), "choices": [choice], **usage}

    def error(self, status: int, message: str) -> dict[str, Any]:
        kind = _ERROR_TYPES.get(status, "server_error")
        code = "invalid_api_key" if status == 401 else kind if status in (402, 429) else None
        return {"error": {"message": message, "type": kind, "param": None, "code": code}}

    def error_event(self, reply: Reply, fault: Fault) -> bytes:
        body = self.error(fault.status, "The simulated server had an error while answering.")
        body["error"]["code"] = fault.code
        return event(body)


def bearer(headers: Mapping[str, str]) -> str | None:
    """The key of an `Authorization: Bearer` header."""
    scheme, _, key = headers.get("authorization", "").partition(" ")
    return key if scheme.lower() == "bearer" and key else None


def implicit_mark(model: str, options: Mapping[str, Any]) -> bool:
    """Whether `prompt_cache_options` leave OpenAI's own mark on the latest message, as is the default from GPT-5.6."""
    mode = options.get("mode", "implicit")
    if mode not in ("implicit", "explicit"):
        raise BadRequest("prompt_cache_options.mode: must be 'implicit' or 'explicit'")
    return has_breakpoints(model) and mode == "implicit"

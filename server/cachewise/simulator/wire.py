"""What the four wires have in common: the reply they render, and the reading of fields that may be wrong.

Not here: what goes over each wire (`wire_openrouter.py`, `wire_openai.py`, `wire_anthropic.py`,
`wire_infill.py`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from cachewise.simulator.account import Charge
from cachewise.simulator.prices import Price
from cachewise.simulator.prompt import BadRequest, MarkTtl, Prompt, WireName
from cachewise.simulator.script import Fault, UsageMode

Finish = Literal["stop", "length"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """Everything that a wire needs to answer one prompt."""

    id: str
    created: int
    """Seconds since 1970."""
    prompt: Prompt
    upstream: str
    charge: Charge
    pieces: tuple[str, ...]
    """The answer, one token each."""
    finish: Finish
    stop_sequence: str | None
    """The one that ended the answer, if one did."""
    price: Price | None
    usage: UsageMode

    @property
    def text(self) -> str:
        """The whole answer."""
        return "".join(self.pieces)


class Wire(Protocol):
    """How one provider's API reads a body and writes an answer."""

    name: WireName

    def key_of(self, headers: Mapping[str, str]) -> str | None:
        """The API key that the request carries."""

    def parse(self, body: Mapping[str, Any], headers: Mapping[str, str]) -> Prompt:
        """Read a prompt.

        Raises:
            BadRequest: The provider would refuse this body.
        """

    def headers(self, reply: Reply) -> dict[str, str]:
        """Response headers, sent before the first token."""

    def waiting(self, reply: Reply) -> bytes:
        """What is streamed while the model has not begun."""

    def opening(self, reply: Reply) -> bytes:
        """What is streamed right before the first token."""

    def delta(self, reply: Reply, piece: str) -> bytes:
        """One token."""

    def closing(self, reply: Reply) -> bytes:
        """What follows the last token, usage included."""

    def whole(self, reply: Reply) -> dict[str, Any]:
        """The answer to a request that did not ask for a stream."""

    def error(self, status: int, message: str) -> dict[str, Any]:
        """The body of an HTTP error."""

    def error_event(self, reply: Reply, fault: Fault) -> bytes:
        """An error in the middle of a stream."""


def event(value: object, name: str | None = None) -> bytes:
    """One server-sent event with a JSON value."""
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(value, separators=(',', ':'))}\n\n".encode()


def text_field(body: Mapping[str, Any], name: str) -> str:
    """A string that has to be there."""
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise BadRequest(f"{name}: a string is required")
    return value


def optional_text(body: Mapping[str, Any], name: str) -> str | None:
    """A string that may be missing."""
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise BadRequest(f"{name}: must be a string")
    return value


def object_field(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """An object that may be missing."""
    value = body.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise BadRequest(f"{name}: must be an object")
    return value


def list_field(body: Mapping[str, Any], name: str) -> list[Any]:
    """A list that may be missing."""
    value = body.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise BadRequest(f"{name}: must be a list")
    return value


def whole_number(body: Mapping[str, Any], name: str) -> int | None:
    """A whole number from 0 that may be missing."""
    value = body.get(name)
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 0):
        raise BadRequest(f"{name}: must be a whole number, not negative")
    return value


def texts(value: object, name: str) -> tuple[str, ...]:
    """A string or a list of strings, or nothing."""
    values = [] if value is None else [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not all(isinstance(item, str) for item in values):
        raise BadRequest(f"{name}: must be a string or a list of strings")
    return tuple(values)


def control_ttl(part: Mapping[str, Any]) -> MarkTtl | None:
    """The TTL of the `cache_control` mark on a part, or None where it carries none."""
    control = part.get("cache_control")
    if control is None:
        return None
    if not isinstance(control, dict) or control.get("type") != "ephemeral":
        raise BadRequest("cache_control.type: must be 'ephemeral'")
    match control.get("ttl", "5m"):
        case "5m":
            return "5m"
        case "1h":
            return "1h"
    raise BadRequest("cache_control.ttl: must be '5m' or '1h'")

"""JSON-RPC messages as values: the bytes of a body become a `Request`, `Notice`, `Reply` or `Refused`, and back.

The body is parsed first and classified afterwards, so that a request with a usable id always gets an answer under that
id. Not here: framing (`wire.py`), what a method's parameters must look like (`protocol.py`).
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from cachewise.lsp.errors import INVALID_REQUEST, PARSE_ERROR

MsgId = int | str

ABSENT: Final = object()
"""Stands for `params` that the message does not have; null is something else."""


@dataclass(frozen=True, slots=True)
class Request:
    """A message that must be answered exactly once."""

    id: MsgId
    method: str
    params: Any


@dataclass(frozen=True, slots=True)
class Notice:
    """A notification: never answered."""

    method: str
    params: Any


@dataclass(frozen=True, slots=True)
class Reply:
    """The client's answer to a request of the server. `error` is None where it succeeded."""

    id: MsgId | None
    result: Any
    error: Any


@dataclass(frozen=True, slots=True)
class Refused:
    """Something that is no message. It is answered with this error, under `id` where one could be read."""

    code: int
    sentence: str
    id: MsgId | None = None


Incoming = Request | Notice | Reply | Refused


def read_message(body: bytes) -> Incoming:
    """Parses and classifies one body. Never raises for any content."""
    try:
        message = json.loads(body, parse_constant=_no_number, parse_float=_finite)
    except RecursionError:
        return Refused(PARSE_ERROR, "The JSON is nested too deeply.")
    except (ValueError, MemoryError):
        return Refused(PARSE_ERROR, "The message is not valid JSON.")
    if not isinstance(message, dict):
        what = "Batches are not part of the Language Server Protocol" if isinstance(message, list) else "Not an object"
        return Refused(INVALID_REQUEST, f"{what}; send one JSON-RPC object per message.")
    return _classify(message)


def write_message(message: dict[str, Any], convert: Callable[[Any], Any] | None = None) -> bytes:
    """The body of a message.

    Args:
        message: A JSON object; values that are not plain JSON go through `convert`.
        convert: Turns such a value into plain JSON, or raises `TypeError`.

    Raises:
        TypeError, ValueError: The message holds something that JSON can't express, such as NaN.
    """
    try:
        text = json.dumps(message, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=convert)
        return text.encode()
    except UnicodeEncodeError:
        # Half of a surrogate pair, as an editor may cut it out of a document: expressible only as an escape.
        return json.dumps(message, allow_nan=False, separators=(",", ":"), default=convert).encode()


def _classify(message: dict[str, Any]) -> Incoming:
    method = message.get("method", ABSENT)
    msg_id = message.get("id", ABSENT)
    usable = msg_id if _is_id(msg_id) else None
    if method is ABSENT:
        if msg_id is not ABSENT and ("result" in message or "error" in message):
            return Reply(usable, message.get("result"), message.get("error"))
        return Refused(INVALID_REQUEST, "The message has neither a method nor a result.", usable)
    if not isinstance(method, str):
        return Refused(INVALID_REQUEST, "The method is not a string.", usable)
    if message.get("jsonrpc") != "2.0":
        return Refused(INVALID_REQUEST, 'The message lacks "jsonrpc": "2.0".', usable)
    params = message.get("params", ABSENT)
    if msg_id is ABSENT:
        return Notice(method, params)
    if usable is None:
        return Refused(INVALID_REQUEST, "The id is neither a whole number nor a string.")
    return Request(usable, method, params)


def _is_id(value: object) -> bool:
    return isinstance(value, (int, str)) and not isinstance(value, bool)


def _no_number(_name: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not JSON")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("a number beyond the range of a double")
    return value

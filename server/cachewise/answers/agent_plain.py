"""Turning Python values into plain JSON values for a key, the same in every process, or refusing to.

Nothing goes in by its `repr`, which may hold an address or a moment. Not here: which values belong into a key
(`agent_probe.py`).
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from types import GenericAlias, UnionType
from typing import Any, get_args, get_origin
from uuid import UUID

_DEPTH = 60


class Keyless(Exception):
    """A value that has no stable form."""


def plain(value: Any, depth: int = 0) -> object:
    """The value as JSON values.

    Raises:
        Keyless: if there is no saying what it would be in another process.
    """
    if depth > _DEPTH:
        raise Keyless("a value nested too deep")
    if value is None or (isinstance(value, str | bool | int | float | Decimal) and not isinstance(value, Enum)):
        return value
    if isinstance(value, Enum):
        return [_name(type(value)), value.name]
    if isinstance(value, bytes | bytearray | memoryview):
        return {"sha256": hashlib.sha256(value).hexdigest()}
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, UUID | PurePath):
        return str(value)
    if isinstance(value, Mapping):
        return {_text(k): plain(v, depth + 1) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item, depth + 1) for item in value]
    if isinstance(value, AbstractSet):
        return {"set": sorted(repr(plain(item, depth + 1)) for item in value)}
    if isinstance(value, GenericAlias | UnionType) or get_origin(value) is not None:
        return [str(get_origin(value)), [plain(argument, depth + 1) for argument in get_args(value)]]
    if isinstance(value, type):
        return _name(value)
    dump: Callable[..., Any] | None = getattr(value, "model_dump", None)
    if dump is not None and hasattr(type(value), "model_fields"):
        return [_name(type(value)), plain(dump(mode="json"), depth + 1)]
    if dataclasses.is_dataclass(value):
        fields = {f.name: plain(getattr(value, f.name, None), depth + 1) for f in dataclasses.fields(value)}
        return [_name(type(value)), fields]
    if callable(value) and hasattr(value, "__qualname__"):
        return _name(value)
    raise Keyless(f"a {type(value).__qualname__} has no stable form")


def _name(value: Any) -> str:
    if "<" in value.__qualname__ and not isinstance(value, type):  # <lambda>, <locals>
        raise Keyless(f"the function {value.__qualname__} has no stable name")
    return f"{value.__module__}.{value.__qualname__}"


def _text(name: object) -> str:
    if isinstance(name, str):
        return name
    if isinstance(name, int | bool | float) or name is None:
        return f"{type(name).__name__}:{name}"
    raise Keyless("a mapping with names that are no text")

"""As much of MessagePack as Neovim speaks: nil, booleans, whole and real numbers, strings, lists and maps.

What Neovim sends as an extension (its handles of buffers, windows and tab pages) is read as the number inside.
"""

from __future__ import annotations

import struct
from typing import Any


class Incomplete(Exception):
    """The bytes end before the value does."""


def pack(value: Any) -> bytes:
    """The shortest bytes are not sought: one form for each kind of value."""
    if value is None:
        return b"\xc0"
    if isinstance(value, bool):
        return b"\xc3" if value else b"\xc2"
    if isinstance(value, int):
        return b"\xd3" + struct.pack(">q", value)
    if isinstance(value, float):
        return b"\xcb" + struct.pack(">d", value)
    if isinstance(value, str):
        data = value.encode("utf-8", "surrogateescape")
        return b"\xdb" + struct.pack(">I", len(data)) + data
    if isinstance(value, list | tuple):
        return b"\xdd" + struct.pack(">I", len(value)) + b"".join(map(pack, value))
    if isinstance(value, dict):
        body = b"".join(pack(key) + pack(item) for key, item in value.items())
        return b"\xdf" + struct.pack(">I", len(value)) + body
    raise TypeError(f"no MessagePack for {type(value).__name__}")


def unpack(data: bytes, at: int = 0) -> tuple[Any, int]:
    """The value that begins at a place, and the place behind it.

    Raises:
        Incomplete: more bytes are needed.
    """
    try:
        return _value(data, at)
    except (IndexError, struct.error):
        raise Incomplete from None


_FIXED = {0xC0: None, 0xC2: False, 0xC3: True}
_NUMBERS = {
    0xCA: ">f", 0xCB: ">d", 0xCC: ">B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q", 0xD0: ">b", 0xD1: ">h", 0xD2: ">i",
    0xD3: ">q",
}  # fmt: skip
_SIZES = {
    0xC4: ("bytes", ">B"), 0xC5: ("bytes", ">H"), 0xC6: ("bytes", ">I"),
    0xD9: ("text", ">B"), 0xDA: ("text", ">H"), 0xDB: ("text", ">I"),
    0xDC: ("list", ">H"), 0xDD: ("list", ">I"), 0xDE: ("map", ">H"), 0xDF: ("map", ">I"),
    0xC7: ("extension", ">B"), 0xC8: ("extension", ">H"), 0xC9: ("extension", ">I"),
}  # fmt: skip
_FIXED_EXTENSIONS = {0xD4: 1, 0xD5: 2, 0xD6: 4, 0xD7: 8, 0xD8: 16}


def _value(data: bytes, at: int) -> tuple[Any, int]:
    first = data[at]
    at += 1
    if first <= 0x7F:
        return first, at
    if first >= 0xE0:
        return first - 256, at
    if first <= 0x8F:
        return _sized("map", first & 0x0F, data, at)
    if first <= 0x9F:
        return _sized("list", first & 0x0F, data, at)
    if first <= 0xBF:
        return _sized("text", first & 0x1F, data, at)
    if first in _FIXED:
        return _FIXED[first], at
    if first in _NUMBERS:
        form = _NUMBERS[first]
        return struct.unpack_from(form, data, at)[0], at + struct.calcsize(form)
    if first in _FIXED_EXTENSIONS:
        return _sized("extension", _FIXED_EXTENSIONS[first], data, at)
    kind, form = _SIZES[first]
    return _sized(kind, struct.unpack_from(form, data, at)[0], data, at + struct.calcsize(form))


def _sized(kind: str, size: int, data: bytes, at: int) -> tuple[Any, int]:
    if kind == "list":
        items = []
        for _ in range(size):
            item, at = _value(data, at)
            items.append(item)
        return items, at
    if kind == "map":
        pairs = {}
        for _ in range(size):
            key, at = _value(data, at)
            pairs[key], at = _value(data, at)
        return pairs, at
    if kind == "extension":
        at += 1  # which kind of handle it is
    end = at + size
    if end > len(data):
        raise Incomplete
    if kind == "extension":
        return _value(data, at)[0], end
    raw = data[at:end]
    return (raw.decode("utf-8", "surrogateescape") if kind == "text" else raw), end

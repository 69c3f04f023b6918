"""Values as they lie in Redis: a mark, then the bytes, compressed where that pays.

Not here: whether the bytes are an answer (`envelope.py`).
"""

from __future__ import annotations

import asyncio
import zlib

from cachewise.answers.store import MAX_VALUE_BYTES

COMPRESS_ABOVE = 1024
_OFF_LOOP_ABOVE = 64 * 1024
_PLAIN, _ZLIB = b"=", b"z"


async def pack(value: bytes) -> bytes:
    """The value as Redis keeps it."""
    if len(value) <= COMPRESS_ABOVE:
        return _PLAIN + value
    if len(value) > _OFF_LOOP_ABOVE:
        return _ZLIB + await asyncio.to_thread(zlib.compress, value, 6)
    return _ZLIB + zlib.compress(value, 6)


async def unpack(blob: object) -> bytes | None:
    """What `pack` was given, or None if `blob` is nothing that it made."""
    if type(blob) is not bytes or len(blob) > MAX_VALUE_BYTES + 1:
        return None
    if blob[:1] == _PLAIN:
        return blob[1:]
    if blob[:1] != _ZLIB:
        return None
    return await asyncio.to_thread(_inflate, blob[1:]) if len(blob) > _OFF_LOOP_ABOVE else _inflate(blob[1:])


def _inflate(data: bytes) -> bytes | None:
    """Decompress, but never to more than a value may have."""
    inflater = zlib.decompressobj()
    try:
        value = inflater.decompress(data, MAX_VALUE_BYTES + 1)
    except zlib.error:
        return None
    return value if inflater.eof and len(value) <= MAX_VALUE_BYTES else None

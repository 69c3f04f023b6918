r"""The sealed form of an entry: JSON bytes behind their own digest, with the key inside.

    "cw1\n" + BLAKE2b-256 of the rest + {"v":1,"key":...,"task":...,"storedAt":...,"ttl":...,"answer":{...}}

Whatever does not fit in every point is no entry: a wrong digest, another key, another version, an odd shape. The
digest finds damage and half-written values; that nothing can run code follows from JSON being the only format.
Not here: encryption, and protection from somebody who may write to the store anyway.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from cachewise.answers.store import MAX_VALUE_BYTES

VERSION = 1
_MAGIC = b"cw1\n"
_DIGEST_BYTES = 32
_HEAD = len(_MAGIC) + _DIGEST_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """An entry that was found whole."""

    key: str
    task: str
    stored_at: float
    """Seconds since the epoch."""
    ttl_seconds: float
    answer: Mapping[str, Any]

    def age(self, now: float) -> float:
        """Seconds since it was stored; 0 where the clock was set back since."""
        return max(0.0, now - self.stored_at)

    def expired(self, now: float) -> bool:
        """Whether it has outlived its TTL."""
        return self.age(now) >= self.ttl_seconds


def seal(envelope: Envelope) -> bytes:
    """The bytes that go into a store.

    Raises:
        ValueError: if the answer is not JSON or is longer than any store takes.
        TypeError: if the answer holds something JSON can't say.
    """
    body = json.dumps(
        {
            "v": VERSION,
            "key": envelope.key,
            "task": envelope.task,
            "storedAt": envelope.stored_at,
            "ttl": envelope.ttl_seconds,
            "answer": envelope.answer,
        },
        ensure_ascii=True,  # lone surrogates of an editor's text survive as escapes
        allow_nan=False,
        separators=(",", ":"),
    ).encode("ascii")
    if len(body) + _HEAD > MAX_VALUE_BYTES:
        raise ValueError(f"an entry of {len(body)} bytes is too long to be stored")
    return _MAGIC + _digest(body) + body


def unseal(blob: bytes | None, key: str | None) -> Envelope | None:
    """The entry in `blob`, or None if it is anything but a whole entry for `key` (any key, if `key` is None)."""
    if type(blob) is not bytes or not _HEAD < len(blob) <= MAX_VALUE_BYTES or not blob.startswith(_MAGIC):
        return None
    body = blob[_HEAD:]
    if _digest(body) != blob[len(_MAGIC) : _HEAD]:
        return None
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or found.get("v") != VERSION:
        return None
    own, task, answer = found.get("key"), found.get("task"), found.get("answer")
    stored_at, ttl = _number(found.get("storedAt")), _number(found.get("ttl"))
    if not isinstance(own, str) or (key is not None and own != key):
        return None
    if not isinstance(task, str) or not isinstance(answer, dict) or stored_at is None or ttl is None:
        return None
    return Envelope(key=own, task=task, stored_at=stored_at, ttl_seconds=ttl, answer=answer)


def _digest(body: bytes) -> bytes:
    return blake2b(body, digest_size=_DIGEST_BYTES).digest()


def _number(value: object) -> float | None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None

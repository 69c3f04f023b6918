"""What every tier of the answer cache is to the rest of the room, and how a tier says that it is unwell.

A tier keeps bytes under a key. It never raises for anything that happens outside this process: whatever goes wrong
is a miss, and one sentence for people. Not here: what the bytes mean (`envelope.py`) and which tier is asked first
(`tiers.py`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

Tier = Literal["memory", "disk", "redis"]
Side = Literal["open", "read", "write"]
"""Which kind of work a problem stands in the way of; a problem ends when that kind of work succeeds again."""

MAX_VALUE_BYTES = 4 * 1024 * 1024
"""Longer values are neither stored nor believed; no answer comes near this."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreInfo:
    """How full one tier is. None where it could not be asked in time."""

    tier: Tier
    entries: int | None
    bytes: int | None


class Store(Protocol):
    """One tier of the cache."""

    @property
    def tier(self) -> Tier: ...

    @property
    def problem(self) -> str | None:
        """What is wrong with the tier at the moment, as a sentence for people; None while it works."""
        ...

    async def get(self, key: str, *, deadline: float | None = None) -> bytes | None:
        """The bytes under `key`, or None. Takes `deadline` seconds at most; `deadlines.LOOKUP` where none is given."""
        ...

    async def set(self, key: str, value: bytes, *, ttl_seconds: float, task: str) -> bool:
        """Keep `value` for `ttl_seconds`; `task` is what `clear` selects by. Says whether it was kept."""
        ...

    async def delete(self, key: str) -> None: ...

    async def clear(self, task: str | None = None) -> int:
        """Forget every entry, or those of one task, and nothing else. Returns how many went."""
        ...

    async def info(self) -> StoreInfo: ...

    async def aclose(self) -> None: ...


class KeyLock(Protocol):
    """A lock per key that other processes see. A holder that dies loses it after `seconds`."""

    async def acquire(self, key: str, token: str, seconds: float) -> bool | None:
        """Take the lock for `token`. False if somebody else holds it; None if there is no saying."""
        ...

    async def renew(self, key: str, token: str, seconds: float) -> bool:
        """Hold it `seconds` longer from now. False if `token` does not hold it any more."""
        ...

    async def release(self, key: str, token: str) -> None:
        """Give it up, if `token` still holds it."""
        ...


class Troubles:
    """What is wrong with one tier, by the kind of work it hinders. Each problem is told once, until it is over.

    Args:
        tell: Called on the event loop with each new sentence.
    """

    def __init__(self, tell: Callable[[str], None] | None = None) -> None:
        self._tell = tell
        self._now: dict[Side, str] = {}

    @property
    def sentence(self) -> str | None:
        """The gravest of the present problems."""
        for side in ("open", "read", "write"):
            if side in self._now:
                return self._now[side]
        return None

    def note(self, side: Side, sentence: str) -> None:
        """Something hinders this kind of work."""
        if self._now.get(side) == sentence:
            return
        known = sentence in self._now.values()
        self._now[side] = sentence
        if known:
            return
        _log.warning("%s", sentence)
        if self._tell is not None:
            self._tell(sentence)

    def clear(self, side: Side) -> None:
        """This kind of work succeeded."""
        self._now.pop(side, None)

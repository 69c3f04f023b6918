"""Equal questions of several processes make one request: one of them has the turn, the others wait for its answer.

The turn is a lock with a token that its holder renews; a holder that dies loses it when the lease runs out. Waiting
is bounded: after `patience` seconds, or without a working lock, everybody asks for himself. Not here: questions
within one process (`flight.py`), which cost no lock.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from cachewise.answers.store import KeyLock

T = TypeVar("T")

LEASE = 6.0
"""Seconds after which a dead holder's turn is over; a live one renews it three times in that time."""
_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 0.25


@asynccontextmanager
async def turn(
    lock: KeyLock | None,
    key: str,
    *,
    look: Callable[[], Awaitable[T | None]],
    settle: Callable[[], Awaitable[None]],
    patience: float,
    lease: float = LEASE,
) -> AsyncIterator[T | None]:
    """Yield the answer that somebody else got meanwhile, or None: then ask and store it inside the `async with`.

    Args:
        lock: What other processes see; None where there is nothing of the kind.
        key: The question.
        look: Looks into the cache.
        settle: Waits until what was stored has reached the tiers that others read.
        patience: Seconds to wait for somebody else at most: what asking would take.
        lease: Seconds after which a holder that stopped renewing loses its turn.
    """
    token = secrets.token_hex(16)
    held, found = await _wait_for_turn(lock, key, token, look, patience, lease)
    if lock is None or not held:
        yield found
        return
    renewal = asyncio.get_running_loop().create_task(_renew(lock, key, token, lease))
    try:
        # Somebody may have stored the answer between our first look and our getting the turn.
        yield await look()
        await settle()
    finally:
        renewal.cancel()
        await asyncio.gather(renewal, return_exceptions=True)
        await lock.release(key, token)


async def _wait_for_turn(
    lock: KeyLock | None,
    key: str,
    token: str,
    look: Callable[[], Awaitable[T | None]],
    patience: float,
    lease: float,
) -> tuple[bool, T | None]:
    """Whether the turn is ours, or else the answer, if one came."""
    if lock is None or patience <= 0:
        return False, None
    loop = asyncio.get_running_loop()
    end, pause = loop.time() + patience, _FIRST_PAUSE
    while True:
        got = await lock.acquire(key, token, lease)
        if got is None:
            return False, None
        if got:
            return True, None
        found = await look()
        left = end - loop.time()
        if found is not None or left <= 0:
            return False, found
        await asyncio.sleep(min(pause, left))
        pause = min(pause * 1.5, _LONGEST_PAUSE)


async def _renew(lock: KeyLock, key: str, token: str, lease: float) -> None:
    while True:
        await asyncio.sleep(lease / 3)
        await lock.renew(key, token, lease)

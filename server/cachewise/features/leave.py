"""Leave to send a request: room within the user's limits, and money within the budgets.

Asked for once, in `converse`, before anything is measured or sent. Room in this server comes first, then room among all
servers that share a Redis; where that does not answer, this server's own limits have to do. Not here: the figures
(`ledger/budget.py`, `ledger/limits.py`, `answers/redis_limits.py`).
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cachewise.faults import Busy, OverBudget
from cachewise.features.rooms import Rooms
from cachewise.ledger.budget import Caps, Hold
from cachewise.ledger.limits import Slot, burst, busy
from cachewise.providers.traits import traits

if TYPE_CHECKING:
    from cachewise.features.conversation import Question

_PAUSE = 0.1
"""Seconds until the shared limits are looked at again, where a request of another server has to end first."""


@dataclass(frozen=True, slots=True)
class Leave:
    """What a request holds while it runs."""

    slot: Slot
    hold: Hold | None


async def ask_leave(rooms: Rooms, question: Question) -> Leave:
    """Wait for room, then set the money aside. Whoever gets a leave gives its slot back when the request is over.

    Raises:
        Busy: there is no room in time; at once for what typing triggered, since its text will be another one by then.
        OverBudget: it would pass a budget.
    """
    settings, model = rooms.settings, question.model
    try:
        slot = await _room(rooms, question)
    except Busy as refused:
        rooms.health.failed(refused)
        raise
    try:
        hold = await rooms.ledger.reserve(
            plan=question.plan,
            traits=traits(model),
            model=model,
            session_id=rooms.prompts.session_id(question.folder),
            max_tokens=question.max_tokens,
            caps=Caps(settings.budget_per_day_usd, settings.budget_per_request_usd),
            allow_over=question.allow_over_budget,
        )
    except BaseException as failure:
        slot.release()
        if isinstance(failure, OverBudget):
            rooms.health.failed(failure)
        raise
    return Leave(slot, hold)


async def _room(rooms: Rooms, question: Question) -> Slot:
    """Room in this server, and among all that share a Redis."""
    settings, provider = rooms.settings, _provider(question)
    loop = asyncio.get_running_loop()
    end = loop.time() + question.max_wait
    slot = await rooms.limits.enter(
        provider,
        concurrent=settings.limits_concurrent,
        per_minute=settings.limits_requests_per_minute,
        max_wait=question.max_wait,
        may_wait=not question.typed,
    )
    try:
        leave_shared = await _shared_room(rooms, question, end - loop.time())
    except BaseException:
        slot.release()
        raise

    def give_back() -> None:
        slot.release()
        leave_shared()

    return Slot(give_back)


async def _shared_room(rooms: Rooms, question: Question, max_wait: float) -> Callable[[], None]:
    """Wait for room among all servers on the same Redis; what is returned gives it back."""
    limits, name = rooms.answers.limits, _key_name(rooms, question)
    if limits is None or name is None:
        return lambda: None
    from cachewise.answers.redis_limits import Limit

    settings, token, over = rooms.settings, secrets.token_hex(8), asyncio.Event()
    concurrent, per_minute = settings.limits_concurrent, settings.limits_requests_per_minute
    limit = Limit(concurrent=concurrent, per_minute=per_minute, burst=burst(per_minute))
    loop = asyncio.get_running_loop()
    end = loop.time() + max_wait
    while True:
        try:
            turn = await limits.take(name, token, limit, typing=question.typed)
        except asyncio.CancelledError:
            rooms.later(limits.leave(name, token))  # it may have been counted before the cancel came
            raise
        if turn is None:
            return lambda: None
        if turn.granted:
            rooms.later(limits.hold(name, token, over))
            return over.set
        pause = _PAUSE if turn.delay is None else turn.delay
        if question.typed or loop.time() + pause > end:
            raise busy(_provider(question), concurrent, per_minute, turn.delay)
        await asyncio.sleep(pause)


def _provider(question: Question) -> str:
    """What has limits of its own in this server: a provider, or a local server."""
    return str(question.model) if question.model.provider == "local" else question.model.provider


def _key_name(rooms: Rooms, question: Question) -> str | None:
    """How the provider key is called where others see it: a digest. None where there is no key to share."""
    endpoint = rooms.loaded.endpoints.get(_provider(question))
    if endpoint is None or endpoint.key is None:
        return None
    key = endpoint.key.reveal_for(endpoint.origin)
    return hashlib.blake2b(f"{endpoint.origin} {key}".encode(), digest_size=16, person=b"cachewise limit").hexdigest()

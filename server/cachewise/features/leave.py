"""Leave to send a request: room within the user's limits, and money within the budgets.

Asked for once, in `converse`, before anything is measured or sent. Not here: the figures (`ledger/budget.py`,
`ledger/limits.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cachewise.faults import Busy, OverBudget
from cachewise.features.rooms import Rooms
from cachewise.ledger.budget import Caps, Hold
from cachewise.ledger.limits import Slot
from cachewise.providers.traits import traits

if TYPE_CHECKING:
    from cachewise.features.converse import Question


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
        slot = await rooms.limits.enter(
            str(model) if model.provider == "local" else model.provider,
            concurrent=settings.limits_concurrent,
            per_minute=settings.limits_requests_per_minute,
            max_wait=question.max_wait,
            may_wait=not question.typed,
        )
    except Busy as busy:
        rooms.health.failed(busy)
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

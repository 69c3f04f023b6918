"""A question that the answer cache may answer: looked up, shared with whoever asks the same, and kept when it is whole.

Everything that is told to people in words goes this way: explanations, answers, hovers, documentation. Not here: what
the features ask (`explain.py`, `hover.py`, `document.py`), what a key is made of (`depends.py`), and the walk to the
provider and back (`converse.py`, `conversation.py`).
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal

from cachewise.answers.flight import Emit
from cachewise.answers.stored_answer import StoredAnswer
from cachewise.context.tail import TailSpec
from cachewise.faults import RequestFailed
from cachewise.features.answer import Answer, Listener
from cachewise.features.conversation import Conversation, Question
from cachewise.features.converse import converse, load_provider, require_provider
from cachewise.features.depends import Dependencies, dependencies_of
from cachewise.features.rooms import Rooms
from cachewise.model.events import StreamEvent, TextDelta
from cachewise.model.names import ModelName
from cachewise.model.snapshot import Snapshot
from cachewise.model.usage import Cost, Feature, Tokens, Usage

PATIENCE = 10.0
"""Seconds to wait for another process that asks the same: about what asking takes."""
_CHUNK = 400
"""Characters of a stored answer that are told at once; a provider's own pieces are shorter."""
_NOTHING_USED = Tokens(input=0, cache_read=0, cache_write=0, output=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question, before it is known who answers it."""

    feature: Feature
    snapshot: Snapshot
    model: ModelName
    tail: TailSpec
    max_tokens: int
    refresh: bool = False
    """Ask again, and replace what is stored."""
    current: bool = False
    """Be content only with a stored answer whose context has not changed since it was given."""
    allow_over_budget: bool = False
    unasked: bool = False
    """Whether nobody asked by hand, so that it is dropped where there is no room for a request at once."""


@dataclass(slots=True)
class _Request:
    """What several waiters share: one request to the provider, or the answer that another process got meanwhile."""

    conversation: Conversation | None = None
    found: StoredAnswer | None = None
    pieces: list[str] = field(default_factory=list)
    claimed: bool = False

    @property
    def usage(self) -> Usage | None:
        return None if self.conversation is None else self.conversation.usage

    @property
    def cost(self) -> Decimal | None:
        """Of the request that gave the answer."""
        if self.found is not None:
            return self.found.cost.usd
        return None if self.usage is None else self.usage.cost.usd

    def claim(self) -> Usage | None:
        """The usage of the request, for the first who wants it; everybody else was answered by the cache."""
        if self.claimed:
            return None
        self.claimed = self.usage is not None
        return self.usage


async def answered(rooms: Rooms, asked: Asked, listener: Listener) -> Answer:
    """The answer to a question, from the cache or from the provider.

    Raises:
        RequestFailed: no key, over budget, or the provider failed; what it cost is in the ledger, and the listener
            was told.
    """
    began = time.monotonic()
    if not rooms.settings.answers_enabled:
        return await _alone(rooms, asked, listener)
    depends = await dependencies_of(rooms, asked)
    if not asked.refresh:
        found = await lookup(rooms, asked, depends, began)
        if found is not None:
            _replay(found, listener)
            return found
    request = _Request()

    async def fly(emit: Emit[StreamEvent]) -> _Request:
        # Before the turn, so that who waits for it does not wait for a library. What can't be loaded, `_ask` says.
        with suppress(RequestFailed):
            await load_provider(rooms, asked.model)
        # A refresh must not be content with what somebody else has stored meanwhile.
        patience = 0 if asked.refresh else PATIENCE
        async with rooms.answers.turn(depends.key, patience=patience, context=depends.context) as found:
            if found is not None:
                request.found = found
                emit(TextDelta(found.text))
            else:
                await _ask(rooms, asked, request, emit)
                _keep(rooms, asked, depends, request)
        rooms.check_answers()
        return request

    shared_by = f"{depends.key} {depends.context} {asked.refresh} {asked.allow_over_budget}"
    seat = rooms.answers.board(shared_by, fly)
    shared = request
    pieces: list[str] = []
    first: float | None = None
    try:
        async with seat:
            async for event in seat.pieces():
                if isinstance(event, TextDelta):
                    first = first or time.monotonic()
                    pieces.append(event.text)
                    listener.text(event.text)
            shared = await seat.result()
    finally:
        # When the last waiter leaves, the request has ended by now, and been paid for.
        own = shared.claim()
        if own is not None:
            listener.usage(own)
    if own is not None:
        return Answer(text="".join(pieces), source="provider", model=str(asked.model), usage=own)
    usage = _free(asked, shared.cost, began, first)
    rooms.ledger.record(usage, rooms.prompts.workspace(asked.snapshot.folder))
    listener.usage(usage)
    age = 0.0 if shared.found is None else shared.found.age_seconds
    return Answer(text="".join(pieces), source="answers", model=str(asked.model), usage=usage, age_seconds=age)


async def lookup(
    rooms: Rooms, asked: Asked, depends: Dependencies | None = None, began: float | None = None
) -> Answer | None:
    """The stored answer to a question, booked as used; None where there is none."""
    if not rooms.settings.answers_enabled:
        return None
    began = time.monotonic() if began is None else began
    depends = await dependencies_of(rooms, asked) if depends is None else depends
    found = await rooms.answers.lookup(depends.key)
    rooms.check_answers()
    if found is None:
        return None
    changed = found.context_changed(depends.context)
    if changed and asked.current:
        return None
    usage = _free(asked, found.cost.usd, began, None)
    rooms.ledger.record(usage, rooms.prompts.workspace(asked.snapshot.folder))
    return Answer(
        text=found.text,
        source="answers",
        model=found.model,
        usage=usage,
        age_seconds=found.age_seconds,
        context_changed=changed,
    )


async def _alone(rooms: Rooms, asked: Asked, listener: Listener) -> Answer:
    """Ask without the cache."""
    request = _Request()

    def tell(event: StreamEvent) -> None:
        if isinstance(event, TextDelta):
            listener.text(event.text)

    try:
        await _ask(rooms, asked, request, tell)
    finally:
        usage = request.claim()
        if usage is not None:
            listener.usage(usage)
    assert usage is not None
    return Answer(text="".join(request.pieces), source="provider", model=str(asked.model), usage=usage)


async def _ask(rooms: Rooms, asked: Asked, request: _Request, emit: Emit[StreamEvent]) -> None:
    """Ask the provider; what comes of it is in `request`."""
    model, snapshot = asked.model, asked.snapshot
    traits = require_provider(rooms, model)
    plan = await rooms.prompts.plan(snapshot, asked.tail, model, traits, rooms.settings)
    question = Question(
        feature=asked.feature,
        model=model,
        plan=plan,
        folder=snapshot.folder,
        max_tokens=asked.max_tokens,
        allow_over_budget=asked.allow_over_budget,
        typed=asked.unasked,
    )
    request.conversation = await converse(rooms, question)

    def take(text: str) -> None:
        request.pieces.append(text)
        emit(TextDelta(text))

    await request.conversation.read(take)


def _keep(rooms: Rooms, asked: Asked, depends: Dependencies, request: _Request) -> None:
    """Store an answer that is whole."""
    conversation = request.conversation
    if conversation is None or conversation.usage is None or conversation.stopped is None:
        return
    rooms.answers.store(
        depends.key,
        task=asked.feature,
        text="".join(request.pieces),
        model=str(asked.model),
        reason=conversation.stopped,
        cost=conversation.usage.cost,
        context=depends.context,
        ttl_seconds=rooms.settings.answers_ttl_hours * 3600.0,
    )


def _replay(found: Answer, listener: Listener) -> None:
    """Tell a stored answer as if it came in."""
    for start in range(0, len(found.text), _CHUNK):
        listener.text(found.text[start : start + _CHUNK])
    listener.usage(found.usage)


def _free(asked: Asked, saved: Decimal | None, began: float, first: float | None) -> Usage:
    """The usage of an answer that cost nothing. Milliseconds since the question was asked."""
    now = time.monotonic()
    return Usage(
        feature=asked.feature,
        model=str(asked.model),
        source="answers",
        tokens=_NOTHING_USED,
        cost=Cost(usd=Decimal(0), source="billed", saved=saved),
        first_token_ms=((first or now) - began) * 1000,
        total_ms=(now - began) * 1000,
        outcome="complete",
    )

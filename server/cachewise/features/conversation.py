"""One question to a provider and the stream of its answer, read to its end and booked.

This is the only place where a stream is read and where its entry in the ledger is closed, so that a cancelled, failed
or cut-off request is counted like any other. Not here: what has to be ready before it (`converse.py`).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import Literal

from cachewise.faults import RequestFailed
from cachewise.features.leave import Leave
from cachewise.features.rooms import Rooms
from cachewise.ledger.meter import Meter
from cachewise.model.events import Failed, ProviderRequest, Reach, Stopped, StreamEvent, TextDelta, UsageReport
from cachewise.model.names import ModelName
from cachewise.model.plan import PromptPlan
from cachewise.model.usage import Feature, Outcome, Usage
from cachewise.providers.base import Provider
from cachewise.providers.traits import traits

StopReason = Literal["stop", "length", "filter", "other"]
ENOUGH_GRACE = 0.2
"""Seconds that a stream whose text is already enough may go on, so that its closing usage report can arrive. A model
that stops at the same place sends it at once; one that goes on is cut off and its bill asked for afterwards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A request to a model, before it is known which provider renders it."""

    feature: Feature
    model: ModelName
    plan: PromptPlan
    folder: str | None
    """The workspace folder that the plan is about."""
    max_tokens: int
    max_retries: int = 2
    max_wait: float = 20.0
    typed: bool = False
    """Whether typing or pointing triggered it, and nobody asked for it by hand."""
    allow_over_budget: bool = False
    """Whether the user has said that this one may pass the budgets."""


class Conversation:
    """One stream, read to its end or to where its reader has enough."""

    def __init__(self, rooms: Rooms, question: Question, provider: Provider, meter: Meter, leave: Leave) -> None:
        self._rooms = rooms
        self._question = question
        self._provider = provider
        self._meter = meter
        self._leave = leave
        self._outcome: Outcome = "cancelled"
        self.stopped: StopReason | None = None
        """Why the stream ended by itself; None while it runs, and where it broke or was cut off."""
        self._fault: RequestFailed | None = None
        self._reach = Reach()
        self._first = False
        """Whether others wait for this request's answer to begin, because the prefix was cold."""

    @property
    def usage(self) -> Usage | None:
        """What the request used; None while it runs, also in the background."""
        return self._meter.usage

    async def read(self, on_text: Callable[[str], None]) -> Usage:
        """Read the stream to its end.

        Raises:
            RequestFailed: the provider refused or broke off; the request is in the ledger as failed.
        """

        async def never_enough(text: str) -> bool:
            on_text(text)
            return False

        await self.read_until(never_enough)
        assert self.usage is not None
        return self.usage

    async def read_until(self, enough: Callable[[str], Awaitable[bool]]) -> None:
        """Read until a piece of text is enough; the rest, which has the bill, is left to the background.

        Raises:
            RequestFailed: as for `read`.
        """
        events = self._stream()
        rest = False
        self._rooms.begin()
        try:
            async for event in events:
                if isinstance(event, TextDelta) and await enough(event.text):
                    rest = True
                    break
        except RequestFailed as refused:
            self._fault, self._outcome = refused, "failed"
            raise
        finally:
            if rest:
                self._outcome = "complete"
            if rest and not self._rooms.closing:
                self._rooms.later(self._drain(events))
            else:
                await self._close(events)
        if self._fault is not None:
            self._rooms.health.failed(self._fault)
            raise self._fault
        self._rooms.health.succeeded()

    async def _stream(self) -> AsyncGenerator[StreamEvent, None]:
        """The provider's events, each of them noted."""
        question = self._question
        request = ProviderRequest(
            model=question.model,
            plan=question.plan,
            traits=traits(question.model),
            max_tokens=question.max_tokens,
            session_id=self._rooms.prompts.session_id(question.folder),
            max_retries=question.max_retries,
            max_wait=question.max_wait,
            reach=self._reach,
        )
        if self._meter.expected.state == "cold":
            self._first = await self._rooms.gate.enter((question.folder, question.model))
            if not self._first:
                self._meter.waited()
        async with aclosing(self._provider.stream(request)) as events:
            async for event in events:
                self._note(event)
                yield event

    def _note(self, event: StreamEvent) -> None:
        match event:
            case TextDelta():
                self._leave_gate(begun=True)
                self._meter.delta(event.text)
            case UsageReport():
                self._meter.report(event)
            case Stopped():
                self._outcome, self.stopped = "complete", event.reason
            case Failed() if self._outcome != "complete":  # else the text was enough before the stream broke
                self._fault, self._outcome = event.fault, "failed"

    def _leave_gate(self, *, begun: bool) -> None:
        """Let the requests go that wait for this one to write the prefix."""
        if self._first:
            self._first = False
            self._rooms.gate.leave((self._question.folder, self._question.model), begun=begun)

    async def _drain(self, events: AsyncGenerator[StreamEvent, None]) -> None:
        """Give a stream whose text is enough a moment to report its usage, then let it go."""
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(ENOUGH_GRACE):
                    async for _ in events:
                        pass
        finally:
            await self._close(events)

    async def _close(self, events: AsyncGenerator[StreamEvent, None]) -> None:
        """Close the connection if it is still open, and book the request."""
        try:
            await events.aclose()
        finally:
            self._leave.slot.release()
            self._rooms.end()
            self._leave_gate(begun=False)
            if self._reach.attempts or self._outcome == "complete":
                self._book()
            else:  # cancelled or failed before anything left: that is no request, and its budget is free again
                self._rooms.ledger.release(self._leave.hold)

    def _book(self) -> None:
        """Close the ledger's entry, and learn from what the provider reported."""
        question = self._question
        if self._reach.opened is not None:
            self._meter.opened(self._reach.opened)
        usage = self._meter.finish(self._outcome, fault=self._fault, attempts=self._reach.attempts or 1)
        self._rooms.prompts.learn(question.folder, question.model, question.plan, usage.tokens)
        if question.feature != "warm":
            self._rooms.intents.answered(
                question.folder,
                question.model,
                self._rooms.prompts.now,
                _life(question.model),
                usage.tokens.cache_read,
            )
        if self._meter.wants_bill and self._meter.generation_id is not None:
            self._rooms.later(self._ask_later(self._meter.generation_id))

    async def _ask_later(self, generation_id: str) -> None:
        """Ask for the bill of a stream that was cut off, and put the ledger right when it comes."""
        report = await self._provider.late_report(generation_id)
        if report is not None:
            self._meter.amend(report)


def _life(model: ModelName) -> float:
    """Seconds that what a request wrote lives at least."""
    return traits(model).ttl_seconds

"""The walk that every question to a provider takes: prompt, stream, shape of the end, ledger.

`converse` is the only place where a stream is read and where its entry in the ledger is closed, so that a cancelled,
failed or cut-off request is counted like any other.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass

from cachewise.faults import NoKey, ProviderFault, RequestFailed
from cachewise.features.rooms import Rooms
from cachewise.ledger.meter import Meter
from cachewise.model.events import Failed, Opened, ProviderRequest, Stopped, StreamEvent, TextDelta, UsageReport
from cachewise.model.names import CacheTraits, ModelName
from cachewise.model.plan import PromptPlan
from cachewise.model.usage import Feature, Outcome, Usage
from cachewise.providers.base import Provider
from cachewise.providers.traits import traits

logger = logging.getLogger(__name__)

LOADING_DEADLINE = 30.0
"""Seconds that importing a provider's SDK may take before the request fails; 1 to 4 s is usual on a slow disk."""
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


class Conversation:
    """One stream, read to its end or to where its reader has enough. `usage` is set once it is over."""

    def __init__(self, rooms: Rooms, question: Question, provider: Provider, meter: Meter) -> None:
        self._rooms = rooms
        self._question = question
        self._provider = provider
        self._meter = meter
        self.stopped: Stopped | None = None
        self.usage: Usage | None = None

    async def read(self, on_text: Callable[[str], bool | None]) -> Usage:
        """Read the stream; `on_text` returns True when it needs no more.

        Raises:
            ProviderFault: the provider refused or broke off; the request is in the ledger as failed.
        """
        question = self._question
        outcome: Outcome = "cancelled"
        fault: ProviderFault | None = None
        attempts = 1
        request = ProviderRequest(
            model=question.model,
            plan=question.plan,
            traits=traits(question.model),
            max_tokens=question.max_tokens,
            session_id=self._rooms.prompts.session_id(question.folder),
            max_retries=question.max_retries,
            max_wait=question.max_wait,
        )
        self._rooms.live += 1
        try:
            async with aclosing(self._provider.stream(request)) as events:
                enough = False
                async for event in events:
                    if isinstance(event, Failed):
                        fault, attempts, outcome = event.fault, event.attempts, "failed"
                    elif isinstance(event, Stopped):
                        self.stopped, outcome = event, "complete"
                    elif self._take(event) and on_text(event.text):  # type: ignore[union-attr]
                        enough = True
                        break
                if enough:
                    await self._drain(events)
                    outcome = "complete"
        except RequestFailed as refused:
            fault = refused if isinstance(refused, ProviderFault) else None
            outcome = "failed"
            raise
        finally:
            self._rooms.live -= 1
            self.usage = self._meter.finish(outcome, fault=fault, attempts=attempts)
            self._rooms.prompts.learn(question.folder, question.model, question.plan, self.usage.tokens.input)
            if self._meter.wants_bill and self._meter.generation_id is not None:
                self._rooms.later(self._ask_later(self._meter.generation_id))
        if fault is not None:
            self._rooms.health.failed(fault)
            raise fault
        self._rooms.health.succeeded()
        return self.usage

    def _take(self, event: StreamEvent) -> bool:
        """Book an event; True for text."""
        if isinstance(event, TextDelta):
            self._meter.delta(event.text)
            return True
        if isinstance(event, Opened):
            self._meter.opened(event)
        elif isinstance(event, UsageReport):
            self._meter.report(event)
        return False

    async def _drain(self, events: AsyncGenerator[StreamEvent, None]) -> None:
        """Give a stream whose text is enough a moment to report its usage, then let it go."""
        try:
            async with asyncio.timeout(ENOUGH_GRACE):
                async for event in events:
                    if isinstance(event, (Failed, Stopped)):
                        return
                    self._take(event)
        except TimeoutError:
            return

    async def _ask_later(self, generation_id: str) -> None:
        """Ask for the bill of a stream that was cut off, and put the ledger right when it comes."""
        report = await self._provider.late_report(generation_id)
        if report is not None:
            self._meter.amend(report)


async def converse(rooms: Rooms, question: Question) -> Conversation:
    """Get everything ready that may fail before a request leaves: the key, the provider, the ledger's entry.

    Raises:
        NoKey: there is no key for the model's provider.
        RequestFailed: the provider's library could not be loaded in time.
    """
    try:
        async with asyncio.timeout(LOADING_DEADLINE):
            provider = await rooms.providers.get(question.model)
    except TimeoutError:
        raise RequestFailed(
            f"Loading the library for {question.model.provider!r} took over {LOADING_DEADLINE:.0f} s. Try again."
        ) from None
    meter = rooms.ledger.start(
        feature=question.feature,
        plan=question.plan,
        traits=traits(question.model),
        model=question.model,
        session_id=rooms.prompts.session_id(question.folder),
    )
    return Conversation(rooms, question, provider, meter)


def require_provider(rooms: Rooms, model: ModelName) -> CacheTraits:
    """Refuse at once, without loading anything, what can't be answered.

    Raises:
        NoKey: there is no key, or the model is the offline completer, which has no provider behind it.
    """
    if model.provider == "offline":
        raise NoKey("The model is 'offline', which completes but can't explain. Set cachewise.model to a provider's.")
    rooms.providers.require(model)
    return traits(model)

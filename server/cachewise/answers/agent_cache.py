"""Runs of agents behind the answer cache: look, ask only once, keep, and tell the books.

One `AgentCache` belongs to one event loop. Not here: the functions people call (`agent_run.py`), where the caches of a
process live (`agent_shared.py`), and how a stream of pydantic-ai is listened to (`agent_stream.py`).
"""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from cachewise.answers import deadlines
from cachewise.answers.agent_cost import Expense, ModelCosts, Recorder, cost_of, noop_expense_recorder, record
from cachewise.answers.agent_form import ResultForm
from cachewise.answers.agent_probe import Probe, model_name
from cachewise.answers.agent_result import CachedRun, responses_of
from cachewise.answers.agent_steady import SteadyKeys
from cachewise.answers.agent_stream import AgentStream, Emit, listener
from cachewise.answers.agent_wait import patiently
from cachewise.answers.flight import Flights
from cachewise.answers.tiers import Found, Tiers
from cachewise.answers.turn import turn

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of `cached_agent_run`, with everything that was given; the fields are explained there."""

    agent: Any
    prompt: Any
    task_name: str
    ttl: float
    max_wait: float
    initial_wait: float
    expense_recorder: Recorder = noop_expense_recorder
    custom_costs: Mapping[str, ModelCosts] | None = None
    skip_cache: bool = False
    refresh: bool = False
    retry_config: Mapping[str, float] | None = None
    use_lock: bool = True
    patience: float = 30.0
    deps_key: object = None
    streaming: bool = False
    """Whether the model's text is wanted as it comes."""
    kwargs: Mapping[str, Any] = field(default_factory=dict)

    @property
    def spec(self) -> Any:
        """The output that is asked for."""
        return self.kwargs.get("output_type") or getattr(self.agent, "output_type", None)


@dataclass(frozen=True, slots=True)
class _Landed:
    """What a shared run came to, and the JSON values it is kept as, if it is kept."""

    run: CachedRun[Any]
    packed: Mapping[str, Any] | None


class AgentCache:
    """The cache.

    Args:
        tiers: Where entries are kept; closed with the cache.
        clock: Seconds since the epoch.
    """

    def __init__(self, tiers: Tiers, *, clock: Callable[[], float] = time.time) -> None:
        self.tiers = tiers
        self._clock = clock
        self._form = ResultForm()
        self._keys = SteadyKeys()
        self._flights: Flights[str, _Landed] = Flights()
        self._told: set[str] = set()

    async def run(self, call: Call) -> CachedRun[Any]:
        """Carry a call out."""
        async with self.stream(call) as stream:
            return await stream.result()

    @asynccontextmanager
    async def stream(self, call: Call) -> AsyncIterator[AgentStream]:
        """Carry a call out as a stream. Leaving early leaves the request to others who wait for it."""
        found = Probe(model=model_name(call.kwargs.get("model") or getattr(call.agent, "model", None)))
        if not call.skip_cache:
            found = await self._keys.probe(call.agent, call.prompt, call.kwargs, deps_key=call.deps_key)
            if found.reason is not None and found.reason not in self._told:
                self._told.add(found.reason)
                _log.warning("Some runs are not cached: %s", found.reason)
        key = found.key
        if key is not None and not call.refresh:
            stored = self._restore(call, found.model, key, await self.tiers.get(key))
            if stored is not None:
                await self._book(call, stored)
                yield AgentStream.of(stored)
                return

        async def lead(emit: Emit) -> _Landed:
            return await self._lead(call, found, emit)

        # Calls without a key fly alone.
        shared = key is not None and call.use_lock
        seat = self._flights.board((key, call.refresh, call.streaming) if shared else object(), lead)
        async with seat:

            async def result() -> CachedRun[Any]:
                landed = await seat.result()
                if seat.leader:
                    return landed.run
                followed = self._follow(call, landed)
                await self._book(call, followed)
                return followed

            yield AgentStream(seat.pieces(), result)

    async def clear(self, task_name: str | None = None) -> int:
        """Forget all runs, or those of one task. Returns how many went."""
        return await self.tiers.clear(task_name)

    async def aclose(self) -> None:
        """Cancel what is being asked, write what is pending, close."""
        await self._flights.aclose()
        await self.tiers.aclose()

    async def _lead(self, call: Call, found: Probe, emit: Emit) -> _Landed:
        key = found.key
        if key is None:
            return await self._ask(call, found, emit)

        async def look() -> Found | None:
            return None if call.refresh else await self.tiers.look(key)

        async def settle() -> None:
            await self.tiers.settle(key, deadline=deadlines.SHARE)

        lock = self.tiers.lock if call.use_lock else None
        async with turn(lock, key, look=look, settle=settle, patience=call.patience) as other:
            stored = self._restore(call, found.model, key, other)
            if stored is not None:
                emit(stored.text)
                await self._book(call, stored)
                return _Landed(stored, None)
            return await self._ask(call, found, emit)

    async def _ask(self, call: Call, found: Probe, emit: Emit) -> _Landed:
        """Run the agent, keep the result where that can be done, and tell the books what it cost."""
        heard: list[str] = []

        def hear(piece: str) -> None:
            heard.append(piece)
            emit(piece)

        kwargs = dict(call.kwargs)
        if call.streaming:
            kwargs["event_stream_handler"] = listener(kwargs.get("event_stream_handler"), hear)
        result = found.result
        if result is None:
            result = await patiently(
                lambda: call.agent.run(call.prompt, **kwargs),
                max_wait=call.max_wait,
                initial_wait=call.initial_wait,
                retry_config=call.retry_config,
                may_repeat=lambda: not heard,
            )
        cost = await cost_of(responses_of(result), model=found.model, custom_costs=call.custom_costs)
        run = self._form.of(call.agent, result, cost, model=found.model, task_name=call.task_name, key=found.key)
        if call.streaming and not heard:
            emit(run.text)
        packed = None
        if found.key is not None:
            packed = self._form.pack(call.agent, call.spec, result, cost)
            if packed is not None:
                self.tiers.put(found.key, task=call.task_name, answer=packed, ttl_seconds=call.ttl)
        await self._book(call, run)
        return _Landed(run, packed)

    def _follow(self, call: Call, landed: _Landed) -> CachedRun[Any]:
        """The result for a call that waited for another: with objects of its own where that can be done."""
        run = landed.run
        if landed.packed is not None and run.key is not None:
            about = {"model": run.model, "task_name": call.task_name, "key": run.key, "age_seconds": 0.0}
            own = self._form.unpack(call.agent, call.spec, landed.packed, from_cache=True, **about)
            if own is not None:
                return own
        return replace(run, from_cache=True, task_name=call.task_name)

    def _restore(self, call: Call, model: str, key: str, found: Found | None) -> CachedRun[Any] | None:
        if found is None:
            return None
        return self._form.unpack(
            call.agent,
            call.spec,
            found.envelope.answer,
            model=model,
            task_name=call.task_name,
            from_cache=True,
            age_seconds=found.envelope.age(self._clock()),
            key=key,
        )

    async def _book(self, call: Call, run: CachedRun[Any]) -> None:
        expense = Expense(
            model=run.model,
            task_name=call.task_name,
            paid=run.paid,
            source="cache" if run.from_cache else run.cost_source,
            saved=run.cost if run.from_cache else None,
        )
        await record(call.expense_recorder, expense)

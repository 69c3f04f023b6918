"""Agents of pydantic-ai whose model is a function of the test, and a cache for their runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from pydantic_ai import Agent
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart
from pydantic_ai.models.function import AgentInfo, FunctionModel

from cachewise.answers.agent_cache import AgentCache
from cachewise.answers.agent_cost import Expense
from cachewise.answers.memory import MemoryStore
from cachewise.answers.store import Store
from cachewise.answers.tiers import Tiers


@dataclass
class Provider:
    """Stands for the model: counts what reaches it, and answers as it is told."""

    text: str = "It adds."
    bill: Decimal | None = Decimal("0.0021")
    finish_reason: Any = "stop"
    state: Any = "complete"
    failures: list[Exception] = field(default_factory=list)
    gate: asyncio.Event | None = None
    calls: list[list[ModelMessage]] = field(default_factory=list)

    async def answer(self, messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        self.calls.append(messages)
        if self.gate is not None:
            await self.gate.wait()
        if self.failures:
            raise self.failures.pop(0)
        details = {} if self.bill is None else {"cost": float(self.bill)}
        return ModelResponse(
            parts=[TextPart(self.text)],
            provider_details=details,
            finish_reason=self.finish_reason,
            state=self.state,
        )

    async def stream(self, messages: list[ModelMessage], info: AgentInfo) -> AsyncIterator[str]:
        self.calls.append(messages)
        for word in self.text.split(" "):
            if self.gate is not None:
                await self.gate.wait()
            if self.failures:
                raise self.failures.pop(0)
            yield word + " "

    def model(self, name: str = "acme-1") -> FunctionModel:
        return FunctionModel(self.answer, stream_function=self.stream, model_name=name)

    def agent(self, **options: Any) -> Agent[Any, Any]:
        return Agent(options.pop("model", None) or self.model(), **options)


@dataclass
class Books:
    """An expense recorder that keeps everything."""

    lines: list[tuple[str, str, float | None]] = field(default_factory=list)
    expenses: list[Expense] = field(default_factory=list)

    async def __call__(self, model: str, task_name: str, cost: float | None, expense: Expense | None = None) -> None:
        self.lines.append((model, task_name, cost))
        if expense is not None:
            self.expenses.append(expense)


def memory_cache(*deeper: Store, clock: Callable[[], float] | None = None) -> AgentCache:
    """A cache that keeps to this process."""
    if clock is None:
        return AgentCache(Tiers(MemoryStore(), deeper))
    return AgentCache(Tiers(MemoryStore(clock=clock), deeper, clock=clock), clock=clock)

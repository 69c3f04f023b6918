"""The result of `cached_agent_run`: the same object, with the same values, whether the answer was there or was paid.

Not here: the JSON values that a result is kept as (`agent_form.py`), and when it is kept (`agent_cache.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Generic, TypeVar

O = TypeVar("O")  # noqa: E741  # output

_WHOLE = frozenset({None, "stop", "tool_call"})
"""Reasons to stop that leave a whole answer; None where the provider names none, `tool_call` for structured output."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedRun(Generic[O]):
    """What an agent's run came to."""

    output: O
    usage: Any
    """pydantic-ai's `RunUsage` of the run that gave the answer, whenever that was."""
    model: str
    cost: Decimal | None
    """Dollars of that run; None where nobody knows."""
    cost_source: str
    """`billed`, `estimated` or `unknown`."""
    task_name: str
    from_cache: bool
    """Whether this call paid nothing, because the answer was stored or another call was asking for it already."""
    age_seconds: float
    """Since the answer was given; 0 for a new one."""
    key: str | None
    """Of the entry; None where the call has no key or was told to skip the cache."""
    messages: Sequence[Any] = field(repr=False)
    new_message_index: int
    json_of: Callable[[list[Any]], bytes] = field(repr=False)
    """Turns messages into JSON bytes."""

    @property
    def paid(self) -> Decimal | None:
        """Dollars of this call: 0 for an answer from the cache."""
        return Decimal(0) if self.from_cache else self.cost

    @property
    def data(self) -> O:
        """The output, under its older name."""
        return self.output

    def all_messages(self) -> list[Any]:
        """All messages of the run, with the history it was given."""
        return list(self.messages)

    def new_messages(self) -> list[Any]:
        """The messages that the run added."""
        return list(self.messages[self.new_message_index :])

    def all_messages_json(self) -> bytes:
        """`all_messages` as JSON."""
        return self.json_of(self.all_messages())

    def new_messages_json(self) -> bytes:
        """`new_messages` as JSON."""
        return self.json_of(self.new_messages())

    @property
    def response(self) -> Any:
        """The last response of the model.

        Raises:
            ValueError: if there is none.
        """
        for message in reversed(self.messages):
            if getattr(message, "kind", None) == "response":
                return message
        raise ValueError("The run has no response.")

    @property
    def timestamp(self) -> Any:
        """When the last response came."""
        return self.response.timestamp

    @property
    def run_id(self) -> str | None:
        """pydantic-ai's id of the run that gave the answer."""
        found = getattr(self.response, "run_id", None)
        return None if found is None else str(found)

    @property
    def text(self) -> str:
        """All text that the model wrote in this run, which is what a stream of it yields."""
        return text_of(self.new_messages())


def usage_of(result: Any) -> Any:
    """The usage of a run: an attribute in today's pydantic-ai, a method in older ones."""
    usage = result.usage
    return usage() if callable(usage) and not hasattr(usage, "input_tokens") else usage


def responses_of(result: Any) -> list[Any]:
    """The responses of the model that the run paid for."""
    return [m for m in result.new_messages() if getattr(m, "kind", None) == "response"]


def text_of(messages: Sequence[Any]) -> str:
    """The text parts of all responses among the messages."""
    responses = (m for m in messages if getattr(m, "kind", None) == "response")
    return "".join(p.content for r in responses for p in r.parts if p.part_kind == "text")


def is_whole(result: Any) -> bool:
    """Whether the run ended by itself and gave something."""
    output = result.output
    if output is None or (isinstance(output, str) and not output.strip()):
        return False
    if type(output).__name__ == "DeferredToolRequests":
        return False
    responses = responses_of(result)
    if not responses:
        return False
    return all(getattr(r, "state", "complete") == "complete" for r in responses) and (
        getattr(responses[-1], "finish_reason", None) in _WHOLE
    )

"""The result of `cached_agent_run`: the same object, with the same values, whether the answer was there or was paid.

A result is kept as JSON: the output by pydantic's own adapter for its type, the messages by pydantic-ai's. A result
that does not come back from JSON as it went in is not kept. Not here: when it is kept (`agent_cache.py`).
"""

from __future__ import annotations

import json
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from types import UnionType
from typing import Any, Generic, TypeVar

from cachewise.answers.agent_probe import sibling_module
from cachewise.model.usage import Cost

O = TypeVar("O")  # noqa: E741  # output

KIND = "agent-run"
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


class ResultForm:
    """Takes results of agents apart and puts them together again. Keeps the adapters, which are slow to build."""

    def __init__(self) -> None:
        self._adapters: dict[Any, Any] = {}

    def of(self, agent: Any, result: Any, cost: Cost, **about: Any) -> CachedRun[Any]:
        """A result that was paid for just now."""
        every, new = list(result.all_messages()), list(result.new_messages())
        return CachedRun(
            output=result.output,
            usage=usage_of(result),
            cost=cost.usd,
            cost_source=cost.source,
            from_cache=False,
            age_seconds=0.0,
            messages=every,
            new_message_index=len(every) - len(new),
            json_of=_json_of(sibling_module(agent, "messages")),
            **about,
        )

    def pack(self, agent: Any, spec: Any, result: Any, cost: Cost) -> dict[str, Any] | None:
        """The result as JSON values; None if it is not whole, empty, or does not survive the way there and back."""
        messages, usage = sibling_module(agent, "messages"), sibling_module(agent, "usage")
        if messages is None or usage is None or not is_whole(result):
            return None
        for kind in output_types(spec):
            try:
                adapter = self._adapter(kind)
                dumped = adapter.dump_python(result.output, mode="json", warnings="error")
                back = adapter.validate_python(dumped)
                if type(back) is not type(result.output) or back != result.output:
                    continue
                new = list(result.new_messages())
                every = list(result.all_messages())
                return {
                    "kind": KIND,
                    "output": dumped,
                    "outputType": _type_name(kind),
                    "messages": messages.ModelMessagesTypeAdapter.dump_python(every, mode="json"),
                    "newFrom": len(every) - len(new),
                    "usage": self._adapter(usage.RunUsage).dump_python(usage_of(result), mode="json"),
                    "costUsd": None if cost.usd is None else str(cost.usd),
                    "costSource": cost.source,
                }
            except Exception:  # noqa: S112  # foreign types: whatever they raise, this is not the way to keep them
                continue
        return None

    def unpack(self, agent: Any, spec: Any, answer: Mapping[str, Any], **about: Any) -> CachedRun[Any] | None:
        """The result again; None if the entry is not one, or does not fit what is asked for now."""
        messages, usage = sibling_module(agent, "messages"), sibling_module(agent, "usage")
        if answer.get("kind") != KIND or messages is None or usage is None:
            return None
        for kind in output_types(spec):
            if _type_name(kind) != answer.get("outputType"):
                continue
            try:
                restored = messages.ModelMessagesTypeAdapter.validate_python(answer["messages"])
                return CachedRun(
                    output=self._adapter(kind).validate_python(answer["output"]),
                    usage=self._adapter(usage.RunUsage).validate_python(answer["usage"]),
                    cost=_dollars(answer.get("costUsd")),
                    cost_source=str(answer.get("costSource")) if answer.get("costUsd") is not None else "unknown",
                    messages=restored,
                    new_message_index=int(answer["newFrom"]),
                    json_of=_json_of(messages),
                    **about,
                )
            except Exception:  # an entry of another version of the caller's types
                return None
        return None

    def _adapter(self, kind: Any) -> Any:
        from pydantic import TypeAdapter

        if kind not in self._adapters:
            self._adapters[kind] = TypeAdapter(kind)
        return self._adapters[kind]


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


def output_types(spec: Any) -> list[Any]:
    """The types that an output specification allows, whatever markers and functions they are wrapped in."""
    if spec is None:
        return [str]
    if isinstance(spec, list | tuple):
        return [kind for item in spec for kind in output_types(item)]
    if isinstance(spec, type) or typing.get_origin(spec) is not None:
        members = typing.get_args(spec) if typing.get_origin(spec) in (typing.Union, UnionType) else ()
        return [*(kind for item in members for kind in output_types(item)), spec]
    for name in ("output", "outputs", "output_function"):
        inner = getattr(spec, name, None)
        if inner is not None:
            return output_types(inner)
    try:
        returned = typing.get_type_hints(spec).get("return")
    except (TypeError, NameError, AttributeError):
        return []
    return [] if returned is None else output_types(returned)


def _json_of(messages: Any) -> Callable[[list[Any]], bytes]:
    if messages is None:
        return lambda every: json.dumps([str(message) for message in every]).encode()
    dump: Callable[[list[Any]], bytes] = messages.ModelMessagesTypeAdapter.dump_json
    return dump


def _type_name(kind: Any) -> str:
    return f"{kind.__module__}.{kind.__qualname__}" if isinstance(kind, type) else str(kind)


def _dollars(text: object) -> Decimal | None:
    if not isinstance(text, str):
        return None
    try:
        amount = Decimal(text)
    except InvalidOperation:
        return None
    return amount if amount.is_finite() else None

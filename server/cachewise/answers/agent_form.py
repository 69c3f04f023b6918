"""Results of agents as JSON values, and back.

The output is written by pydantic's own adapter for its type, the messages by pydantic-ai's. A result that does not come
back from JSON as it went in is not kept. Not here: when it is kept (`agent_cache.py`).
"""

from __future__ import annotations

import json
import typing
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from types import UnionType
from typing import Any

from cachewise.answers.agent_probe import sibling_module
from cachewise.answers.agent_result import CachedRun, is_whole, usage_of
from cachewise.model.usage import Cost

KIND = "agent-run"


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

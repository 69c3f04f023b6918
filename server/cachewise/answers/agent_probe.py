"""What an agent would send for a prompt, found out by letting it get ready and stopping it at the model.

Reading an agent's attributes can't tell what dynamic instructions, history processors or tool filters come to, and
whatever it overlooks serves a wrong answer. So the run is begun with a copy of the model whose `request` stops it and
hands out the very messages, settings and tools that would have gone over the wire. Nothing is sent. The agent is
only touched through its public methods and pydantic-ai is not imported; what does not look like an agent of
pydantic-ai has no key and is not cached.
"""

from __future__ import annotations

import copy
import dataclasses
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cachewise.answers.agent_plain import Keyless, plain
from cachewise.answers.key import digest

VERSION = 1
_NOT_ITER = frozenset({"event_stream_handler"})
_NO_EFFECT = frozenset({"timeout", "request_timeout", "first_event_timeout", "max_retries", "framing_announcement"})
"""Settings that change how a request travels and not what comes back; so do all with `cache` in their names."""
_OF_PART = frozenset({"timestamp", "metadata", "dynamic_ref", "context_id", "scope"})
_OF_MESSAGE = _OF_PART | frozenset(
    {"run_id", "conversation_id", "usage", "model_name", "model_id", "provider_name", "provider_url"}
    | {"provider_details", "provider_response_id", "canonical_system", "history_digest", "workspace_ref"}
    | {"failed_attempts"}
)
"""Fields that say when and by whom, and never reach the model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What came of getting an agent ready."""

    model: str
    key: str | None = None
    reason: str | None = None
    """Why there is no key, as a sentence for people."""
    fields: Mapping[str, Any] | None = None
    """What the key is the digest of."""
    result: Any = None
    """The result of the run, where the agent went round the copy of its model and ran after all."""


class _Stopped(BaseException):
    """No `Exception`, so that no fallback and no retry of the agent takes it for a failure of the model."""

    def __init__(self, messages: Any, settings: Any, parameters: Any) -> None:
        super().__init__()
        self.sent = (messages, settings, parameters)


async def probe(agent: Any, prompt: Any, kwargs: Mapping[str, Any], *, deps_key: object = None) -> Probe:
    """Find the key of a run.

    Args:
        agent: An agent of pydantic-ai.
        prompt: Its user prompt.
        kwargs: Everything else that `agent.run` is going to get.
        deps_key: What stands for `deps` in the key, where these are no plain values.
    """
    name = model_name(kwargs.get("model") or getattr(agent, "model", None))
    messages_module = sibling_module(agent, "messages")
    if messages_module is None or not hasattr(agent, "iter"):
        return Probe(model=name, reason="The agent is none of pydantic-ai's, so there is no telling what it sends.")
    own = {k: v for k, v in kwargs.items() if k not in _NOT_ITER}
    model: Any = None
    own["usage"] = copy.copy(own.get("usage"))
    try:
        async with agent.iter(prompt, **{"infer_name": False, **own}) as run:
            model = run.ctx.deps.model
            name = model_name(model)
            run.ctx.deps.model = _stand_in(model)
            async for _ in run:
                pass
            return Probe(model=name, reason="The agent chose another model in mid-run.", result=run.result)
    except _Stopped as stopped:
        messages, settings, parameters = stopped.sent
    except Keyless as reason:
        return Probe(model=name, reason=str(reason))
    try:
        history = messages_module.ModelMessagesTypeAdapter.dump_python(messages, mode="json")
        fields = {
            "kind": "exact",
            "version": VERSION,
            "model": _describe(model),
            "messages": _timeless(history),
            "settings": [_effective(getattr(model, "settings", None)), _effective(settings)],
            "parameters": _parameters(parameters),
            "output": _output(kwargs.get("output_type") or getattr(agent, "output_type", None)),
            "deps": plain(kwargs.get("deps") if deps_key is None else deps_key),
        }
        return Probe(model=name, key=digest(fields), fields=fields)
    except (Keyless, TypeError) as error:
        return Probe(model=name, reason=f"Something the answer depends on can't be put into a key: {error}.")


def model_name(model: object) -> str:
    """The name that expenses are recorded under: without the provider, as pydantic-ai's models have it."""
    if isinstance(model, str):
        return model.partition(":")[2] or model
    name = getattr(model, "model_name", None)
    return name if isinstance(name, str) and name else type(model).__name__ if model is not None else "unknown"


def sibling_module(agent: object, name: str) -> Any:
    """The module `name` of the package that the agent's class, or one it derives from, comes from."""
    package = package_of(agent)
    return None if package is None else sys.modules.get(f"{package}.{name}")


def package_of(agent: object) -> str | None:
    """The name of the package that the agent's class, or one it derives from, comes from: pydantic-ai's."""
    for cls in type(agent).__mro__:
        package = cls.__module__.partition(".")[0]
        if f"{package}.messages" in sys.modules and hasattr(sys.modules.get(package), "Agent"):
            return package
    return None


def _stand_in(model: Any) -> Any:
    """A copy of the model that stops the run instead of sending."""

    async def request(messages: Any, settings: Any, parameters: Any, *args: object, **kwargs: object) -> Any:
        raise _Stopped(messages, settings, parameters)

    try:
        stand_in = copy.copy(model)
        stand_in.request = request
    except (AttributeError, TypeError) as error:
        raise Keyless("The agent's model can't be stood in for.") from error
    return stand_in


def _describe(model: Any) -> object:
    """Which model it is and where it lives; of a fallback all it may fall back to."""
    parts = getattr(model, "models", None)
    if isinstance(parts, list | tuple):
        return [_describe(part) for part in parts]
    inner = vars(model).get("wrapped") if hasattr(model, "__dict__") else None
    if inner is not None:
        return _describe(inner)
    named = {field: getattr(model, field, None) for field in ("system", "model_name", "base_url")}
    return {field: None if value is None else str(value) for field, value in named.items()}


def _effective(settings: Any) -> object:
    if settings is None:
        return {}
    if not isinstance(settings, Mapping):
        return plain(settings)
    return {k: plain(v) for k, v in settings.items() if k not in _NO_EFFECT and "cache" not in k}


def _output(spec: object) -> object:
    """Names of the output types; their schemas are among the parameters."""
    try:
        return plain(spec)
    except Keyless:
        return type(spec).__qualname__


def _timeless(messages: Any) -> list[Any]:
    """Messages without their moment, and without cache marks, which change the bill and not the answer.

    Only fields of messages and of their parts go, never anything inside a content or a tool's arguments.
    """
    kept = []
    for message in messages:
        parts = [_without(part, _OF_PART) for part in message["parts"]]
        for part in parts:
            if isinstance(part.get("content"), list):
                part["content"] = [item for item in part["content"] if not _is_cache_mark(item)]
        kept.append({**_without(message, _OF_MESSAGE), "parts": parts})
    return kept


def _without(fields: Mapping[str, Any], names: frozenset[str]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in names}


def _is_cache_mark(item: object) -> bool:
    return isinstance(item, dict) and item.get("kind") == "cache-point"


def _parameters(parameters: Any) -> object:
    """Tools, output schemas and whatever else the model is told besides the messages."""
    if not dataclasses.is_dataclass(parameters):
        return plain(parameters)
    names = [f.name for f in dataclasses.fields(parameters) if not f.name.startswith("_") and f.name != "cache"]
    return {name: plain(getattr(parameters, name)) for name in names}

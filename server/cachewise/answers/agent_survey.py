"""Whether an agent always sends the same but for its prompt: one that is data, in objects that a bare agent has, too.

What can make two runs of such an agent differ is a change of that data, and each later look sees that: it compares what
every object of the agent holds now with what it held, by identity. As soon as anything else is found in the agent (a
function for instructions, a tool, a toolset, a hook, a validator, a model class of one's own) there is no telling, and
no survey. Nothing here knows what the parts of an agent mean, so that a part of a later pydantic-ai is looked through
like all others. Not here: what a survey is used for (`agent_steady.py`).
"""

from __future__ import annotations

import functools
import sys
import weakref
from contextvars import ContextVar
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from operator import is_
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

_MOST = 2000
"""Objects that are looked through at most; a plain agent has about a hundred."""
_DATA = (str, bytes, bool, int, float, Decimal, Enum, type, type(None), type(Ellipsis))
_COMPILED = "pydantic_core"
"""Validators and the like; what they do with what a model sends does not change what it is sent."""


_ANSWERING = ("function", "stream_function")
"""What `FunctionModel` has in the place of a provider."""


class _Foreign(Exception):
    """Something whose doings are not known."""


class Survey:
    """What everything that an agent consists of held at one time."""

    def __init__(self) -> None:
        self._mappings: list[tuple[dict[Any, Any], tuple[Any, ...], tuple[Any, ...]]] = []
        self._lists: list[tuple[list[Any], tuple[Any, ...]]] = []
        self._empty: list[Any] = []
        self._slots: list[tuple[Any, tuple[str, ...], tuple[Any, ...]]] = []
        self._context: list[tuple[ContextVar[Any], Any]] = []
        self._seen: dict[int, Any] = {}
        self.kinds: set[object] = set()
        """Classes and functions of pydantic-ai that the agent consists of, but for its model."""

    def holds(self) -> bool:
        """Whether nothing has changed since, in this context."""
        for mapping, names, values in self._mappings:
            if len(mapping) != len(names) or not all(map(is_, mapping, names)):
                return False
            if not all(map(is_, mapping.values(), values)):
                return False
        return (
            not any(self._empty)
            and all(len(row) == len(items) and all(map(is_, row, items)) for row, items in self._lists)
            and all(variable.get(None) is value for variable, value in self._context)
            and all(all(map(is_, _slots_of(one, names), values)) for one, names, values in self._slots)
        )

    def _walk(self, root: Any, package: str) -> None:
        waiting = [root]
        while waiting:
            value = waiting.pop()
            if isinstance(value, _DATA) or id(value) in self._seen:
                continue
            if len(self._seen) > _MOST:
                raise _Foreign
            self._seen[id(value)] = value  # held, so that no other object gets its id
            waiting += self._parts(value, package)

    def _parts(self, value: Any, package: str) -> list[Any]:
        """Remember what a value holds, and return what has to be looked through, too."""
        kind = type(value)
        if kind is dict:
            return self._mapping(value)
        if kind is list:
            self._lists.append((value, tuple(value)))
            return list(value)
        if kind in (tuple, frozenset):
            return list(value)
        if kind in (set, weakref.WeakValueDictionary) and not value:
            self._empty.append(value)
            return []
        if kind is ContextVar:
            self._context.append((value, value.get(None)))
            return [value.get(None)]
        if kind is MethodType:
            return [value.__self__, value.__func__]
        if kind in (FunctionType, BuiltinFunctionType):
            if not _within(value.__module__, package) or getattr(value, "__closure__", None):
                raise _Foreign
            self.kinds.add(value)
            return []
        if _within(kind.__module__, _COMPILED):
            return []
        if not _within(kind.__module__, package):
            raise _Foreign
        is_model = _within(kind.__module__, f"{package}.models")
        if not is_model:
            self.kinds.add(kind)
        return self._object(value, is_model=is_model)

    def _mapping(self, mapping: dict[Any, Any]) -> list[Any]:
        self._mappings.append((mapping, tuple(mapping), tuple(mapping.values())))
        return [*mapping, *mapping.values()]

    def _object(self, value: Any, *, is_model: bool) -> list[Any]:
        names = tuple(name for name in _slot_names(type(value)) if hasattr(value, name))
        parts = list(_slots_of(value, names))
        if names:
            self._slots.append((value, names, tuple(parts)))
        if hasattr(value, "__dict__"):
            parts += self._mapping(vars(value))
        if not is_model:
            return parts
        # A model is stopped before it sends: neither its client nor the function that answers has a say until then.
        for name, part in vars(value).items() if hasattr(value, "__dict__") else ():
            if type(part) in (FunctionType, MethodType) and name not in _ANSWERING:
                raise _Foreign
        for part in parts:
            if type(part) is dict:
                self._mapping(part)
        return [part for part in parts if type(part) in (list, tuple) or ".models" in type(part).__module__]


@dataclass(frozen=True, slots=True)
class Bare:
    """What agents of pydantic-ai have to do with which were given nothing but data."""

    package: str
    kinds: frozenset[object]
    """The classes and functions that they consist of."""
    context: tuple[ContextVar[Any], ...]
    """The package's own variables: whether the call comes out of another agent's run, and the like."""


def survey(agent: Any, bare: Bare) -> Survey | None:
    """Look through an agent; None if it has other parts than bare ones, or if there is no telling what they do."""
    found = _surveyed(agent, bare.package)
    if found is None or not found.kinds <= bare.kinds:
        return None
    del found._seen[id(agent)]  # what is known of an agent must not keep it
    found._context += [(variable, variable.get(None)) for variable in bare.context]
    return found


@functools.cache
def bare_agents(package: str) -> Bare:
    """Find out what bare agents are, by making some: once in a process, since it takes milliseconds."""
    make = sys.modules[package].Agent
    outputs = (str, int, [int, bool], [int, str])
    agents = [make(instructions="i", system_prompt="s"), *(make(output_type=output) for output in outputs)]
    surveys = [found for agent in agents if (found := _surveyed(agent, package)) is not None]
    modules = [module for name, module in list(sys.modules.items()) if _within(name, package)]
    variables = [value for module in modules for value in list(vars(module).values()) if type(value) is ContextVar]
    return Bare(package, frozenset().union(*(found.kinds for found in surveys)), tuple(variables))


def _surveyed(agent: Any, package: str) -> Survey | None:
    found = Survey()
    try:
        found._walk(agent, package)
    except (_Foreign, AttributeError, TypeError):
        return None
    return found


def _within(module: str | None, package: str) -> bool:
    return module is not None and (module == package or module.startswith(f"{package}."))


def _slot_names(kind: type) -> tuple[str, ...]:
    names: list[str] = []
    for base in kind.__mro__:
        slots = vars(base).get("__slots__", ())
        names += (slots,) if isinstance(slots, str) else slots
    return tuple(name for name in names if name not in ("__dict__", "__weakref__"))


def _slots_of(value: Any, names: tuple[str, ...]) -> list[Any]:
    return [getattr(value, name, None) for name in names]

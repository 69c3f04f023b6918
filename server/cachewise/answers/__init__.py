"""The local answer cache: memory, diskcache, Redis.

The functions for runs of pydantic-ai agents can be imported from here; they are loaded on first use, so that a server
that never runs them does not pay for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cachewise.answers.agent_cache import AgentCache
    from cachewise.answers.agent_cost import Expense, ModelCosts, noop_expense_recorder
    from cachewise.answers.agent_faults import CacheError, ConfigurationError, ConnectionError, RateLimitError
    from cachewise.answers.agent_result import CachedRun
    from cachewise.answers.agent_run import (
        cached_agent_run,
        cached_agent_run_sync,
        cached_agent_stream,
        clear_cache,
        clear_cache_async,
    )
    from cachewise.answers.agent_shared import open_agent_cache
    from cachewise.answers.agent_stream import AgentStream

__all__ = [
    "AgentCache",
    "AgentStream",
    "CacheError",
    "CachedRun",
    "ConfigurationError",
    "ConnectionError",
    "Expense",
    "ModelCosts",
    "RateLimitError",
    "cached_agent_run",
    "cached_agent_run_sync",
    "cached_agent_stream",
    "clear_cache",
    "clear_cache_async",
    "noop_expense_recorder",
    "open_agent_cache",
]

_HOMES = {
    "agent_cache": ("AgentCache",),
    "agent_cost": ("Expense", "ModelCosts", "noop_expense_recorder"),
    "agent_faults": ("CacheError", "ConfigurationError", "ConnectionError", "RateLimitError"),
    "agent_result": ("CachedRun",),
    "agent_run": (
        "cached_agent_run",
        "cached_agent_run_sync",
        "cached_agent_stream",
        "clear_cache",
        "clear_cache_async",
    ),
    "agent_shared": ("open_agent_cache",),
    "agent_stream": ("AgentStream",),
}


def __getattr__(name: str) -> object:
    import importlib

    for home, names in _HOMES.items():
        if name in names:
            return getattr(importlib.import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

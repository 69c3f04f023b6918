"""Where the caches of `cached_agent_run` live: one for each event loop and address, closed with the loop.

This is the one place of cachewise with state at module level, because a plain function that remembers something
between its calls has nowhere else to put it. It holds as little as possible: a cache is entered on its loop's first
call, and leaves when the loop shuts its asynchronous generators down, as `asyncio.run` does at its end.
Not here: the server's own answer cache, which the composition root owns.
"""

from __future__ import annotations

import asyncio
import os
import weakref
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from pathlib import Path

from cachewise.answers.agent_cache import AgentCache
from cachewise.answers.agent_faults import ConfigurationError
from cachewise.answers.disk import DiskStore
from cachewise.answers.memory import MemoryStore
from cachewise.answers.redis import RedisStore
from cachewise.answers.redis_url import DEFAULT_NAMESPACE, RedisTarget, parse_redis_url
from cachewise.answers.store import Store
from cachewise.answers.tiers import Tiers

FOLDER = "agent-runs-v1"
NAMESPACE = "agents"
"""In Redis; keeps runs of agents apart from the editor's answers where the address names no namespace."""
_MEMORY_SECONDS = 300.0
"""How long memory answers for a store that others may clear."""


@dataclass(frozen=True, slots=True)
class _Held:
    loop: weakref.ref[asyncio.AbstractEventLoop]
    cache: AgentCache
    keeper: AsyncGenerator[None, None]


_held: dict[tuple[int, str], _Held] = {}


def redis_target(url: str | None) -> RedisTarget | None:
    """The Redis to use: the given address, else `CACHEWISE_REDIS_URL`, else `LLM_CACHE_REDIS_URL`, else none.

    Raises:
        ConfigurationError: it can't be read; the sentence says what is wrong.
    """
    address = url or os.environ.get("CACHEWISE_REDIS_URL") or os.environ.get("LLM_CACHE_REDIS_URL")
    if not address:
        return None
    try:
        target = parse_redis_url(address)
    except ValueError as error:
        raise ConfigurationError(str(error)) from None  # the cause would show the address
    # Whoever names a server in code or environment has decided about the way there.
    return replace(
        target, insecure=True, namespace=NAMESPACE if target.namespace == DEFAULT_NAMESPACE else target.namespace
    )


def open_agent_cache(redis_url: str | None = None, folder: Path | None = None) -> AgentCache:
    """A cache of one's own, to be closed with `aclose`: Redis where there is an address, else this user's disk.

    Raises:
        ConfigurationError: the address can't be read.
    """
    target = redis_target(redis_url)
    deeper: list[Store] = []
    if folder is None and target is None:
        from platformdirs import user_cache_path

        folder = user_cache_path("cachewise", appauthor=False)
    if folder is not None:
        deeper.append(DiskStore(folder / FOLDER))
    if target is not None:
        deeper.append(RedisStore(target))
    return AgentCache(Tiers(MemoryStore(max_ttl_seconds=_MEMORY_SECONDS), deeper))


async def shared_agent_cache(redis_url: str | None = None) -> AgentCache:
    """The cache that all calls on this event loop share.

    Raises:
        ConfigurationError: the address can't be read.
    """
    loop = asyncio.get_running_loop()
    name = (id(loop), repr(redis_target(redis_url)))
    held = _held.get(name)
    if held is not None and held.loop() is loop:
        return held.cache
    cache = open_agent_cache(redis_url)
    keeper = _keep(name, cache)
    _held[name] = _Held(weakref.ref(loop), cache, keeper)
    await anext(keeper)  # from now on the loop knows of it, and closes it when it shuts down
    return cache


async def _keep(name: tuple[int, str], cache: AgentCache) -> AsyncGenerator[None, None]:
    try:
        yield
    finally:
        _held.pop(name, None)
        await cache.aclose()

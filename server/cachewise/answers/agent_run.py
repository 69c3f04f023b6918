"""Cached runs of pydantic-ai agents, for people who come from pyai-caching: the same arguments, correct keys.

    result = await cached_agent_run(agent, "Summarise this.", "summary", ttl=3600)
    result.output, result.usage, result.cost, result.from_cache, result.all_messages()

The key is everything the agent would send to the model: instructions, also dynamic ones, history, settings, tools,
output type, model and its address. Answers lie in Redis where `redis_url`, `CACHEWISE_REDIS_URL` or
`LLM_CACHE_REDIS_URL` names one, else on this user's disk. A cache that is down costs no answer. Not here: how
(`agent_cache.py`).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from cachewise.answers.agent_cache import AgentCache, Call
from cachewise.answers.agent_cost import ModelCosts, Recorder, noop_expense_recorder
from cachewise.answers.agent_result import CachedRun
from cachewise.answers.agent_shared import open_agent_cache, shared_agent_cache
from cachewise.answers.agent_stream import AgentStream

DEFAULT_TTL = 15 * 24 * 3600
"""Seconds: fifteen days."""


async def cached_agent_run(
    agent: Any,
    prompt: Any,
    task_name: str,
    *,
    ttl: float = DEFAULT_TTL,
    max_wait: float = 10.0,
    initial_wait: float = 1.0,
    expense_recorder: Recorder = noop_expense_recorder,
    redis_url: str | None = None,
    custom_costs: Mapping[str, ModelCosts] | None = None,
    skip_cache: bool = False,
    refresh: bool = False,
    retry_config: Mapping[str, float] | None = None,
    use_async: bool = True,
    use_lock: bool = True,
    patience: float = 30.0,
    deps_key: object = None,
    cache: AgentCache | None = None,
    **kwargs: Any,
) -> CachedRun[Any]:
    """Run an agent, or return what an equal run came to.

    Args:
        agent: An agent of pydantic-ai.
        prompt: Its user prompt; text, or a list with `CachePoint` and other content.
        task_name: What expenses are recorded under, and what `AgentCache.clear` selects by. Not part of the key.
        ttl: Seconds that the answer is kept.
        max_wait: Seconds that all pauses for a busy provider (429, 503, 529) may take together. `Retry-After` is
            honoured.
        initial_wait: Seconds of the first pause where the provider names none.
        expense_recorder: `recorder(model, task_name, cost)`, async or not. `cost` is 0 for an answer from the cache
            and None where it is unknown. One with a parameter `expense` gets an `Expense` in it.
        redis_url: The address of the cache; see `redis_url.py` for the kinds.
        custom_costs: Prices by model name, before pydantic-ai's own list.
        skip_cache: Neither look nor keep.
        refresh: Do not look, but keep.
        retry_config: `max_retries`, `initial_delay`, `max_delay`, `jitter` for lost connections.
        use_async: Has no effect; the event loop is never blocked.
        use_lock: Whether equal calls at once, here or on other machines, make one request.
        patience: Seconds to wait for another process's request before asking, too.
        deps_key: What stands for `deps` in the key, where these are no plain values; without it such runs are not
            cached.
        cache: A cache of one's own instead of the loop's.
        kwargs: Go to `agent.run`.

    Raises:
        ValueError: the prompt is empty.
        RateLimitError: the provider kept refusing for longer than `max_wait`.
        ConnectionError: of `agent_faults`: the provider could not be reached.
        ConfigurationError: the address of the cache can't be read.
        Exception: whatever else the agent raises.
    """
    own = cache or await shared_agent_cache(redis_url)
    return await own.run(
        _call(
            agent,
            prompt,
            task_name,
            ttl=ttl,
            max_wait=max_wait,
            initial_wait=initial_wait,
            expense_recorder=expense_recorder,
            custom_costs=custom_costs,
            skip_cache=skip_cache,
            refresh=refresh,
            retry_config=retry_config,
            use_lock=use_lock,
            patience=patience,
            deps_key=deps_key,
            kwargs=kwargs,
        )
    )


def cached_agent_run_sync(agent: Any, prompt: Any, task_name: str, **kwargs: Any) -> CachedRun[Any]:
    """As `cached_agent_run`, for code without an event loop.

    Raises:
        RuntimeError: there is an event loop already; await `cached_agent_run` instead.
    """
    return asyncio.run(cached_agent_run(agent, prompt, task_name, **kwargs))


@asynccontextmanager
async def cached_agent_stream(
    agent: Any,
    prompt: Any,
    task_name: str,
    *,
    ttl: float = DEFAULT_TTL,
    max_wait: float = 10.0,
    initial_wait: float = 1.0,
    redis_url: str | None = None,
    cache: AgentCache | None = None,
    expense_recorder: Recorder = noop_expense_recorder,
    custom_costs: Mapping[str, ModelCosts] | None = None,
    skip_cache: bool = False,
    refresh: bool = False,
    retry_config: Mapping[str, float] | None = None,
    use_lock: bool = True,
    patience: float = 30.0,
    deps_key: object = None,
    **kwargs: Any,
) -> AsyncIterator[AgentStream]:
    """As `cached_agent_run`, with the text as it comes; a stored answer is replayed.

        async with cached_agent_stream(agent, prompt, "chat") as stream:
            async for piece in stream:
                print(piece, end="")
            result = await stream.result()

    Leaving early gives the request up, unless an equal call waits for it, too. A busy provider is only waited for
    until the first piece is out.
    """
    own = cache or await shared_agent_cache(redis_url)
    call = _call(
        agent,
        prompt,
        task_name,
        streaming=True,
        ttl=ttl,
        max_wait=max_wait,
        initial_wait=initial_wait,
        expense_recorder=expense_recorder,
        custom_costs=custom_costs,
        skip_cache=skip_cache,
        refresh=refresh,
        retry_config=retry_config,
        use_lock=use_lock,
        patience=patience,
        deps_key=deps_key,
        kwargs=kwargs,
    )
    async with own.stream(call) as stream:
        yield stream


async def clear_cache_async(redis_url: str | None = None, task_name: str | None = None) -> int:
    """Forget all runs, or those of one task; nothing else in that Redis is touched. Returns how many went.

    Raises:
        ConfigurationError: the address can't be read.
    """
    return await (await shared_agent_cache(redis_url)).clear(task_name)


def clear_cache(redis_url: str | None = None, task_name: str | None = None) -> int:
    """As `clear_cache_async`, for code without an event loop."""

    async def clear() -> int:
        own = open_agent_cache(redis_url)
        try:
            return await own.clear(task_name)
        finally:
            await own.aclose()

    return asyncio.run(clear())


def _call(agent: Any, prompt: Any, task_name: str, *, kwargs: Mapping[str, Any], **options: Any) -> Call:
    if prompt is not None and not prompt:
        raise ValueError("The prompt is empty.")
    named = {"infer_name": False, **kwargs} if hasattr(agent, "iter") else kwargs
    return Call(agent=agent, prompt=prompt, task_name=task_name, kwargs=named, **options)

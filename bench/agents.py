"""Runs of a pydantic-ai agent that are stored already: `python bench/agents.py REDIS_URL RUNS` prints seconds as JSON.

The same prompts, the same agent and the same Redis for both; the model is a function, so nothing waits for a network.
pyai-caching has to be on the path. Each takes what it stored itself, by its usual call and with its usual client.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

from pydantic_ai import Agent
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart
from pydantic_ai.models.function import AgentInfo, FunctionModel

from cachewise.answers import cached_agent_run, open_agent_cache

TEXT = "It adds two numbers. " * 40
Run = Callable[[str], Awaitable[object]]


async def measure(redis_url: str, runs: int) -> dict[str, list[float]]:
    """Fill both caches, then time each stored run."""
    asked = 0

    def answer(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        nonlocal asked
        asked += 1
        return ModelResponse(parts=[TextPart(TEXT)], finish_reason="stop")

    agent: Agent[None, str] = Agent(FunctionModel(answer, model_name="gpt-4o"), name="bench")
    peer: Any = importlib.import_module("pyai_caching")

    def theirs(use_async: bool) -> Run:
        return lambda prompt: peer.cached_agent_run(agent, prompt, "bench", redis_url=redis_url, use_async=use_async)

    def ours(cache: Any) -> Run:
        return lambda prompt: cached_agent_run(agent, prompt, "bench", cache=cache)

    first, second = open_agent_cache(redis_url), open_agent_cache(redis_url)
    prompts = [f"What does function {number} do?" for number in range(runs)]
    try:
        for prompt in prompts:
            await ours(first)(prompt)
            await theirs(False)(prompt)
        await first.tiers.settle()
        await second.tiers.info()  # connects, as the first call of a program does
        before = asked
        found = {
            "cached_agent_run from redis": await _timed(ours(second), prompts),
            "cached_agent_run from memory": await _timed(ours(second), prompts),
            "pyai-caching, its default client": await _timed(theirs(False), prompts),
            "pyai-caching, use_async": await _timed(theirs(True), prompts),
        }
        if asked != before:
            raise RuntimeError(f"{asked - before} runs were not stored")
    finally:
        await first.aclose()
        await second.aclose()
    return found


async def _timed(run: Run, prompts: list[str]) -> list[float]:
    seconds = []
    for prompt in prompts:
        began = time.perf_counter()
        await run(prompt)
        seconds.append(time.perf_counter() - began)
    return seconds


if __name__ == "__main__":
    print(json.dumps(asyncio.run(measure(sys.argv[1], int(sys.argv[2])))))

"""Stored answers: how long a hit takes over LSP from each tier, and what pyai-caching's `cached_agent_run` takes.

The same questions are asked of four servers in turn: one that asks the provider and fills every tier, one that
has the disk, one that has a real Redis on the loopback, and then the last again, which has them in memory. Then Redis
is killed under a server, whose next five answers have to come all the same. Beside it, `agents.py` measures runs of
an agent through cachewise's `cached_agent_run` and pyai-caching's, in one process.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.figures import Figure, Spread
from bench.processes import DEADLINE, SERVE, provider, server_env

from cachewise.simulator.script import Script
from support.lsp_client import LspProcess
from support.redis_server import redis_server
from support.server import python_module

GOAL_LOST_MS = 200.0
GOALS_MS = {"memory": 2.0, "disk": 4.0, "redis": 5.0}
QUESTIONS = 60
_ROOT = Path(__file__).resolve().parent.parent
_PEER = "pyai-caching==0.4.1"
_LINES = 8
"""Of a function of `python_module`, with the blank lines behind it."""


async def measure(questions: int = QUESTIONS) -> tuple[Figure, ...]:
    """Hits over LSP from memory, disk and Redis, and runs of agents beside them."""
    with redis_server() as redis, tempfile.TemporaryDirectory(prefix="cachewise-bench-") as folder:
        root = Path(folder)
        async with provider(Script(answer="It adds two numbers. " * 40)) as upstream:
            shared = {"CACHEWISE_REDIS_URL": redis.url}

            async def hits(home: str, tier: str | None, env: dict[str, str], rounds: int = 1) -> list[list[float]]:
                given = server_env(root / home, upstream.base_url) | env
                return await _ask(given, root, questions, tier, rounds)

            await hits("first", None, shared)
            [disk] = await hits("first", "disk", {})
            [from_redis, memory] = await hits("second", "redis", shared, rounds=2)
            agents = await _agents(redis.url, root, questions)
            lost = await _lost(server_env(root / "third", upstream.base_url) | shared, root, redis.stop)
        figures = [
            Figure(name=f"hit over LSP from {tier}, p50", value=spread.median, unit="ms", goal=goal, spread=spread)
            for (tier, goal), values in zip(GOALS_MS.items(), (memory, disk, from_redis), strict=True)
            for spread in [Spread.of(values, 1000.0)]
        ]
        spread = Spread.of(lost, 1000.0)
        figures.append(
            Figure(
                name="more time for an answer, Redis gone, worst",
                value=spread.p99,
                unit="ms",
                goal=GOAL_LOST_MS,
                spread=spread,
            )
        )
        for name, seconds in agents.items():
            spread = Spread.of(seconds, 1000.0)
            figures.append(Figure(name=f"  {name}, p50", value=spread.median, unit="ms", spread=spread))
    return tuple(figures)


async def _ask(env: dict[str, str], root: Path, questions: int, tier: str | None, rounds: int) -> list[list[float]]:
    """Seconds of each question in each round; with a tier, the first round has to be answered from it."""
    project = root / "project"
    project.mkdir(exist_ok=True)
    path = project / "sums.py"
    path.write_text(python_module(questions))
    seconds: list[list[float]] = []
    async with await LspProcess.start(SERVE, env) as lsp:
        await lsp.initialize(root=project)
        lsp.open(path.as_uri(), path.read_text())
        # Everything is loaded once a question was answered; this one is about the lines above the functions.
        await lsp.request("cachewise/explain", _params(path, 0, 2) | {"refresh": True}, DEADLINE)
        for _ in range(rounds):
            taken = []
            for number in range(questions):
                first = 4 + number * _LINES
                began = time.perf_counter()
                answer: dict[str, Any] = await lsp.request(
                    "cachewise/explain", _params(path, first, first + 6), DEADLINE
                )
                taken.append(time.perf_counter() - began)
                if tier is not None and answer["source"] != "answers":
                    raise RuntimeError(f"question {number} was asked again")
            seconds.append(taken)
    return seconds


async def _lost(env: dict[str, str], root: Path, lose: Callable[[], None]) -> list[float]:
    """Seconds of the five questions after Redis was killed in mid-session, beyond the median of twenty before it."""
    path = root / "project" / "sums.py"
    async with await LspProcess.start(SERVE, env) as lsp:
        await lsp.initialize(root=path.parent)
        lsp.open(path.as_uri(), path.read_text())

        async def ask(number: int) -> float:
            began = time.perf_counter()
            question = _params(path, 4, 10) | {"question": f"Why {number}?"}
            answer: dict[str, Any] = await lsp.request("cachewise/ask", question, DEADLINE)
            if answer["source"] != "provider":
                raise RuntimeError("a new question was answered from the cache")
            return time.perf_counter() - began

        before = [await ask(number) for number in range(25)][5:]
        lose()
        return [await ask(number) - Spread.of(before).median for number in range(25, 30)]


def _params(path: Path, first: int, last: int) -> dict[str, Any]:
    where = {"start": {"line": first, "character": 0}, "end": {"line": last, "character": 0}}
    return {"textDocument": {"uri": path.as_uri()}, "range": where}


async def _agents(redis_url: str, root: Path, runs: int) -> dict[str, list[float]]:
    """Seconds of stored runs by name.

    pyai-caching lies in a folder of its own, without what it depends on: all that is here already, and its demands
    can't be met together with those of today's pydantic-ai.
    """
    folder = _ROOT / ".cache" / "pyai-caching"
    if not (folder / "pyai_caching").is_dir():
        uv = Path(sys.executable).with_name("uv")
        await _run(str(uv), "pip", "install", "--quiet", "--target", str(folder), "--no-deps", _PEER)
    env = server_env(root / "agents") | {"PYTHONPATH": str(folder), "PYTHONWARNINGS": "ignore"}
    script = Path(__file__).with_name("agents.py")
    found: dict[str, list[float]] = json.loads(await _run(sys.executable, str(script), redis_url, str(runs), env=env))
    return found


async def _run(*command: str, env: dict[str, str] | None = None) -> bytes:
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=DEVNULL, env=env)
    out, _ = await asyncio.wait_for(process.communicate(), 2 * DEADLINE)
    if process.returncode:
        raise RuntimeError(f"{Path(command[0]).name} {command[1]} ended with {process.returncode}")
    return out

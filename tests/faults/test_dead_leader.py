"""A server that is killed while it asks what another one wants to know, too: the other asks, once the turn is over."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import nullcontext
from pathlib import Path

import pytest

from cachewise.answers.turn import LEASE
from cachewise.features.stored import PATIENCE
from cachewise.simulator.script import Script
from cachewise.simulator.server import Simulator
from support.redis_server import RedisServer, redis_server
from support.server import Desk, desk, environment, python_module, start_server

TEXT = python_module(30)
PLACE = {"start": {"line": 4, "character": 0}, "end": {"line": 10, "character": 0}}


def let_the_turn_end(other: Desk, redis: RedisServer | None) -> None:
    """Let as much time pass as a turn lasts, for those who look at it."""
    if redis is None:
        other.advance(LEASE)
        return
    found = redis.command("KEYS", "*lock:*").split(b"\r\n")
    assert found[0] == b"*1", "nobody else has a turn"
    left = int(redis.command("PTTL", found[2])[1:])
    assert 0 < left <= LEASE * 1000
    assert redis.command("PEXPIRE", found[2], "1").startswith(b":1")


@pytest.mark.parametrize("shared", ["disk", "redis"])
async def test_the_turn_of_a_killed_server_ends(tmp_path: Path, shared: str) -> None:
    with redis_server() if shared == "redis" else nullcontext() as redis:
        env = {} if redis is None else {"CACHEWISE_REDIS_URL": redis.url}
        homes = [tmp_path / "home"] * 2 if redis is None else [tmp_path / "one", tmp_path / "other"]
        async with (
            Simulator(Script(answer="It adds up.", token_delay=0.5)) as slow,
            desk(home=homes[1], env=env, answers=True, clocked=True) as other,
        ):
            uri = other.open("a.py", TEXT)
            await other.explain(uri, 20, 26)  # so that nothing has to be loaded while the turn runs
            victim = await start_server(environment(homes[0], slow, env))
            await victim.initialize(root=other.workspace)
            victim.open(uri, TEXT)
            # Whatever it has announced by then, its turn is taken before anything is sent.
            victim.start_request("cachewise/explain", {"textDocument": {"uri": uri}, "range": PLACE})
            await slow.until(lambda: len(slow.requests) == 1, 30)
            os.kill(victim.pid, signal.SIGKILL)
            assert await victim.wait_exit() == -signal.SIGKILL
            waiting = asyncio.create_task(other.explain(uri, 4, 10))
            # What was asked later and concerns nobody else is answered first: it does wait.
            assert (await other.explain(uri, 12, 18))["source"] == "provider"
            assert (waiting.done(), len(other.records)) == (False, 2)
            let_the_turn_end(other, redis)
            answer = await waiting
            assert (answer["source"], len(other.records)) == ("provider", 3)
            assert (await other.explain(uri, 4, 10))["source"] == "answers"
    assert LEASE < PATIENCE, "the turn ends before the other would ask anyway"

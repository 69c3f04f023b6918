"""A server that is killed while it asks what another one wants to know, too: the other asks, once the turn is over."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from cachewise.answers.turn import LEASE
from cachewise.features.stored import PATIENCE
from cachewise.simulator.script import Script
from cachewise.simulator.server import Simulator
from support.redis_server import redis_server
from support.server import desk, environment, python_module, start_server

TEXT = python_module(30)
PLACE = {"start": {"line": 4, "character": 0}, "end": {"line": 10, "character": 0}}


@pytest.mark.parametrize("shared", ["disk", "redis"])
async def test_the_turn_of_a_killed_server_ends(tmp_path: Path, shared: str) -> None:
    with redis_server() as redis:
        env = {"CACHEWISE_REDIS_URL": redis.url} if shared == "redis" else {}
        homes = [tmp_path / "home"] * 2 if shared == "disk" else [tmp_path / "one", tmp_path / "other"]
        async with (
            Simulator(Script(answer="It adds up.", token_delay=0.5)) as slow,
            desk(home=homes[1], env=env, answers=True) as other,
        ):
            victim = await start_server(environment(homes[0], slow, env))
            await victim.initialize(root=other.workspace)
            uri = other.open("a.py", TEXT)
            victim.open(uri, TEXT)
            # Whatever it has announced by then, its turn is taken before anything is sent.
            victim.start_request("cachewise/explain", {"textDocument": {"uri": uri}, "range": PLACE})
            await slow.until(lambda: len(slow.requests) == 1, 30)
            os.kill(victim.pid, signal.SIGKILL)
            answer = await other.explain(uri, 4, 10)
            assert (answer["source"], len(other.records)) == ("provider", 1)
            assert (await other.explain(uri, 4, 10))["source"] == "answers"
            assert await victim.wait_exit() == -signal.SIGKILL
    assert LEASE < PATIENCE, "the turn ends before the other would ask anyway"

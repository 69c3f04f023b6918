"""The status message: when it comes, how often, and what it says."""

from __future__ import annotations

import asyncio
import tempfile
from itertools import pairwise
from pathlib import Path

import pytest

from cachewise.simulator.script import Fault, Script
from support.server import MODEL, TOTALS_KEYS, USAGE_KEYS, Desk, desk, python_module

TEXT = python_module(80)
KEYS = {"health", "quiescent", "message", "condition", "model", "session", "today", "last", "prefix", "answers"}


def check_shape(d: Desk) -> None:
    for status in d.statuses:
        assert set(status) == KEYS
        assert status["health"] in ("ok", "warning", "error")
        assert isinstance(status["quiescent"], bool)
        assert (status["message"] == "") == (status["health"] == "ok") == (status["condition"] is None)
        assert set(status["session"]) == set(status["today"]) == TOTALS_KEYS
        assert status["last"] is None or set(status["last"]) == USAGE_KEYS
        assert set(status["prefix"]) == {"tokens", "state", "expiresAt"}
        assert status["prefix"]["state"] in ("cold", "warm", "unsupported", "belowMinimum")
        assert (status["prefix"]["expiresAt"] is not None) == (status["prefix"]["state"] == "warm")
        assert set(status["answers"]) == {"tier", "entries", "hits", "misses"}
        assert status["answers"]["tier"] in ("memory", "disk", "redis")


async def test_the_status_tells_the_life_of_a_request() -> None:
    async with desk(Script(first_token_delay=0.05, token_delay=0.001)) as d:
        first = await d.status(lambda _s: True)
        assert first["model"] == MODEL
        assert (first["health"], first["quiescent"], first["last"]) == ("ok", True, None)
        uri = d.open("a.py", TEXT)
        mark = d.lsp.mark()
        result = await d.explain(uri)
        await d.status(lambda s: not s["quiescent"], since=mark)
        done = await d.status(lambda s: s["quiescent"] and s["last"] is not None, since=mark)
        assert done["last"] == result["usage"]
        assert done["session"]["requests"] == done["today"]["requests"] == 1
        assert done["prefix"]["state"] == "warm"
        assert done["prefix"]["tokens"] > 4096
        states = [status["prefix"]["state"] for status in d.statuses]
        assert states[0] == "cold"
        assert states == sorted(states), "from cold to warm, and not back"
        # From bad to good again.
        d.simulator.follow(Script(faults=(Fault(kind="status", status=401),)))
        mark = d.lsp.mark()
        with pytest.raises(Exception, match="-32803"):
            await d.explain(uri, refresh=True)
        assert (await d.status(lambda s: s["health"] == "error", since=mark))["message"]
        mark = d.lsp.mark()
        await d.explain(uri, refresh=True)
        await d.status(lambda s: s["health"] == "ok", since=mark)
        # Another model in the settings is another model in the status.
        mark = d.lsp.mark()
        d.lsp.notify(
            "workspace/didChangeConfiguration", {"settings": {"cachewise": {"model": "openrouter:openai/gpt-5.6-luna"}}}
        )
        await d.status(lambda s: s["model"] == "openrouter:openai/gpt-5.6-luna", since=mark)
        check_shape(d)


async def test_the_first_status_comes_without_being_asked_for() -> None:
    """It waits neither for the client's settings nor for a document."""
    async with desk(capabilities={"workspace": {"configuration": True}}, answerers={}) as d:
        await d.status(lambda _s: True)
        methods = [message.get("method") for message in d.lsp.messages]
        assert "cachewise/status" in methods[:3]


async def test_a_burst_of_changes_is_merged() -> None:
    async with desk() as d:
        await d.status(lambda _s: True)
        uri = d.open("a.py", TEXT)
        await d.explain(uri)
        mark = d.lsp.mark()
        await asyncio.gather(*(d.command("cachewise.accepted", f"id-{number}", 3) for number in range(300)))
        last = await d.status(lambda s: s["session"]["accepted"] == 300, since=mark)
        assert last["session"]["accepted"] == 300
        times = [t for t, m in zip(d.lsp.times, d.lsp.messages, strict=True) if m.get("method") == "cachewise/status"]
        gaps = [later - earlier for earlier, later in pairwise(times)]
        # Times are those of arrival, so a busy machine may push two together, but never six into a second.
        crowded = [n for n in range(len(times) - 6) if times[n + 6] - times[n] < 0.9]
        assert not crowded, gaps
        check_shape(d)


async def test_two_servers_of_one_user_share_the_day() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        async with desk(home=home) as one, desk(home=home) as other:
            mine = await one.explain(one.open("a.py", TEXT))
            await one.usage()
            theirs = await other.explain(other.open("b.py", TEXT))
            both = mine["usage"]["costUsd"] + theirs["usage"]["costUsd"]
            for d in (other, one):
                sums = await d.usage()
                assert sums["today"]["requests"] == 2
                assert sums["session"]["requests"] == 1
                assert abs(sums["today"]["costUsd"] - both) < 1e-9
        async with desk(home=home) as later:
            status = await later.status(lambda s: s["today"]["requests"] == 2)
            assert status["session"]["requests"] == 0

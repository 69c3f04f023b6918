"""Budgets and limits in the real server: what is refused, what editor and status are told, and what is spent."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from cachewise.simulator.script import Script
from cachewise.simulator.server import Simulator
from support.lsp_client import RpcError
from support.redis_server import redis_server
from support.server import Desk, desk, python_module

TEXT = python_module(60)
AT = (6, 8)
END = (7, 19)
"""The end of a line, where typing asks for more."""


def day(usd: float) -> dict[str, Any]:
    return {"budget": {"perDayUsd": usd}}


async def refused(d: Desk, uri: str, **more: Any) -> RpcError:
    """The error of a question that a budget forbids; nothing may have left."""
    before = len(d.records)
    with pytest.raises(RpcError) as error:
        await d.explain(uri, **more)
    assert error.value.code == -32803
    assert len(d.records) == before
    return error.value


def check_data(error: RpcError, budget: str, limit: float) -> None:
    assert set(error.data) == {"kind", "budget", "estimateUsd", "limitUsd"}
    assert (error.data["kind"], error.data["budget"], error.data["limitUsd"]) == ("overBudget", budget, limit)
    assert error.data["estimateUsd"] > limit or budget == "budget.perDayUsd"
    assert budget in str(error)


async def test_a_request_over_its_budget_is_refused_with_its_estimate_and_allowed_once() -> None:
    async with desk(options={"budget": {"perRequestUsd": 0.001}}) as d:
        uri = d.open("a.py", TEXT)
        check_data(await refused(d, uri), "budget.perRequestUsd", 0.001)
        status = await d.status(lambda s: s["health"] == "error")
        assert "budget.perRequestUsd" in status["message"]
        mark = d.lsp.mark()
        answer = await d.explain(uri, allowOverBudget=True)
        assert answer["usage"]["costUsd"] > 0.001
        await d.status(lambda s: s["health"] == "ok", since=mark)
        check_data(await refused(d, uri, refresh=True), "budget.perRequestUsd", 0.001)
        with pytest.raises(RpcError) as wrong:
            await d.explain(uri, allowOverBudget="yes")
        assert wrong.value.code == -32602


async def test_the_estimate_is_near_the_bill_once_the_provider_has_counted() -> None:
    async with desk(options={"budget": {"perRequestUsd": 0.0001}}) as d:
        await d.explain(d.open("a.py", TEXT), allowOverBudget=True)
        uri = d.open("b.py", python_module(120, "second"))
        estimate = (await refused(d, uri)).data["estimateUsd"]
        usage = (await d.explain(uri, allowOverBudget=True))["usage"]
        # All output tokens are in the estimate, and the answer is shorter.
        unused = (1500 - usage["outputTokens"]) * 5e-6
        assert usage["costUsd"] == pytest.approx(estimate - unused, rel=0.15)


async def test_the_budget_of_a_day_holds_over_two_servers_and_a_restart(tmp_path: Path) -> None:
    async with desk(options=day(0.1), home=tmp_path) as one, desk(options=day(0.1), home=tmp_path) as other:
        spent = await spend(one, other)
        assert 0.03 < spent <= 0.1
        charged = sum(float(r.cost) for d in (one, other) for r in d.records if r.cost is not None)
        assert charged == pytest.approx(spent)
    async with desk(options=day(0.1), home=tmp_path) as again:
        status = await again.status(lambda s: s["today"]["costUsd"] > 0)
        assert status["today"]["costUsd"] == pytest.approx(spent)
        # What is left may be enough for a few requests without so many open files.
        assert spent + await spend(again) <= 0.1


async def spend(*desks: Desk) -> float:
    """Ask in turn, about another file each time, until the budget of ten cents forbids it."""
    spent = 0.0
    for number in range(60):
        d = desks[number % len(desks)]
        uri = d.open(f"part{number}.py", python_module(60, f"part{number}"))
        try:
            spent += (await d.explain(uri))["usage"]["costUsd"]
        except RpcError as error:
            check_data(error, "budget.perDayUsd", 0.1)
            return spent
    raise AssertionError("nothing was refused")


async def test_requests_at_once_do_not_pass_the_budget_together() -> None:
    async with desk(Script(token_delay=0.005), options=day(0.1)) as d:
        uris = [d.open(f"{number}/a.py", python_module(60, f"m{number}")) for number in range(20)]
        answers = await asyncio.gather(*(d.explain(uri) for uri in uris), return_exceptions=True)
        errors = [answer for answer in answers if isinstance(answer, RpcError)]
        assert 0 < len(errors) < 20
        for error in errors:
            check_data(error, "budget.perDayUsd", 0.1)
        assert len(d.records) == 20 - len(errors)
        await d.quiet()
        assert sum(float(record.cost or 0) for record in d.records) <= 0.1


async def test_a_completion_over_budget_is_empty_and_the_status_says_why() -> None:
    async with desk(options=day(0)) as d:
        uri = d.open("a.py", TEXT)
        for kind in (1, 2):
            assert await d.complete(uri, *AT, kind=kind) == []
        status = await d.status(lambda s: s["health"] == "error")
        assert "budget.perDayUsd" in status["message"]
        assert d.records == []
        assert (await d.usage())["session"]["requests"] == 0


async def test_from_four_fifths_on_the_status_warns() -> None:
    async with desk() as d:
        uri = d.open("a.py", TEXT)
        cost = (await d.explain(uri))["usage"]["costUsd"]
        mark = d.lsp.mark()
        d.lsp.notify("workspace/didChangeConfiguration", {"settings": {"cachewise": day(round(cost * 1.1, 6))}})
        status = await d.status(lambda s: s["health"] == "warning", since=mark)
        assert "of today's budget" in status["message"]
        mark = d.lsp.mark()
        d.lsp.notify("workspace/didChangeConfiguration", {"settings": {"cachewise": day(100)}})
        await d.status(lambda s: s["health"] == "ok", since=mark)


async def test_prewarming_keeps_the_budget_too() -> None:
    async with desk(options=day(0)) as d:
        uri = d.open("a.py", TEXT)
        with pytest.raises(RpcError) as error:
            await d.command("cachewise.prewarm", {"uri": uri})
        assert error.value.data["kind"] == "overBudget"
        assert d.records == []
        usage = await d.command("cachewise.prewarm", {"uri": uri, "allowOverBudget": True})
        assert usage["costUsd"] > 0


async def test_a_budget_of_the_user_is_not_loosened_by_the_editor() -> None:
    async with desk(config="[budget]\nperDayUsd = 0\n", options=day(100)) as d:
        check_data(await refused(d, d.open("a.py", TEXT)), "budget.perDayUsd", 0)


async def test_what_is_asked_by_hand_waits_for_room_and_what_typing_asked_is_dropped() -> None:
    config = "[limits]\nconcurrent = 1\n"
    async with desk(Script(token_delay=0.02), config=config, options={"completion": {"debounceMs": 0}}) as d:
        one, other = (d.open(name, TEXT) for name in ("one.py", "other.py"))
        running = asyncio.create_task(d.explain(one))
        await d.simulator.until(lambda: len(d.records) == 1, 30)
        waiting = asyncio.create_task(d.explain(other))
        assert await d.complete(other, *END, kind=2) == []
        assert len(d.records) == 1
        status = await d.status(lambda s: s["health"] == "warning")
        assert "limits.concurrent" in status["message"]
        assert (await running)["text"]
        assert (await waiting)["text"]
        first, second = d.records
        assert first.ended_at is not None
        assert second.received_at >= first.ended_at


async def test_a_hover_does_not_wait_for_room() -> None:
    config, script = "[limits]\nconcurrent = 1\n", Script(token_delay=0.02)
    async with desk(script, config=config, options={"hover": "always"}) as d:
        uri = d.open("a.py", TEXT)
        running = asyncio.create_task(d.explain(uri))
        await d.until(lambda: len(d.records) == 1)
        params = {"textDocument": {"uri": uri}, "position": {"line": 12, "character": 6}}
        assert await d.lsp.request("textDocument/hover", params) is None
        assert len(d.records) == 1
        assert not running.done()
        await running
        assert (await d.lsp.request("textDocument/hover", params))["contents"]["value"]


async def test_so_many_requests_a_minute() -> None:
    async with desk(config="[limits]\nrequestsPerMinute = 1\n") as d:
        uri = d.open("a.py", TEXT)
        assert (await d.explain(uri))["text"]
        with pytest.raises(RpcError) as error:
            await d.explain(uri, refresh=True)
        assert error.value.code == -32803
        assert error.value.data["kind"] == "busy"
        assert 0 < error.value.data["retryAfter"] <= 60
        assert len(d.records) == 1


async def test_limits_are_shared_by_servers_with_one_redis_and_one_key(tmp_path: Path) -> None:
    with redis_server() as redis:
        env = {"CACHEWISE_REDIS_URL": redis.url}
        async with Simulator() as provider:
            env["OPENROUTER_BASE_URL"] = provider.openrouter_url
            for config, data in (
                ("[limits]\nrequestsPerMinute = 1\n", "busy"),
                ("[limits]\nconcurrent = 1\n", None),
            ):
                redis.command("FLUSHALL")
                homes = [tmp_path / f"{data}-{number}" for number in range(2)]
                async with (
                    desk(config=config, env=env, home=homes[0]) as one,
                    desk(config=config, env=env, home=homes[1]) as other,
                ):
                    uris = [d.open("a.py", TEXT) for d in (one, other)]
                    before = len(provider.requests)
                    answers = await asyncio.gather(one.explain(uris[0]), other.explain(uris[1]), return_exceptions=True)
                    errors = [answer for answer in answers if isinstance(answer, RpcError)]
                    if data is not None:
                        assert [error.data["kind"] for error in errors] == [data]
                        continue
                    assert errors == []
                    first, second = provider.requests[before:]
                    assert first.ended_at is not None
                    assert second.received_at >= first.ended_at


async def test_the_ledger_names_the_workspace_and_the_route_but_no_path(tmp_path: Path) -> None:
    async with desk(home=tmp_path) as d:
        await d.explain(d.open("a.py", TEXT))
        folder = str(d.workspace)
    content = b"".join(path.read_bytes() for path in tmp_path.rglob("ledger.sqlite3*"))
    assert b"project " in content
    assert folder.encode() not in content
    assert b"a.py" not in content

"""The answer cache in the real server: ask once, pay once, and be told the same again."""

from __future__ import annotations

import asyncio
import functools
from pathlib import Path
from typing import Any

import pytest

from cachewise.simulator.script import Fault, Script
from support import server
from support.lsp_client import DEADLINE, RpcError
from support.redis_server import redis_server
from support.server import Desk, python_module
from support.stored_answers import BILL, HELPER, check_stored

TEXT = python_module(60)
FUNCTION = (4, 10)
"""The first function of `TEXT`."""

desk = functools.partial(server.desk, answers=True)


def deltas(d: Desk, token: str) -> str:
    """The deltas of a token, joined."""
    found = d.lsp.progress(token)
    assert [delta["seq"] for delta in found] == list(range(len(found)))
    return "".join(delta["text"] for delta in found)


async def test_fifty_equal_questions_at_once_make_one_request() -> None:
    async with desk(Script(token_delay=0.005)) as d:
        uri = d.open("a.py", TEXT)
        answers = await asyncio.gather(
            *(d.explain(uri, *FUNCTION, partialResultToken=f"p{n}", workDoneToken=f"w{n}") for n in range(50))
        )
        assert len(d.records) == 1
        assert {answer["text"] for answer in answers} == {d.records[0].text}
        assert [deltas(d, f"p{n}") for n in range(50)] == [d.records[0].text] * 50
        [paid] = [answer for answer in answers if answer["source"] == "provider"]
        assert paid["usage"]["costUsd"] > 0
        for answer in answers:
            if answer is not paid:
                check_stored(answer, paid)
        assert len(d.lsp.progress("p7")) > 3, "those who wait are not streamed to"
        session = (await d.usage())["session"]
        assert (session["requests"], session["answersHits"]) == (1, 49)
        assert session["costUsd"] == pytest.approx(paid["usage"]["costUsd"])
        assert session["answersSavedUsd"] == pytest.approx(49 * paid["usage"]["costUsd"])


async def test_one_who_cancels_leaves_the_stream_to_the_rest() -> None:
    async with desk(Script(token_delay=0.02)) as d:
        uri = d.open("a.py", TEXT)
        leader, first = d.lsp.start_request("cachewise/explain", d.explain_params(uri, partialResultToken="p"))
        await d.lsp.wait_for("$/progress", lambda p: p["token"] == "p")
        _, second = d.lsp.start_request("cachewise/explain", d.explain_params(uri, partialResultToken="q"))
        await d.lsp.wait_for("$/progress", lambda p: p["token"] == "q")
        d.lsp.cancel(leader)
        with pytest.raises(RpcError) as error:
            await asyncio.wait_for(first, DEADLINE)
        assert error.value.code == -32800
        answer = await asyncio.wait_for(second, DEADLINE)
        [record] = d.records
        assert record.outcome == "complete"
        assert answer["text"] == record.text == deltas(d, "q")
        assert answer["source"] == "provider", "somebody carries the cost"
        session = (await d.usage())["session"]
        assert (session["requests"], session["answersHits"]) == (1, 0)


async def test_a_failure_reaches_everybody_and_is_not_stored() -> None:
    async with desk(Script(faults=(Fault(kind="status", status=401),), token_delay=0.01)) as d:
        uri = d.open("a.py", TEXT)
        answers = await asyncio.gather(*(d.explain(uri) for _ in range(5)), return_exceptions=True)
        assert {type(answer) for answer in answers} == {RpcError}
        assert len(d.records) == 1
        assert (await d.explain(uri))["source"] == "provider"


async def test_a_cut_off_answer_is_not_stored() -> None:
    async with desk(Script(faults=(Fault(kind="truncated", after_tokens=5),) * 3)) as d:
        uri = d.open("a.py", TEXT)
        with pytest.raises(RpcError):
            await d.explain(uri)
        d.simulator.follow(Script())
        assert (await d.explain(uri))["source"] == "provider"


async def test_what_keeps_an_answer_and_what_loses_it(tmp_path: Path) -> None:
    async with desk(home=tmp_path, options={"codeLens": False}) as d:
        uri = d.open("a.py", TEXT)
        original = await d.explain(uri, *FUNCTION)
        check_stored(await d.explain(uri, *FUNCTION, partialResultToken="p"), original)
        assert deltas(d, "p") == original["text"]
        await d.quiet()
    async with desk(home=tmp_path) as d:
        uri = d.open("a.py", TEXT)
        check_stored(await d.explain(uri, *FUNCTION), original)
        assert d.records == [], "after a restart"
        status = await d.status(lambda s: s["answers"]["hits"] == 1)
        assert status["answers"]["tier"] == "disk"
        assert status["answers"]["entries"] >= 1
        d.edit(uri, 40, 0, "# something else\n")
        check_stored(await d.explain(uri, *FUNCTION), original)
        d.edit(uri, 2, 0, "# above\n")
        check_stored(await d.explain(uri, FUNCTION[0] + 1, FUNCTION[1] + 1), original)
        assert d.records == [], "after an edit elsewhere"
        d.edit(uri, FUNCTION[0] + 3, 4, "grand_")
        fresh = await d.explain(uri, FUNCTION[0] + 1, FUNCTION[1] + 1)
        assert (fresh["source"], len(d.records)) == ("provider", 1), "after an edit inside"
        again = await d.explain(uri, FUNCTION[0] + 1, FUNCTION[1] + 1, refresh=True)
        assert (again["source"], len(d.records)) == ("provider", 2), "refresh asks again"
        check_stored(await d.explain(uri, FUNCTION[0] + 1, FUNCTION[1] + 1), again)
        assert (await d.ask(uri, "Why?"))["source"] == "provider"
        assert (await d.ask(uri, "Why?"))["source"] == "answers"
        assert (await d.ask(uri, "Why not?"))["source"] == "provider"


async def test_a_changed_dependency_marks_the_answer_until_it_is_asked_again() -> None:
    async with desk(capabilities=server.VIRTUAL) as d:
        helper, other = d.open("prices.py", HELPER), d.open("colours.py", "RED = 1\n")
        uri = d.open("bill.py", BILL)
        original = await d.explain(uri, 4, 6)
        assert await again(d, uri) == []
        d.edit(other, 0, 0, "GREEN = 2\n")
        check_stored(await d.explain(uri, 4, 6), original)
        d.edit(helper, 1, 21, "0")
        stale = await d.explain(uri, 4, 6, workDoneToken="w")
        assert stale.pop("contextChanged") is True
        check_stored(stale, original)
        assert len(d.records) == 1
        [end] = [p["message"] for p in d.lsp.progress("w") if p["kind"] == "end"]
        assert "what it depends on has changed" in end
        [action] = await again(d, uri)
        result = await d.lsp.request("workspace/executeCommand", action["command"])
        assert (result["source"], len(d.records)) == ("provider", 2)
        assert await again(d, uri) == []
        check_stored(await d.explain(uri, 4, 6), result)
        d.edit(helper, 1, 21, "", end=(1, 22))
        assert (await d.explain(uri, 4, 6))["contextChanged"] is True
        d.edit(uri, 5, 4, "# inside\n    ")
        inside = await d.explain(uri, 4, 7)
        assert (inside["source"], "contextChanged" in inside) == ("provider", False)


async def again(d: Desk, uri: str) -> list[dict[str, Any]]:
    """The code actions that ask once more, for a cursor in the fifth line."""
    where = {"start": {"line": 4, "character": 6}, "end": {"line": 4, "character": 6}}
    params = {"textDocument": {"uri": uri}, "range": where, "context": {"diagnostics": []}}
    actions = await d.lsp.request("textDocument/codeAction", params)
    return [action for action in actions if "again" in action["title"]]


async def test_a_stored_answer_needs_no_key_and_no_provider(tmp_path: Path) -> None:
    async with desk(home=tmp_path) as d:
        original = await d.explain(d.open("a.py", TEXT), *FUNCTION)
    async with desk(home=tmp_path, env={"OPENROUTER_API_KEY": None}, options={"budget": {"perDayUsd": 0}}) as d:
        uri = d.open("a.py", TEXT)
        check_stored(await d.explain(uri, *FUNCTION), original)
        with pytest.raises(RpcError) as error:
            await d.explain(uri, 12, 18)
        assert error.value.code == -32803


async def test_without_the_cache_everything_is_asked() -> None:
    async with desk(options={"answers": {"enabled": False}}) as d:
        uri = d.open("a.py", TEXT)
        for count in (1, 2):
            assert (await d.explain(uri))["source"] == "provider"
            assert len(d.records) == count


async def test_two_servers_share_a_redis_and_lose_it(tmp_path: Path) -> None:
    with redis_server() as redis:
        env = {"CACHEWISE_REDIS_URL": redis.url}
        async with desk(env=env, home=tmp_path / "one") as one:
            original = await one.explain(one.open("a.py", TEXT), *FUNCTION)
        async with desk(env=env, home=tmp_path / "other") as other:
            uri = other.open("a.py", TEXT)
            check_stored(await other.explain(uri, *FUNCTION), original)
            assert other.records == []
            status = await other.status(lambda s: s["answers"]["hits"] == 1)
            assert status["answers"]["tier"] == "redis"
            mark = other.lsp.mark()
            redis.stop()
            for number in range(5):
                assert (await other.explain(uri, 12 + number, 18))["source"] == "provider"
            check_stored(await other.explain(uri, *FUNCTION), original)
            status = await other.status(lambda s: s["health"] == "warning", since=mark)
            assert "Redis" in status["message"]


async def test_equal_questions_of_two_servers_at_once_make_one_request(tmp_path: Path) -> None:
    script = Script(token_delay=0.01)
    async with desk(script, home=tmp_path) as one, desk(script, home=tmp_path) as other:
        uris = [d.open("a.py", TEXT) for d in (one, other)]
        answers = await asyncio.gather(one.explain(uris[0], *FUNCTION), other.explain(uris[1], *FUNCTION))
        assert len(one.records) + len(other.records) == 1
        assert answers[0]["text"] == answers[1]["text"]
        assert sorted(answer["source"] for answer in answers) == ["answers", "provider"]

"""Provider failures as an editor sees them: an error or no suggestion, a word in the status, then all is well."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from cachewise.simulator.script import Fault, Script
from support.lsp_client import RpcError
from support.server import KEY, Desk, desk, python_module
from support.upstream import END, HOLD, Step, Upstream, chat, response, stream_head

pytestmark = pytest.mark.asyncio(loop_scope="module")

TEXT = python_module(30)


@dataclass(frozen=True)
class Case:
    """A failure, often enough that retries meet it too, and what is said about it."""

    fault: Fault
    kind: str
    status: int | None
    health: str
    says: str
    times: int = 1
    partial: bool = False
    """Whether some text comes before it."""


CASES = {
    "401": Case(Fault(kind="status", status=401), "auth", 401, "error", "did not accept the key"),
    "402": Case(Fault(kind="status", status=402), "payment", 402, "error", "no credit"),
    "403": Case(Fault(kind="status", status=403), "auth", 403, "error", "did not accept the key"),
    "404": Case(Fault(kind="status", status=404), "notFound", 404, "error", "no model"),
    "429": Case(Fault(kind="status", status=429, retry_after=0.01), "rateLimit", 429, "warning", "limits", times=3),
    "429, wait too long": Case(Fault(kind="status", status=429, retry_after=600), "rateLimit", 429, "warning", "600 s"),
    "500": Case(
        Fault(kind="status", status=500, retry_after=0.01), "server", 500, "warning", "problem of its own", times=3
    ),
    "502": Case(
        Fault(kind="status", status=502, retry_after=0.01), "server", 502, "warning", "problem of its own", times=3
    ),
    "503": Case(
        Fault(kind="status", status=503, retry_after=0.01), "overloaded", 503, "warning", "overloaded", times=3
    ),
    "reset before the headers": Case(
        Fault(kind="reset"), "connection", None, "warning", "could not be reached", times=3
    ),
    "reset in the stream": Case(
        Fault(kind="resetMidStream", after_tokens=5), "connection", None, "warning", "in the middle", partial=True
    ),
    "garbage": Case(Fault(kind="garbage", after_tokens=5), "protocol", None, "warning", "garbled", partial=True),
    "error in the stream": Case(
        Fault(kind="errorMidStream", status=502, after_tokens=5),
        "server",
        502,
        "warning",
        "problem of its own",
        partial=True,
    ),
    "error in the stream, payment": Case(
        Fault(kind="errorMidStream", status=402, after_tokens=5), "payment", 402, "error", "no credit", partial=True
    ),
    "cut off": Case(Fault(kind="truncated", after_tokens=5), "protocol", None, "warning", "broke off", partial=True),
}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def one() -> AsyncIterator[Desk]:
    async with desk() as d:
        yield d


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
async def test_an_explanation_fails_clearly_and_the_next_one_works(one: Desk, case: Case) -> None:
    uri = one.open("explained.py", TEXT)
    one.simulator.follow(Script(faults=(case.fault,) * case.times))
    before, mark, sums = len(one.records), one.lsp.mark(), await one.usage()
    token, work = one.token("p"), one.token("w")
    with pytest.raises(RpcError) as failed:
        await one.explain(uri, partialResultToken=token, workDoneToken=work, refresh=True)
    error = failed.value
    assert error.code == -32803
    check_sentence(error.message, case.says)
    assert error.data["kind"] == case.kind
    assert error.data["status"] == case.status
    assert len(one.records) - before == case.times, "retries other than before the first token"
    assert bool(one.lsp.progress(token)) == case.partial
    ends = [value for value in one.lsp.progress(work) if value["kind"] == "end"]
    assert len(ends) == 1
    assert ends[0]["message"].startswith("explain failed · ")
    assert error.message in ends[0]["message"]
    status = await one.status(lambda s: s["health"] != "ok", since=mark)
    assert (status["health"], status["message"]) == (case.health, error.message)
    after = await one.usage()
    assert after["session"]["requests"] == sums["session"]["requests"] + 1, "a failed request counts"
    assert after["recent"][-1]["outcome"] == "failed"
    mark = one.lsp.mark()
    result = await one.explain(uri, refresh=True)
    assert result["text"] == one.records[-1].text
    assert (await one.status(lambda s: s["health"] == "ok", since=mark))["message"] == ""


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
async def test_a_completion_fails_silently_and_the_next_one_works(one: Desk, case: Case) -> None:
    uri = one.open(f"completed_{len(one.records)}.py", TEXT)  # a new one, for which no suggestion is kept
    one.simulator.follow(Script(answer="first + second", faults=(case.fault,) * min(case.times, 2)))
    mark = one.lsp.mark()
    assert await one.complete(uri, 6, 4) == []
    status = await one.status(lambda s: s["health"] != "ok", since=mark)
    assert status["health"] == case.health
    check_sentence(status["message"], case.says)
    assert await one.complete(uri, 6, 4)


def check_sentence(sentence: str, says: str) -> None:
    """A sentence for people: no key, no traceback, no name of an exception, one line."""
    assert says in sentence
    assert re.match(r"[A-Z].*[.!?…]$", sentence)
    assert "\n" not in sentence
    assert KEY not in sentence
    for sign in ("Error", "Exception", "httpx", "pydantic", "openai", "Traceback"):
        assert sign not in sentence


async def test_a_redirect_is_not_followed_and_carries_nothing() -> None:
    elsewhere_script = [response(200, b"{}")]
    async with Upstream(elsewhere_script) as elsewhere:
        for location in (elsewhere.url + "/api/v1/chat/completions", "https://example.invalid/x"):
            moved = [response(307, headers={"location": location})]
            async with Upstream(moved) as upstream, desk(env={"OPENROUTER_BASE_URL": upstream.url + "/api/v1"}) as d:
                uri = d.open("a.py", TEXT)
                with pytest.raises(RpcError) as failed:
                    await d.explain(uri)
                assert failed.value.code == -32803
                assert failed.value.data["status"] == 307
                check_sentence(failed.value.message, "redirect")
                assert await d.complete(uri, 6, 4) == []
        assert elsewhere.connections == 0


async def test_a_stalled_stream_does_not_stop_anything_else() -> None:
    held: list[Step] = [stream_head(headers={"x-generation-id": "gen-1"}), chat("So much and "), HOLD]
    good = [stream_head(), chat("All of it.", finish="stop"), END]
    async with Upstream(held, good) as upstream, desk(env={"OPENROUTER_BASE_URL": upstream.url + "/api/v1"}) as d:
        uri = d.open("a.py", TEXT)
        request, stalled = d.lsp.start_request("cachewise/explain", d.explain_params(uri, partialResultToken="p"))
        await d.lsp.wait_for("$/progress")
        assert (await d.explain(uri, 6, 9))["text"] == "All of it."
        assert not stalled.done()
        d.lsp.cancel(request)
        await upstream.until_gone()


async def test_a_provider_that_is_not_there() -> None:
    async with Upstream([]) as upstream:
        gone = upstream.url
    async with desk(env={"OPENROUTER_BASE_URL": gone + "/api/v1"}) as d:
        uri = d.open("a.py", TEXT)
        mark = d.lsp.mark()
        assert await d.complete(uri, 6, 4) == []
        status = await d.status(lambda s: s["health"] == "warning", since=mark)
        check_sentence(status["message"], f"could not be reached at {gone}")


async def test_without_home_folders_that_can_be_written_the_work_goes_on(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    blocked = tmp_path_factory.mktemp("blocked") / "file"
    blocked.write_text("a file where folders should be")
    async with desk(env={"XDG_STATE_HOME": str(blocked), "XDG_CACHE_HOME": str(blocked)}) as d:
        uri = d.open("a.py", TEXT)
        assert (await d.explain(uri))["text"]
        status = await d.status(lambda s: s["health"] == "warning")
        assert status["message"]
        assert (await d.usage())["session"]["requests"] == 1


async def test_no_key_means_no_request_and_a_word_about_what_to_do() -> None:
    async with desk(env={"OPENROUTER_API_KEY": None}) as d:
        status = await d.status(lambda s: s["health"] == "warning")
        assert "OPENROUTER_API_KEY" in status["message"]
        uri = d.open("a.py", TEXT)
        for ask in (
            lambda: d.explain(uri),
            lambda: d.ask(uri, "Why?"),
            lambda: d.command("cachewise.prewarm", {"uri": uri}),
        ):
            with pytest.raises(RpcError) as refused:
                await ask()
            assert refused.value.code == -32803
            assert refused.value.data == {"kind": "noKey"}
            assert refused.value.message == status["message"]
        assert await d.complete(uri, 6, 4) == []
        d.edit(uri, 6, 4, "typing goes on")
        assert (await d.usage())["session"]["requests"] == 0
        assert d.records == []
        assert d.simulator.open_sockets == 0
        # The vendors' libraries hold compiled modules, which show in the map of the process where they were imported.
        maps = (await _read(f"/proc/{d.lsp.pid}/maps")).lower()
        assert "pydantic_core" not in maps
        assert "jiter" not in maps


async def test_the_map_of_a_process_does_show_the_libraries(one: Desk) -> None:
    """What the test without a key looks for is there with one."""
    await one.explain(one.open("b.py", TEXT))
    assert "pydantic_core" in (await _read(f"/proc/{one.lsp.pid}/maps")).lower()


async def _read(path: str) -> str:
    import asyncio
    from pathlib import Path

    return await asyncio.to_thread(Path(path).read_text)

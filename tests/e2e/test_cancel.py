"""Cancelling: the answer is at once, the provider's connection is closed, and nothing is left behind."""

from __future__ import annotations

import asyncio
import statistics
import time

import pytest

from cachewise.simulator.script import Fault, Script
from support.lsp_client import DEADLINE, RpcError
from support.server import Desk, desk, python_module

TEXT = python_module(30)
CANCELS = 1000
AT_ONCE = 25


async def cancelled(d: Desk, request: int, reply: asyncio.Future[object]) -> float:
    """Cancel a request; the seconds until it was answered as cancelled."""
    began = time.perf_counter()
    d.lsp.cancel(request)
    with pytest.raises(RpcError) as answer:
        await asyncio.wait_for(reply, DEADLINE)
    assert answer.value.code == -32800
    return time.perf_counter() - began


async def test_a_cancel_is_answered_while_the_stream_stands_still() -> None:
    async with desk() as d:
        uri = d.open("a.py", TEXT)
        # What is answered during a stall was not waiting for the next token.
        d.simulator.follow(Script(faults=(Fault(kind="stall", after_tokens=3),) * 2))
        request, reply = d.lsp.start_request(
            "cachewise/explain", d.explain_params(uri, partialResultToken="p", workDoneToken="w")
        )
        await d.lsp.wait_for("$/progress", lambda p: p["token"] == "p")
        mark = d.lsp.mark()
        await cancelled(d, request, reply)
        await d.until(lambda: d.records[0].outcome == "gone")
        end = await d.lsp.wait_for(
            "$/progress", lambda p: p["token"] == "w" and p["value"]["kind"] == "end", since=mark
        )
        assert end["value"]["message"].startswith("explain cancelled · ")
        assert "$" in end["value"]["message"]
        assert not [m for m in d.lsp.messages[mark:] if (m.get("params") or {}).get("token") == "p"]
        # The editor's own button for the work does the same.
        request, reply = d.lsp.start_request("cachewise/explain", d.explain_params(uri, workDoneToken="w2"))
        await d.until(lambda: len(d.records) == 2 and d.records[1].output_tokens == 3)
        d.lsp.notify("window/workDoneProgress/cancel", {"token": "w2"})
        with pytest.raises(RpcError) as answer:
            await asyncio.wait_for(reply, DEADLINE)
        assert answer.value.code == -32800
        await d.until(lambda: d.records[1].outcome == "gone")


async def test_a_cancelled_stream_is_estimated_at_once_and_billed_later() -> None:
    async with desk(Script(faults=(Fault(kind="stall", after_tokens=20),))) as d:
        uri = d.open("a.py", TEXT)
        request, reply = d.lsp.start_request("cachewise/explain", d.explain_params(uri, partialResultToken="p"))
        await d.until(lambda: bool(d.records) and d.records[0].output_tokens == 20)
        await d.lsp.wait_for("$/progress")
        mark = d.lsp.mark()
        await cancelled(d, request, reply)
        status = await d.status(lambda s: s["last"] is not None, since=mark)
        assert status["last"]["outcome"] == "cancelled"
        assert status["last"]["costSource"] == "estimated"
        assert status["last"]["costUsd"] > 0
        [usage] = await d.bill_arrives()
        record = d.records[0]
        assert record.cost is not None
        assert record.charge is not None
        assert abs(usage["costUsd"] - float(record.cost)) < 1e-9
        assert (usage["inputTokens"], usage["outputTokens"]) == (record.charge.total, 20)
        assert usage["outcome"] == "cancelled"
        sums = await d.usage()
        assert sums["session"]["requests"] == sums["today"]["requests"] == 1
        assert abs(sums["today"]["costUsd"] - float(record.cost)) < 1e-9


async def test_a_stream_that_is_cancelled_before_its_first_word_is_billed_later() -> None:
    stall = Fault(kind="stall", after_tokens=0)
    async with desk(Script(faults=(Fault(kind="none"), stall))) as d:
        uris = [d.open(f"{name}.py", TEXT) for name in "abc"]
        await d.lsp.request("cachewise/explain", d.explain_params(uris[0]))
        request, reply = d.lsp.start_request("cachewise/explain", d.explain_params(uris[1]))
        await d.until(lambda: len(d.records) == 2)
        # The head of the one that stands still was sent before this answer, which comes over the same loop.
        await d.lsp.request("cachewise/explain", d.explain_params(uris[2]))
        mark = d.lsp.mark()
        await cancelled(d, request, reply)
        status = await d.status(lambda s: s["last"] is not None and s["last"]["outcome"] == "cancelled", since=mark)
        assert status["last"]["costSource"] == "estimated"
        bills = await d.bill_arrives()
        assert bills[-1]["outcome"] == "cancelled"
        assert d.records[1].cost is not None
        assert abs(bills[-1]["costUsd"] - float(d.records[1].cost)) < 1e-9


def streaming(d: Desk, since: int) -> int:
    """How many requests from that number on have sent some text and go on."""
    return sum(record.outcome == "open" and record.output_tokens > 0 for record in d.records[since:])


@pytest.mark.timeout(180)
async def test_a_thousand_cancels_leave_nothing_behind() -> None:
    async with desk() as d:
        uris = [d.open(f"{number}.py", TEXT) for number in range(AT_ONCE)]
        await asyncio.gather(*(d.complete(uri, 6, 8) for uri in uris))
        await d.quiet()
        baseline = d.descriptors
        d.simulator.follow(Script(token_delay=0.2))
        times: list[float] = []
        for lap in range(CANCELS // AT_ONCE):
            started, seen = [], len(d.records)
            for uri in uris:
                if lap % 2:
                    d.edit(uri, 0, 3, "x")  # or the suggestion of an earlier lap would be answered
                    params, method = d.completion_params(uri, 6, 8), "textDocument/inlineCompletion"
                else:
                    params, method = (
                        d.explain_params(uri, partialResultToken=f"{uri} {lap}", refresh=True),
                        "cachewise/explain",
                    )
                started.append(d.lsp.start_request(method, params))
            # Cancel some on their way out, some on arrival, and most in the middle of the stream.
            if lap % 4 == 2:
                await d.until(lambda seen=seen: len(d.records) > seen)  # type: ignore[misc]
            elif lap % 4 < 2:
                await d.until(lambda seen=seen: streaming(d, seen) == AT_ONCE)  # type: ignore[misc]
            times += await asyncio.gather(*(cancelled(d, request, reply) for request, reply in started))
        await d.until(lambda: all(record.ended_at is not None for record in d.records))
        await d.until(lambda: d.simulator.open_sockets <= AT_ONCE)
        assert len(times) == CANCELS
        assert sum(record.outcome == "gone" for record in d.records) >= CANCELS // 2
        # A request goes through after all that, on a clean table.
        d.simulator.follow(Script())
        assert (await d.explain(uris[0]))["text"]
        status = await d.status(lambda s: s["quiescent"], since=d.lsp.mark() - 5)
        assert status["health"] == "ok"
        assert d.descriptors <= baseline + 5, f"{d.descriptors} descriptors after {baseline}"
        times.sort()
        print(f"median {statistics.median(times) * 1000:.1f} ms, p99 {times[int(len(times) * 0.99)] * 1000:.1f} ms")  # noqa: T201

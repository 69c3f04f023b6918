"""Explain and ask, from the editor's request to the provider's bill and back."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from cachewise.simulator.records import Record
from cachewise.simulator.script import Fault, Script
from support.lsp_client import RpcError
from support.server import TOTALS_KEYS, USAGE_KEYS, Desk, desk, lines, python_module

pytestmark = pytest.mark.asyncio(loop_scope="module")

TEXT = python_module(60)


def check_answer(result: dict[str, Any], record: Record) -> None:
    """The answer is the provider's, and its usage is the provider's bill."""
    assert set(result) == {"text", "source", "model", "usage"}
    assert result["text"] == record.text
    assert result["source"] == "provider"
    check_usage(result["usage"], record)


def check_usage(usage: dict[str, Any], record: Record) -> None:
    assert set(usage) == USAGE_KEYS
    charge = record.charge
    assert charge is not None
    assert usage["inputTokens"] == charge.total
    assert usage["cacheReadTokens"] == charge.read
    assert usage["cacheWriteTokens"] == charge.written
    assert usage["outputTokens"] == record.output_tokens
    assert record.cost is not None
    assert record.uncached_cost is not None
    assert abs(usage["costUsd"] - float(record.cost)) < 1e-9
    assert abs(usage["savedUsd"] - float(record.uncached_cost - record.cost)) < 1e-9
    assert usage["costSource"] == "billed"
    assert usage["source"] == "provider"
    assert usage["outcome"] == "complete"
    assert 0 < usage["firstTokenMs"] <= usage["totalMs"]


def check_deltas(d: Desk, token: str, text: str) -> None:
    deltas = d.lsp.progress(token)
    assert [set(delta) for delta in deltas] == [{"text", "seq"}] * len(deltas)
    assert [delta["seq"] for delta in deltas] == list(range(len(deltas)))
    assert all(delta["text"] for delta in deltas)
    assert "".join(delta["text"] for delta in deltas) == text


def check_work(d: Desk, token: str, ending: str) -> str:
    """Begin and end, once each, around everything else on the token; returns the readout."""
    values = d.lsp.progress(token)
    kinds = [value["kind"] for value in values]
    assert kinds[0] == "begin"
    assert kinds[-1] == "end"
    assert kinds.count("begin") == kinds.count("end") == 1
    assert values[0]["title"]
    message: str = values[-1]["message"]
    assert message.startswith(ending)
    return message


async def test_explain_streams_the_providers_text_and_tells_its_bill(shared: Desk) -> None:
    uri = shared.open("stream.py", TEXT)
    shared.simulator.follow(Script(token_delay=0.002))
    before = len(shared.records)
    result = await shared.explain(uri, 4, 30, partialResultToken="p1", workDoneToken="w1")
    await shared.quiet()
    [record] = shared.records[before:]
    check_answer(result, record)
    check_deltas(shared, "p1", record.text)
    assert len(shared.lsp.progress("p1")) > 3, "the text came in one piece, so it was not streamed"
    readout = check_work(shared, "w1", "explain · ")
    assert f"{record.output_tokens} out" in readout
    assert "$" in readout
    assert "~" not in readout, "a billed cost is shown as estimated"
    # Everything about a request comes before its answer.
    replied = next(n for n, m in enumerate(shared.lsp.messages) if m.get("result") == result)
    last = max(n for n, m in enumerate(shared.lsp.messages) if (m.get("params") or {}).get("token") in ("p1", "w1"))
    assert last < replied


async def test_the_first_text_is_forwarded_before_the_second_exists(shared: Desk) -> None:
    uri = shared.open("first.py", TEXT)
    shared.simulator.follow(Script(faults=(Fault(kind="stall", after_tokens=1, seconds=None),)))
    request, future = shared.lsp.start_request(
        "cachewise/explain", shared.explain_params(uri, partialResultToken="p-first")
    )
    delta = await shared.lsp.wait_for("$/progress", lambda p: p["token"] == "p-first")
    assert delta["value"] == {"text": shared.records[-1].text, "seq": 0}
    shared.lsp.cancel(request)
    await asyncio.wait({future})


async def test_without_tokens_only_the_answer_comes(shared: Desk) -> None:
    uri = shared.open("plain.py", TEXT)
    mark = shared.lsp.mark()
    result = await shared.explain(uri)
    assert result["text"]
    assert [m for m in shared.lsp.messages[mark:] if m.get("method") == "$/progress"] == []


async def test_ask_sends_the_question_and_is_billed_as_ask(shared: Desk) -> None:
    uri = shared.open("asked.py", TEXT)
    result = await shared.ask(uri, "Why is the sky made of numbers?", partialResultToken="p2", workDoneToken="w2")
    await shared.quiet()
    record = shared.records[-1]
    check_answer(result, record)
    check_deltas(shared, "p2", record.text)
    check_work(shared, "w2", "ask · ")
    assert result["usage"]["feature"] == "ask"
    assert b"Why is the sky made of numbers?" in record.raw_body


async def test_a_position_explains_as_well_as_a_range(shared: Desk) -> None:
    uri = shared.open("cursor.py", TEXT)
    params = {"textDocument": {"uri": uri}, "position": {"line": 6, "character": 8}}
    result = await shared.lsp.request("cachewise/explain", params)
    await shared.quiet()
    check_answer(result, shared.records[-1])


async def test_the_command_shows_a_document_that_grows(shared: Desk) -> None:
    uri = shared.open("paged.py", TEXT)
    shared.simulator.follow(Script(token_delay=0.004))

    def refreshed(params: Any) -> None:
        shared.lsp.start_request("workspace/textDocumentContent", {"uri": params["uri"]})

    shared.lsp.answerers["workspace/textDocumentContent/refresh"] = refreshed
    mark = shared.lsp.mark()
    argument = {"uri": uri, "range": lines(4, 40), "token": "p3", "show": True}
    result = await shared.command("cachewise.explain", argument, token="w3")
    await shared.quiet()
    record = shared.records[-1]
    assert result["text"] == record.text
    check_usage(result["usage"], record)
    check_deltas(shared, "p3", record.text)
    readout = check_work(shared, "w3", "explain · ")
    shown = await shared.lsp.wait_for("window/showDocument", since=mark)
    page = shown["uri"]
    assert page.startswith("cachewise:/")
    assert page == result["document"]
    # The last refresh comes after the end, so that the client fetches the whole of it.
    end = next(n for n, m in enumerate(shared.lsp.messages) if m.get("result") == result)
    await shared.lsp.wait_for("workspace/textDocumentContent/refresh", lambda p: p["uri"] == page, since=end)
    whole = await shared.lsp.request("workspace/textDocumentContent", {"uri": page})
    texts = [m["result"]["text"] for m in shared.lsp.messages[mark:] if set(m.get("result") or {}) == {"text"}]
    assert len(texts) >= 2
    assert readout in whole["text"]
    assert record.text.split("\n")[-2] in whole["text"]
    # The last line of an unfinished text may still change its meaning, such as one with half a code span.
    bodies = [text.partition("\n\n---\n\n")[0].rpartition("\n")[0] for text in texts]
    assert all(whole["text"].startswith(body.rstrip()) for body in bodies), "what was shown was taken back"
    refreshes = [m for m in shared.lsp.messages[mark:] if m.get("method") == "workspace/textDocumentContent/refresh"]
    assert 2 <= len(refreshes) < len(shared.lsp.progress("p3")), "the document is fetched anew for each delta"


async def test_further_answers_go_into_the_document_of_the_first(shared: Desk) -> None:
    uri = shared.open("further.py", TEXT)
    first = await shared.command(
        "cachewise.explain", {"uri": uri, "range": lines(4, 40), "token": "p4", "document": True}
    )
    named = shared.lsp.progress("p4")[0]
    assert named == {"text": "", "seq": 0, "document": first["document"]}
    page = {"uri": first["document"]}
    ask = {"uri": uri, "range": lines(4, 40), "question": "Why so?", "document": first["document"]}
    second = await shared.command("cachewise.ask", ask)
    assert second["document"] == first["document"]
    both = (await shared.lsp.request("workspace/textDocumentContent", page))["text"]
    assert both.count("\n---\n") == 2, "each answer has its footer"
    assert "> Why so?" in both
    fresh = await shared.command("cachewise.ask", {**ask, "refresh": True})
    assert fresh["source"] == "provider"
    again = (await shared.lsp.request("workspace/textDocumentContent", page))["text"]
    assert again.count("\n---\n") == 2, "a fresh answer takes the place of the last one"
    assert again.count("> Why so?") == 1


async def test_a_command_without_a_token_gets_one_of_the_servers(shared: Desk) -> None:
    uri = shared.open("own-token.py", TEXT)
    mark = shared.lsp.mark()
    await shared.command("cachewise.ask", {"uri": uri, "question": "What is it?"})
    created = await shared.lsp.wait_for("window/workDoneProgress/create", since=mark)
    check_work(shared, created["token"], "ask · ")


async def test_pages_that_are_not_there_are_refused(shared: Desk) -> None:
    with pytest.raises(RpcError) as refused:
        await shared.lsp.request("workspace/textDocumentContent", {"uri": "cachewise:/explain/999/x.md"})
    assert refused.value.code == -32602


async def test_prewarm_writes_the_prefix_that_the_next_question_reads(shared: Desk) -> None:
    async with shared.elsewhere() as d:
        uri = d.open("warm/warmed.py", python_module(120, "warmed"))
        usage = await d.command("cachewise.prewarm", {"uri": uri})
        await d.quiet()
        check_usage(usage, d.records[-1])
        assert usage["feature"] == "warm"
        assert usage["outputTokens"] <= 1
        assert usage["cacheWriteTokens"] > 0
        result = await d.explain(uri)
        assert result["usage"]["cacheReadTokens"] >= 0.85 * result["usage"]["inputTokens"]


async def test_usage_adds_up() -> None:
    async with desk() as d:
        uri = d.open("summed.py", TEXT)
        before = (await d.usage())["session"]
        first, second = await d.explain(uri), await d.ask(uri, "And this?")
        after = await d.usage()
        assert set(after) == {"session", "today", "days", "byModel", "byFeature", "completions", "recent"}
        for totals in (after["session"], after["today"], *after["byModel"].values(), *after["byFeature"].values()):
            assert set(totals) == TOTALS_KEYS
        assert [set(day) for day in after["days"]] == [{"date", *TOTALS_KEYS}]
        assert after["recent"][-2:] == [first["usage"], second["usage"]]
        for name in ("inputTokens", "outputTokens", "cacheReadTokens"):
            assert after["session"][name] - before[name] == first["usage"][name] + second["usage"][name]
        assert after["session"]["requests"] - before["requests"] == 2
        paid = first["usage"]["costUsd"] + second["usage"]["costUsd"]
        assert abs(after["session"]["costUsd"] - before["costUsd"] - paid) < 1e-9
        assert after["today"] == after["session"], "this is the only server of this user"
        assert set(after["byModel"]) == {"openrouter:anthropic/claude-haiku-4.5"}
        assert after["byFeature"]["ask"]["requests"] >= 1

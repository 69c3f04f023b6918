"""Completions of a local server by its fill-in-the-middle, through the server and by the bodies that reach it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from cachewise.simulator.records import Record
from cachewise.simulator.script import Fault, Script
from support.lsp_client import RpcError
from support.server import Desk, desk, python_module

pytestmark = pytest.mark.asyncio(loop_scope="module")

USER_FILE = """
[local.mine]
base_url = "{openai}"
model = "some/model"
"""
ENV: dict[str, str | None] = {
    "CACHEWISE_MODEL": "local:mine", "OPENROUTER_API_KEY": None, "OPENROUTER_BASE_URL": None,
}  # fmt: skip
HELPER = python_module(60, "helper")
MAIN = "import helper\n\n\ndef main() -> int:\n    value = helper.helper_1(1)\n    total = \n    return value\n"
LLAMA = Script(answer="value + 1\n", context=32_768)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def llama() -> AsyncIterator[Desk]:
    """One server, whose model fills in."""
    async with desk(LLAMA, config=USER_FILE, env=ENV) as d:
        yield d


def body(record: Record) -> dict[str, Any]:
    found: dict[str, Any] = record.body
    return found


async def opened(d: Desk) -> str:
    (d.workspace / "helper.py").write_text(HELPER)
    return d.open("main.py", MAIN)


async def test_a_completion_is_filled_in_and_the_next_one_reads_the_prefix(llama: Desk) -> None:
    async with llama.elsewhere(LLAMA) as d:
        uri = await opened(d)
        moment = await d.now()
        (item,) = await d.complete(uri, 5, 12)
        assert item["insertText"] == "value + 1"
        first_usage = await d.used(moment)
        d.edit(uri, 5, 12, "1 + ")
        moment = await d.now()
        await d.complete(uri, 5, 16)
        second_usage = await d.used(moment)
        await d.quiet()
        first, second = d.records
        assert {record.path for record in d.records} == {"/infill"}
        assert [extra["filename"] for extra in body(first)["input_extra"]] == ["helper.py", "main.py"]
        assert [extra["text"] for extra in body(first)["input_extra"]] == [HELPER, MAIN]
        assert body(first)["input_prefix"] == MAIN[: MAIN.index("total = ") + 8]
        assert body(second)["input_prefix"] == body(first)["input_prefix"] + "1 + "
        assert body(first)["input_suffix"] == body(second)["input_suffix"] == "\n    return value\n"
        assert body(second)["input_extra"] == body(first)["input_extra"]
        for usage, record in ((first_usage, first), (second_usage, second)):
            assert record.charge is not None
            assert usage["inputTokens"] == record.charge.total
            assert usage["cacheReadTokens"] == record.charge.read
            assert usage["costUsd"] == 0
        assert second_usage["inputTokens"] - second_usage["cacheReadTokens"] < 200 < first_usage["inputTokens"]
        assert second_usage["cacheMiss"] is None


async def test_explanations_still_go_out_in_words(llama: Desk) -> None:
    async with llama.elsewhere(LLAMA) as d:
        uri = await opened(d)
        await d.explain(uri)
        await d.complete(uri, 5, 12)
        await d.quiet()
        assert [record.path for record in d.records] == ["/v1/chat/completions", "/infill"]


async def test_it_is_warmed_without_a_token_of_answer(llama: Desk) -> None:
    async with llama.elsewhere(LLAMA) as d:
        uri = await opened(d)
        warmed = await d.command("cachewise.prewarm", {"uri": uri})
        moment = await d.now()
        await d.complete(uri, 5, 12)
        usage = await d.used(moment)
        await d.quiet()
        warm, complete = d.records
        assert (warm.path, body(warm)["n_predict"], warm.output_tokens) == ("/infill", 0, 0)
        assert body(warm)["input_extra"] == body(complete)["input_extra"]
        assert (warmed["feature"], warmed["outcome"]) == ("warm", "complete")
        assert usage["cacheReadTokens"] > 0.9 * warmed["inputTokens"] > 1_000


async def test_a_model_of_its_own_for_explanations_is_warmed_in_words() -> None:
    config = USER_FILE + '\n[local.other]\nbase_url = "{openai}"\nmodel = "other"\n'
    env = {**ENV, "CACHEWISE_COMPLETION_MODEL": "local:other"}
    async with desk(LLAMA, config=config, env=env) as d:
        uri = await opened(d)
        await d.command("cachewise.prewarm", {"uri": uri})
        await d.complete(uri, 5, 12)
        await d.quiet()
        assert [(record.path, record.model) for record in d.records] == [
            ("/v1/chat/completions", "some/model"),
            ("/infill", "other"),
        ]


async def test_a_server_that_has_none_completes_by_chat() -> None:
    async with desk(Script(answer="value + 1\n"), config=USER_FILE, env=ENV) as d:
        uri = await opened(d)
        assert (await d.complete(uri, 5, 12))[0]["insertText"] == "value + 1"
        await d.quiet()
        assert [record.path for record in d.records] == ["/v1/chat/completions"]


async def test_a_small_context_is_not_overrun() -> None:
    """llama.cpp would cut the files off at their start, and read all of them anew with each request."""
    async with desk(Script(answer="1\n", context=6_144), config=USER_FILE, env=ENV) as d:
        uri = await opened(d)
        d.open("big.py", python_module(200, "big"))
        await d.complete(uri, 5, 12)
        await d.quiet()
        (record,) = d.records
        assert record.charge is not None
        assert record.charge.total < 6_144 - 2_048
        names = [extra["filename"] for extra in body(record)["input_extra"]]
        assert "main.py" in names
        assert not {"big.py", "helper.py"} <= set(names)


async def test_a_cancel_closes_the_stream(llama: Desk) -> None:
    async with llama.elsewhere(Script(context=32_768, first_token_delay=30.0)) as d:
        uri = await opened(d)
        request, reply = d.lsp.start_request("textDocument/inlineCompletion", d.completion_params(uri, 5, 12))
        await d.until(lambda: len(d.records) == 1)
        d.lsp.cancel(request)
        with pytest.raises(RpcError):
            await reply
        await d.until(lambda: d.records[0].outcome == "gone")


async def test_a_failure_is_told_as_of_any_provider_and_the_server_is_asked_anew() -> None:
    async with desk(Script(context=32_768, faults=(Fault(kind="status", status=404),)), config=USER_FILE, env=ENV) as d:
        uri = await opened(d)
        since = d.lsp.mark()
        assert await d.complete(uri, 5, 12) == []
        status = await d.status(lambda s: s["health"] == "error", since=since)
        assert status["message"]
        d.simulator.follow(Script(answer="value + 1\n"))
        assert (await d.complete(uri, 5, 12))[0]["insertText"] == "value + 1"
        assert [record.path for record in d.records] == ["/infill", "/v1/chat/completions"]

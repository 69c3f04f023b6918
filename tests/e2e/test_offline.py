"""The built-in completer: without a key all there is, with one the first to answer, and never counted as a request."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import pytest_asyncio

from cachewise.simulator.script import Fault, Script
from support.lsp_client import DEADLINE
from support.server import Desk, desk

pytestmark = pytest.mark.asyncio(loop_scope="module")

LINE = "channel = open_channel(address, retries)\n"
OTHER = "".join(f"value_{at} = {at}\n{LINE}" for at in range(12))
TEXT = OTHER + "value_9 = 9\nchannel = op\n"
AT = (25, 12)
REST = "en_channel(address, retries)"
GREW = "cachewise/completionGrew"
NO_KEY: dict[str, str | None] = {"OPENROUTER_API_KEY": None}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def module_server() -> AsyncIterator[Desk]:
    """One server with a key and both that complete."""
    options = {"completion": {"offline": "auto", "debounceMs": 5}}
    async with desk(options=options, offline=True) as d:
        yield d


@asynccontextmanager
async def beside(server: Desk, script: Script) -> AsyncIterator[tuple[Desk, str]]:
    """At that server, as `workplace`."""
    async with server.elsewhere(script) as d:
        yield d, d.open("new.py", TEXT)


@asynccontextmanager
async def workplace(
    script: Script | None = None, *, mode: str = "auto", env: dict[str, str | None] | None = None, model: str = ""
) -> AsyncIterator[tuple[Desk, str]]:
    """A desk with a document that goes on as it has gone before."""
    options = {"completion": {"offline": mode, "debounceMs": 5, **({"model": model} if model else {})}}
    async with desk(script, env=env, options=options, offline=True) as d:
        yield d, d.open("new.py", TEXT)


async def ask(d: Desk, uri: str, line: int, character: int, kind: int = 2) -> str | None:
    items = await d.complete(uri, line, character, kind=kind)
    return items[0]["insertText"] if items else None


@pytest.mark.parametrize(
    ("env", "model"), [(NO_KEY, ""), ({}, "offline"), (NO_KEY, "offline")], ids=["no key", "model", "both"]
)
@pytest.mark.parametrize("kind", [1, 2], ids=["invoked", "automatic"])
async def test_without_a_model_it_is_what_completes(env: dict[str, str | None], model: str, kind: int) -> None:
    async with workplace(env=env, model=model) as (d, uri):
        assert await ask(d, uri, *AT, kind) == REST
        usage = await d.usage()
        assert d.records == []
        [entry] = usage["recent"]
        assert (entry["source"], entry["model"], entry["feature"]) == ("offline", "offline", "complete")
        assert (entry["costUsd"], entry["inputTokens"], entry["outputTokens"]) == (0, 0, 0)
        assert usage["session"]["requests"] == 0
        assert usage["session"]["costIsComplete"]
        assert usage["session"]["shown"] == 1
        # Typed through, it is the same suggestion still.
        d.edit(uri, *AT, REST[0])
        assert await ask(d, uri, AT[0], AT[1] + 1, kind) == REST[1:]
        assert len((await d.usage())["recent"]) == 1


async def test_a_list_of_completions_says_where_it_comes_from() -> None:
    async with workplace(env=NO_KEY) as (d, uri):
        params = {"textDocument": {"uri": uri}, "position": {"line": AT[0], "character": AT[1]}}
        result = await d.lsp.request("textDocument/completion", params)
        assert result["items"][0]["labelDetails"] == {"description": "offline"}


async def test_switched_off_there_is_nothing() -> None:
    async with workplace(mode="off", env=NO_KEY) as (d, uri):
        assert await ask(d, uri, *AT) is None
        assert (await d.usage())["recent"] == []


@pytest.mark.parametrize("mode", ["auto", "on"])
async def test_the_models_answer_takes_its_place_while_nothing_is_typed(mode: str) -> None:
    script = Script(answer="en_other()\n", first_token_delay=0.05)
    async with workplace(script, mode=mode) as (d, uri):
        mark = d.lsp.mark()
        assert await ask(d, uri, *AT) == REST
        grown = await d.lsp.wait_for(GREW, since=mark)
        assert grown == {"uri": uri, "version": 1, "position": {"line": AT[0], "character": AT[1]}}
        assert await ask(d, uri, *AT) == "en_other()"
        await d.status(lambda s: s["last"] and s["last"]["source"] == "provider", since=mark)
        assert len(d.records) == 1
        sources = sorted(entry["source"] for entry in (await d.usage())["recent"])
        assert sources == ["offline", "provider"]
        assert (await d.usage())["session"]["requests"] == 1


async def test_what_is_being_typed_through_stays(module_server: Desk) -> None:
    script = Script(answer=REST[:4] + "nel_of(address)\n", first_token_delay=0.3)
    async with beside(module_server, script) as (d, uri):
        assert await ask(d, uri, *AT) == REST
        await d.until(lambda: len(d.records) == 1)
        for number in range(4):
            d.edit(uri, AT[0], AT[1] + number, REST[number])
            assert await ask(d, uri, AT[0], AT[1] + number + 1) == REST[number + 1 :]
        await d.quiet()
        assert not d.lsp.notifications(GREW)
        assert await ask(d, uri, AT[0], AT[1] + 4) == REST[4:], "the model's answer must not change it now"
        assert len(d.records) == 1
        # Where it does not fit any more, what the model said is known.
        d.edit(uri, AT[0], AT[1] + 4, "nel_")
        assert await ask(d, uri, AT[0], AT[1] + 8) == "of(address)"
        assert len(d.records) == 1


async def test_what_is_being_typed_through_may_grow(module_server: Desk) -> None:
    """The model's answer begins with what is shown, so the client is told that there is more of it."""
    more = f"{REST}[0]"
    async with beside(module_server, Script(answer=f"{more}\n", first_token_delay=0.3)) as (d, uri):
        mark = d.lsp.mark()
        assert await ask(d, uri, *AT) == REST
        await d.until(lambda: len(d.records) == 1)
        d.edit(uri, *AT, REST[:2])
        assert await ask(d, uri, AT[0], AT[1] + 2) == REST[2:]
        grown = await d.lsp.wait_for(GREW, since=mark)
        assert grown == {"uri": uri, "version": 2, "position": {"line": AT[0], "character": AT[1] + 2}}
        assert await ask(d, uri, AT[0], AT[1] + 2) == more[2:]
        assert len(d.records) == 1


async def test_typing_on_asks_the_model_at_the_end_of_it(module_server: Desk) -> None:
    async with beside(module_server, Script(answer=" or None\n")) as (d, uri):
        for number, key in enumerate(REST):
            d.edit(uri, AT[0], AT[1] + number, key)
        assert await ask(d, uri, AT[0], AT[1] + len(REST)) == " or None"


async def test_invoked_by_hand_the_model_is_waited_for(module_server: Desk) -> None:
    async with beside(module_server, Script(answer="en_other()\n")) as (d, uri):
        before, moment = len((await d.usage())["recent"]), await d.now()
        assert await ask(d, uri, *AT, 1) == "en_other()"
        await d.used(moment)
        assert [entry["source"] for entry in (await d.usage())["recent"][before:]] == ["provider"]


@pytest.mark.parametrize(
    ("mode", "kind", "shown"),
    [("on", 1, REST), ("on", 2, REST), ("auto", 1, None), ("auto", 2, REST), ("off", 1, None), ("off", 2, None)],
)
async def test_where_the_model_fails(mode: str, kind: int, shown: str | None) -> None:
    """It stands in if it is `on`; of what it was sure of, an automatic request was told before."""
    script = Script(faults=(Fault(kind="status", status=402),))
    async with workplace(script, mode=mode) as (d, uri):
        mark = d.lsp.mark()
        assert await ask(d, uri, *AT, kind) == shown
        status = await d.status(lambda s: s["health"] == "error", since=mark)
        assert "credit" in status["message"]


async def test_a_model_that_has_nothing_to_say_is_not_asked_again(module_server: Desk) -> None:
    async with beside(module_server, Script(answer="")) as (d, uri):
        assert await ask(d, uri, *AT) == REST
        await d.until(lambda: len(d.records) == 1)
        await d.quiet()
        assert await ask(d, uri, *AT) == REST
        d.edit(uri, 0, 0, "x")
        d.edit(uri, 0, 0, "", end=(0, 1))
        assert await ask(d, uri, *AT) == REST
        assert len(d.records) == 1


async def test_a_burst_gets_answers_and_few_requests(module_server: Desk) -> None:
    async with beside(module_server, Script(answer="en_channel(other)\n", first_token_delay=0.05)) as (d, uri):
        replies = []
        for number in range(20):
            d.edit(uri, AT[0], AT[1] + number, REST[number])
            params: dict[str, Any] = d.completion_params(uri, AT[0], AT[1] + number + 1, 2)
            replies.append(d.lsp.start_request("textDocument/inlineCompletion", params)[1])
        answers = [await asyncio.wait_for(reply, DEADLINE) for reply in replies]
        assert len(answers) == 20
        assert answers[-1]["items"]
        await d.quiet()
        assert len(d.records) <= 2


async def test_secret_documents_get_none() -> None:
    async with workplace(env=NO_KEY) as (d, _):
        uri = d.open("secrets/more.py", TEXT)
        assert await ask(d, uri, *AT) is None

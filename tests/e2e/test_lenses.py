"""Code lenses in the real server: what is stored about a definition, and never a request for it."""

from __future__ import annotations

import functools
from typing import Any

import pytest

from cachewise.simulator.script import Script
from support import server
from support.lsp_client import RpcError
from support.server import Desk

HELPER = "def vat(amount: int) -> int:\n    return amount // 5\n"
BILL = (
    "from prices import vat\n\n\ndef total(net: int) -> int:\n    return net + vat(net)\n\n\n"
    "def other(a: int) -> int:\n    return a\n"
)
ANSWER = "# Total\n\nIt adds the `tax`, **rounded** down $(bug). Then it is done."
SENTENCE = "It adds the tax, rounded down $ (bug)."
REFRESHED: dict[str, Any] = {"workspace": {"codeLens": {"refreshSupport": True}, "configuration": False}}

desk = functools.partial(server.desk, answers=True, options={"codeLens": True})


async def lenses(d: Desk, uri: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = await d.lsp.request("textDocument/codeLens", {"textDocument": {"uri": uri}})
    return found


async def titles(d: Desk, uri: str) -> list[str]:
    """What the lenses of a document say."""
    resolved = [await d.lsp.request("codeLens/resolve", lens) for lens in await lenses(d, uri)]
    assert {lens["command"]["command"] for lens in resolved} <= {"cachewise.explain"}
    return [lens["command"]["title"] for lens in resolved]


async def test_a_lens_tells_what_is_stored_and_asks_nobody() -> None:
    async with desk(Script(answer=ANSWER), capabilities=REFRESHED) as d:
        helper, uri = d.open("prices.py", HELPER), d.open("bill.py", BILL)
        assert await titles(d, uri) == ["Explain", "Explain"]
        assert d.records == []
        lens = await d.lsp.request("codeLens/resolve", (await lenses(d, uri))[0])
        [argument] = lens["command"]["arguments"]
        assert argument == {"uri": uri, "position": {"line": 3, "character": 4}, "show": True}

        await d.command("cachewise.explain", {"uri": uri, "position": argument["position"]})
        await d.lsp.wait_for("workspace/codeLens/refresh")
        before = (await d.usage())["session"]
        assert await titles(d, uri) == [SENTENCE, "Explain"]
        d.edit(helper, 1, 21, "0")
        assert await titles(d, uri) == [f"{SENTENCE} (what it depends on has changed)", "Explain"]
        d.edit(uri, 4, 4, "# inside\n    ")
        assert await titles(d, uri) == ["Explain", "Explain"]
        assert len(d.records) == 1
        assert (await d.usage())["session"] == before, "what nobody asked for is no use of the cache"


async def test_a_click_opens_the_stored_explanation() -> None:
    async with desk(Script(answer=ANSWER)) as d:
        uri = d.open("bill.py", BILL)
        for source in ("provider", "answers"):
            lens = await d.lsp.request("codeLens/resolve", (await lenses(d, uri))[0])
            argument = {**lens["command"]["arguments"][0], "show": False}
            assert (await d.command("cachewise.explain", argument))["source"] == source
        assert len(d.records) == 1


async def test_a_lens_of_an_earlier_version_and_of_a_closed_document() -> None:
    async with desk(Script(answer=ANSWER)) as d:
        uri = d.open("bill.py", BILL)
        await d.command("cachewise.explain", {"uri": uri, "position": {"line": 3, "character": 4}})
        [old, _] = await lenses(d, uri)
        d.edit(uri, 0, 0, "# above\n")
        assert (await d.lsp.request("codeLens/resolve", old))["command"]["title"] == "Explain"
        [lens, _] = await lenses(d, uri)
        assert (await d.lsp.request("codeLens/resolve", lens))["command"]["title"] == SENTENCE
        d.close(uri)
        assert (await d.lsp.request("codeLens/resolve", lens))["command"]["title"] == "Explain"


async def test_no_lenses_unless_they_are_switched_on_and_none_of_others() -> None:
    async with desk(options={"codeLens": False}) as d:
        assert await lenses(d, d.open("bill.py", BILL)) == []
    async with desk() as d:
        place = {"line": 0, "character": 0}
        for data in (None, "x", {"uri": 7}):
            with pytest.raises(RpcError) as error:
                await d.lsp.request("codeLens/resolve", {"range": {"start": place, "end": place}, "data": data})
            assert error.value.code == -32602

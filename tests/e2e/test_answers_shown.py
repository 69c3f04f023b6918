"""Hovers and documentation of the real server: from the cache where that will do, and asked for where it will not."""

from __future__ import annotations

import functools
from typing import Any

import pytest

from cachewise.simulator.script import Script
from support import server
from support.stored_answers import BILL, HELPER

desk = functools.partial(server.desk, answers=True)


async def test_documentation_is_never_written_from_a_changed_context() -> None:
    answerers = {"workspace/applyEdit": lambda params: {"applied": True}}
    async with desk(Script(answer="Add the tax."), answerers=answerers) as d:
        helper, uri = d.open("prices.py", HELPER), d.open("bill.py", BILL)
        argument = {"uri": uri, "position": {"line": 4, "character": 6}}
        for requests, edit in ((1, None), (2, "0"), (2, None)):
            if edit is not None:
                d.edit(helper, 1, 21, edit)
            await d.command("cachewise.document", argument)
            assert len(d.records) == requests


@pytest.mark.parametrize(("mode", "requests"), [("cached", 1), ("always", 2)])
async def test_a_hover_tells_that_its_context_has_changed(mode: str, requests: int) -> None:
    async with desk(Script(answer="It adds the tax."), options={"hover": mode}) as d:
        helper, uri = d.open("prices.py", HELPER), d.open("bill.py", BILL)
        params = {"textDocument": {"uri": uri}, "position": {"line": 4, "character": 6}}
        await d.command("cachewise.explain", {"uri": uri, "position": params["position"]})
        before = await d.lsp.request("textDocument/hover", params)
        assert before["contents"]["value"] == "It adds the tax."
        asked = len(d.records)
        d.edit(helper, 1, 21, "0")
        after = (await d.lsp.request("textDocument/hover", params))["contents"]["value"]
        assert len(d.records) - asked == requests - 1
        assert ("has changed since" in after) == (mode == "cached")


async def test_documentation_is_written_by_the_editor() -> None:
    edits: list[dict[str, Any]] = []

    def apply(params: Any) -> dict[str, bool]:
        edits.append(params["edit"])
        return {"applied": True}

    async with desk(Script(answer="Combine them."), answerers={"workspace/applyEdit": apply}) as d:
        uri = d.open("a.py", "def f(a: int) -> int:\n    return a\n")
        argument = {"uri": uri, "position": {"line": 1, "character": 4}}
        for _ in range(2):
            assert await d.command("cachewise.document", argument) is None
        assert len(d.records) == 1
        place = {"line": 1, "character": 0}
        assert (
            edits
            == [{"changes": {uri: [{"range": {"start": place, "end": place}, "newText": '    """Combine them."""\n'}]}}]
            * 2
        )


@pytest.mark.parametrize(("mode", "requests"), [("off", 0), ("cached", 0), ("always", 1)])
async def test_hover(mode: str, requests: int) -> None:
    async with desk(Script(answer="Short <b>words</b>."), options={"hover": mode}) as d:
        uri = d.open("a.py", "def f(a: int) -> int:\n    return a\n")
        params = {"textDocument": {"uri": uri}, "position": {"line": 0, "character": 4}}
        found = [await d.lsp.request("textDocument/hover", params) for _ in range(2)]
        assert len(d.records) == requests
        assert found[0] == found[1]
        assert (found[0] is None) == (requests == 0)
        assert "<b>" not in str(found)

"""Suggestions for editors that know lists of completions but no ghost text."""

from __future__ import annotations

from typing import Any

import pytest

from cachewise.simulator.script import Script
from support.server import MODEL, Desk, desk

INLINE = {"textDocument": {"inlineCompletion": {"dynamicRegistration": False}}}
TEXT = "def twice(number: int) -> int:\n    if number:\n    RETURN_\n"


async def listed(d: Desk, uri: str, line: int, character: int) -> list[dict[str, Any]]:
    """The entries of a list of completions."""
    params = {"textDocument": {"uri": uri}, "position": {"line": line, "character": character}}
    result = await d.lsp.request("textDocument/completion", params)
    assert result["isIncomplete"] is True
    items: list[dict[str, Any]] = result["items"]
    return items


@pytest.mark.parametrize("capabilities", [INLINE, {}], ids=["ghost text", "lists only"])
async def test_announced_to_those_that_need_it(capabilities: dict[str, Any]) -> None:
    async with desk(capabilities=capabilities) as d:
        announced = d.announced["capabilities"]
        assert announced["inlineCompletionProvider"]
        assert ("completionProvider" in announced) == (not capabilities)
        assert not (announced.get("completionProvider") or {}).get("triggerCharacters")


async def test_one_entry_with_the_same_text() -> None:
    async with desk(Script(answer=" return_value = 1\n")) as d:
        uri = d.open("list.py", TEXT)
        [item] = await listed(d, uri, 1, 14)
        [ghost] = await d.complete(uri, 1, 14)
        assert len(d.records) == 1, "the same text, asked for once"
        assert item["textEdit"] == {"range": ghost["range"], "newText": ghost["insertText"]}
        assert item["command"] == ghost["command"]
        assert item["label"] == "return_value = 1"
        assert item["labelDetails"] == {"description": MODEL}
        # The word that is replaced must match the filter of the editor.
        d.simulator.follow(Script(answer="return_value = 1\n"))
        [item] = await listed(d, uri, 2, 11)
        assert item["textEdit"]["range"]["start"] == {"line": 2, "character": 4}
        assert item["filterText"].startswith("RETURN_")


async def test_a_block_is_labelled_by_its_first_line_and_nothing_is_an_empty_list() -> None:
    async with desk(Script(answer="\n        first = 1\n        second = 2\n    last\n")) as d:
        uri = d.open("block.py", TEXT)
        await listed(d, uri, 1, 14)
        await d.quiet()
        [item] = await listed(d, uri, 1, 14)
        assert item["label"] == "first = 1…"
        assert item["textEdit"]["newText"] == "\n        first = 1\n        second = 2"
        d.simulator.follow(Script(answer=""))
        assert await listed(d, uri, 0, 0) == []

"""Suggestions for editors that know lists of completions but no ghost text."""

from __future__ import annotations

from typing import Any

import pytest

from cachewise.simulator.script import Script
from support.server import MODEL, Desk, desk

pytestmark = pytest.mark.asyncio(loop_scope="module")

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


async def test_one_entry_with_the_same_text(shared: Desk) -> None:
    async with shared.elsewhere(Script(answer=" return_value = 1\n")) as d:
        uri = d.open("list.py", TEXT)
        [item] = await listed(d, uri, 1, 14)
        [ghost] = await d.complete(uri, 1, 14)
        assert len(d.records) == 1, "the same text, asked for once"
        assert item["textEdit"] == {"range": ghost["range"], "newText": ghost["insertText"]}
        assert item["command"] == ghost["command"]
        assert item["label"] == "return_value = 1"
        assert item["labelDetails"] == {"description": MODEL}


@pytest.mark.parametrize(
    ("head", "answer", "edit", "label"),
    [
        pytest.param("    RETURN_", "return_value = 1\n", (4, "return_value = 1"), "return_value = 1", id="retyped"),
        pytest.param("    ret", "_value = 1\n", (4, "ret_value = 1"), "ret_value = 1", id="goes on with a word"),
        pytest.param("𝄞größe", " = 1\n", (2, "größe = 1"), "größe = 1", id="beyond ascii"),
        pytest.param("    call(", "first)\n", (9, "first)"), "first)", id="behind a mark"),
    ],
)
async def test_the_word_at_the_cursor_is_part_of_the_entry(
    shared: Desk, head: str, answer: str, edit: tuple[int, str], label: str
) -> None:
    """Editors filter by it, some of them whatever range the entry names."""
    async with shared.elsewhere(Script(answer=answer)) as d:
        uri = d.open("word.py", f"def twice(number: int) -> int:\n{head}\n")
        end = len(head.encode("utf-16-le")) // 2
        [item] = await listed(d, uri, 1, end)
        start, text = edit
        places = {"start": {"line": 1, "character": start}, "end": {"line": 1, "character": end}}
        assert item["textEdit"] == {"range": places, "newText": text}
        assert item["label"] == label
        typed = head.encode("utf-16-le")[2 * start :].decode("utf-16-le")
        assert item["filterText"].startswith(typed)


async def test_a_block_is_labelled_by_its_first_line_and_nothing_is_an_empty_list(shared: Desk) -> None:
    async with shared.elsewhere(Script(answer="\n        first = 1\n        second = 2\n    last\n")) as d:
        uri = d.open("block.py", TEXT)
        moment = await d.now()
        await listed(d, uri, 1, 14)
        await d.used(moment)  # so the server has all of it, too
        [item] = await listed(d, uri, 1, 14)
        assert item["label"] == "first = 1…"
        assert item["textEdit"]["newText"] == "\n        first = 1\n        second = 2"
        d.simulator.follow(Script(answer=""))
        assert await listed(d, uri, 0, 0) == []

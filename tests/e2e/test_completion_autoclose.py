"""Typing through suggestions in an editor that closes brackets and quotes by itself."""

from __future__ import annotations

import pytest

from cachewise.simulator.script import Script
from support.server import Desk

pytestmark = pytest.mark.asyncio(loop_scope="module")

PAIRS = {"(": ")", "[": "]", "{": "}", "'": "'", '"': '"'}
LINES = ["print(total)", "compute(a[0], {'k': f(1)}) + 2", 'open("a.txt", "r").read()']


class Keys:
    """A line that is typed in such an editor, at the end of a document."""

    def __init__(self, d: Desk, name: str) -> None:
        self.d, self.at, self.behind = d, 8, ""
        self.uri = d.open(name, "value = ")

    def press(self, key: str) -> None:
        """Type a character; a closer that the editor has put there is typed over."""
        if self.behind[:1] == key:
            self.d.edit(self.uri, 0, self.at, key, end=(0, self.at + 1))
            self.behind = self.behind[1:]
        else:
            closer = "" if self.behind[:1] in ("'", '"') else PAIRS.get(key, "")
            self.d.edit(self.uri, 0, self.at, key + closer)
            self.behind = closer + self.behind
        self.at += 1

    async def ask(self) -> str | None:
        items = await self.d.complete(self.uri, 0, self.at, kind=2)
        return items[0]["insertText"] if items else None


@pytest.mark.parametrize("line", LINES)
async def test_every_key_is_a_hit(shared: Desk, line: str) -> None:
    keys = Keys(shared, f"{line[:4]}.py")
    shared.simulator.follow(Script(answer=line + "\n"))
    assert await keys.ask() == line
    await shared.quiet()
    asked, shown = len(shared.records), (await shared.usage())["session"]["shown"]
    for number, key in enumerate(line[:-1], 1):
        keys.press(key)
        left = await keys.ask()
        if left is None:
            assert line[number] == keys.behind[0], "the closer comes next, and stands there already"
        else:
            assert line.startswith(line[:number] + left)
            assert left + keys.behind == line[number:] or line[number + len(left)] == keys.behind[0]
    assert len(shared.records) == asked
    assert (await shared.usage())["session"]["shown"] == shown


async def test_what_is_accepted_leads_to_the_same_text(shared: Desk) -> None:
    keys = Keys(shared, "accepts.py")
    shared.simulator.follow(Script(answer="f(a, [b])\n"))
    assert await keys.ask() == "f(a, [b])"
    for key in "f(":
        keys.press(key)
    assert await keys.ask() == "a, [b]"


async def test_a_stream_on_its_way_is_kept(shared: Desk) -> None:
    keys = Keys(shared, "keeps.py")
    before = len(shared.records)
    shared.simulator.follow(Script(answer="f(a, b)\n", first_token_delay=0.3))
    shared.lsp.start_request("textDocument/inlineCompletion", shared.completion_params(keys.uri, 0, keys.at, 1))
    await shared.until(lambda: len(shared.records) > before)
    for key in "f(":
        keys.press(key)
    assert await keys.ask() == "a, b"
    assert len(shared.records) == before + 1


async def test_another_bracket_is_asked_for(shared: Desk) -> None:
    keys = Keys(shared, "another.py")
    shared.simulator.follow(Script(answer="f(a)\n"))
    assert await keys.ask() == "f(a)"
    await shared.quiet()
    before = len(shared.records)
    for key in "f[":
        keys.press(key)
    shared.simulator.follow(Script(answer="0]\n"))
    assert await keys.ask() == "0"
    assert len(shared.records) == before + 1


async def test_a_line_between_braces(shared: Desk) -> None:
    uri = shared.open("braces.ts", "function one() {}\n", "typescript")
    shared.simulator.follow(Script(answer="\n  const a = 1;\n  return a;\n"))
    before, mark = len(shared.records), shared.lsp.mark()
    while "return" not in (await shared.complete(uri, 0, 16))[0]["insertText"]:
        await shared.lsp.wait_for("cachewise/completionGrew", since=mark)
        mark = shared.lsp.mark()
    shared.edit(uri, 0, 16, "\n  \n")
    [item] = await shared.complete(uri, 1, 2, kind=2)
    assert item["insertText"] == "const a = 1;\n  return a;"
    assert len(shared.records) == before + 1

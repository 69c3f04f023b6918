"""When nothing is asked: automatic requests at places where nobody waits for a suggestion, and what hands still get."""

from __future__ import annotations

import pytest

from cachewise.simulator.script import Script
from support.server import Desk, desk

pytestmark = pytest.mark.asyncio(loop_scope="module")

QUIET: dict[str, tuple[str, int, int]] = {
    "in a word": ("value = num\n", 0, 10),
    "in an empty comment": ("# \n", 0, 2),
    "in a long line": ("x" * 3000, 0, 3000),
}


@pytest.mark.parametrize(("text", "line", "character"), QUIET.values(), ids=QUIET)
async def test_nobody_asks_by_typing_here(shared: Desk, text: str, line: int, character: int) -> None:
    uri = shared.open(f"quiet-{abs(hash(text))}.py", text)
    shared.simulator.follow(Script(answer="bers\n"))
    before = len(shared.records)
    assert await shared.complete(uri, line, character, kind=2) == []
    assert len(shared.records) == before
    await shared.complete(uri, line, character, kind=1)
    assert len(shared.records) == before + 1, "by hand the model is asked anywhere"


ASKED: dict[str, tuple[str, int, int]] = {
    "in a line": ("value = (1 + 2)\n", 0, 9),
    "before brackets": ("const tick = (no_sound) => {\n", 0, 22),
    "in a string": ("value = 'some te\n", 0, 16),
}


@pytest.mark.parametrize(("text", "line", "character"), ASKED.values(), ids=ASKED)
async def test_typing_asks_here(shared: Desk, text: str, line: int, character: int) -> None:
    uri = shared.open(f"asked-{abs(hash(text))}.py", text)
    shared.simulator.follow(Script(answer="xt, another"))
    before = len(shared.records)
    assert await shared.complete(uri, line, character, kind=2)
    assert len(shared.records) == before + 1


async def test_in_a_word_what_is_typed_there_asks(shared: Desk) -> None:
    uri = shared.open("within.py", "value = nuber\n")
    shared.simulator.follow(Script(answer="ber_of"))
    shared.edit(uri, 0, 10, "m")
    before = len(shared.records)
    await shared.complete(uri, 0, 11, kind=2)
    assert len(shared.records) == before + 1


async def test_deleting_asks_later_and_shows_what_is_known_at_once(shared: Desk) -> None:
    uri = shared.open("deleting.py", "value = numx\n")
    shared.simulator.follow(Script(answer="bers\n"))
    before = len(shared.records)
    shared.edit(uri, 0, 11, "", end=(0, 12))
    params = shared.completion_params(uri, 0, 11, kind=2)
    waiting = shared.lsp.start_request("textDocument/inlineCompletion", params)[1]
    shared.edit(uri, 0, 11, "b")
    [item] = await shared.complete(uri, 0, 12, kind=2)
    assert await waiting == {"items": []}
    assert len(shared.records) == before + 1, "a key came before the pause behind the deletion was over"
    shared.edit(uri, 0, 11, "", end=(0, 12))
    shared.edit(uri, 0, 11, "b")
    assert await shared.complete(uri, 0, 12, kind=2) == [item]
    shared.edit(uri, 0, 12, "e")
    shared.edit(uri, 0, 12, "", end=(0, 13))
    assert await shared.complete(uri, 0, 12, kind=2) == [item], "what was deleted leads back to it"
    assert len(shared.records) == before + 1
    shared.edit(uri, 0, 8, "", end=(0, 12))
    await shared.complete(uri, 0, 8, kind=2)
    assert len(shared.records) == before + 2, "a pause behind a deletion asks"


async def test_a_file_that_nobody_may_write_to(shared: Desk) -> None:
    uri = shared.open("frozen.py", "value = \n")
    (shared.workspace / "frozen.py").chmod(0o444)
    shared.simulator.follow(Script(answer="1\n"))
    assert await shared.complete(uri, 0, 8, kind=2) == []
    assert await shared.complete(uri, 0, 8, kind=1)


async def test_a_language_that_is_switched_off() -> None:
    async with desk(Script(answer="1\n"), options={"completion.disabledLanguages": ["markdown"]}) as d:
        notes = d.open("notes.md", "value = \n", "markdown")
        code = d.open("code.py", "value = \n")
        for kind in (1, 2):
            assert await d.complete(notes, 0, 8, kind=kind) == []
        assert d.records == []
        assert await d.complete(code, 0, 8)

"""What a completion knows of its surroundings, by the bodies that reach the provider."""

from __future__ import annotations

import pytest

from cachewise.simulator.records import Record
from cachewise.simulator.script import Script
from support.server import Desk, desk

pytestmark = pytest.mark.asyncio(loop_scope="module")

CODE = "def double(value):\n    return value * 2\n"
TEST = "def test_double():\n    assert double(21) == 42\n"


def prompt_of(record: Record) -> list[str]:
    """The texts of a request's prompt, in order."""
    assert record.prompt is not None
    return [block.text for block in record.prompt.blocks]


async def two_prompts(d: Desk, uri: str) -> list[list[str]]:
    """The prompts of a completion behind the third line's `x = `, and of one with a little more typed there."""
    await d.complete(uri, 2, 4)
    await d.quiet()
    d.edit(uri, 2, 4, "1 + ")
    await d.complete(uri, 2, 8)
    await d.quiet()
    return [prompt_of(record) for record in d.records]


async def test_the_test_of_a_file_is_shared_context_and_stays(shared: Desk) -> None:
    async with shared.elsewhere(Script(answer="3")) as d:
        said = len(d.lsp.stderr)
        (d.workspace / "tests").mkdir()
        (d.workspace / "tests" / "test_maths.py").write_text(TEST)
        uri = d.open("maths.py", CODE + "x = \n")
        first, second = await two_prompts(d, uri)
        place = next(at for at, text in enumerate(first) if TEST in text)
        assert place < len(first) - 1, "it is no part of the tail"
        assert second[: len(first) - 1] == first[:-1], "the prefix is the same"
        assert "The prefix moved" not in d.lsp.stderr[said:]


async def test_of_an_import_that_has_no_room_the_signatures_are_context() -> None:
    large = "import os\n\n\n" + "".join(
        f'def large_{n}(first: int) -> int:\n    """Way {n}."""\n' + f"    first += {n}\n" * 120 + "    return first\n"
        for n in range(12)
    )
    async with desk(Script(answer="3"), options={"context": {"maxTokens": 4_000}}) as d:
        (d.workspace / "small.py").write_text(CODE)
        (d.workspace / "large.py").write_text(large)
        uri = d.open("maths.py", "import small\nimport large\nx = \n")
        first, second = await two_prompts(d, uri)
        shared = "".join(first[:-1])
        assert CODE in shared
        assert "large.py (signatures)" in shared
        for n in range(12):
            assert f'def large_{n}(first: int) -> int:\n    """Way {n}."""\n' in shared
        assert "first += " not in shared
        assert second[: len(first) - 1] == first[:-1]
        assert "The prefix moved" not in d.lsp.stderr


async def test_the_place_where_somebody_was_before_is_context(shared: Desk) -> None:
    elsewhere = "".join(f"def other_{n}():\n    return {n}\n\n" for n in range(100))
    async with shared.elsewhere(Script(answer="3")) as d:
        said = len(d.lsp.stderr)
        uri = d.open("maths.py", CODE + "x = \n")
        await d.complete(uri, 2, 4)
        await d.quiet()
        other = d.open("elsewhere.py", elsewhere)
        where = {"start": {"line": 150, "character": 0}, "end": {"line": 150, "character": 0}}
        params = {"textDocument": {"uri": other}, "range": where, "context": {"diagnostics": []}}
        await d.lsp.request("textDocument/codeAction", params)
        d.close(other)
        d.edit(uri, 2, 4, "1 + ")
        await d.complete(uri, 2, 8)
        await d.quiet()
        d.edit(uri, 2, 8, "2 + ")
        await d.complete(uri, 2, 12)
        await d.quiet()
        before, after, later = (prompt_of(record) for record in d.records)
        assert "def other_50():" in "".join(after[:-1])
        assert "def other_10():" not in "".join(after)
        assert after[: len(before) - 1] == before[:-1]
        assert later[: len(after) - 1] == after[:-1]
        assert "The prefix moved" not in d.lsp.stderr[said:]


async def test_problems_near_the_cursor_stand_in_the_tail_alone(shared: Desk) -> None:
    async with shared.elsewhere(Script(answer="3")) as d:
        said = len(d.lsp.stderr)
        uri = d.open("maths.py", CODE + "total = totl + 1\nx = \n")
        await d.complete(uri, 3, 4)
        await d.quiet()
        where = {"start": {"line": 2, "character": 8}, "end": {"line": 2, "character": 12}}
        told = {"range": where, "message": '"totl" is not defined', "severity": 1}
        params = {"textDocument": {"uri": uri}, "range": where, "context": {"diagnostics": [told]}}
        await d.lsp.request("textDocument/codeAction", params)
        d.edit(uri, 3, 4, "1 + ")
        await d.complete(uri, 3, 8)
        await d.quiet()
        d.edit(uri, 2, 11, "a", end=(2, 11))
        await d.complete(uri, 3, 8)
        await d.quiet()
        before, warned, mended = (prompt_of(record) for record in d.records)
        assert 'line 3: "totl" is not defined' in warned[-1]
        assert "is not defined" not in "".join([*before, *warned[:-1], *mended])
        assert warned[: len(before) - 1] == before[:-1]
        assert "The prefix moved" not in d.lsp.stderr[said:]

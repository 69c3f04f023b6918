"""What a completion knows of its surroundings, by the bodies that reach the provider."""

from __future__ import annotations

from cachewise.simulator.records import Record
from cachewise.simulator.script import Script
from support.server import desk

CODE = "def double(value):\n    return value * 2\n"
TEST = "def test_double():\n    assert double(21) == 42\n"


def prompt_of(record: Record) -> list[str]:
    """The texts of a request's prompt, in order."""
    assert record.prompt is not None
    return [block.text for block in record.prompt.blocks]


async def test_the_test_of_a_file_is_shared_context_and_stays() -> None:
    async with desk(Script(answer="3")) as d:
        (d.workspace / "tests").mkdir()
        (d.workspace / "tests" / "test_maths.py").write_text(TEST)
        uri = d.open("maths.py", CODE + "x = \n")
        await d.complete(uri, 2, 4)
        await d.quiet()
        d.edit(uri, 2, 4, "1 + ")
        await d.complete(uri, 2, 8)
        await d.quiet()
        first, second = (prompt_of(record) for record in d.records)
        place = next(at for at, text in enumerate(first) if TEST in text)
        assert place < len(first) - 1, "it is no part of the tail"
        assert second[: len(first) - 1] == first[:-1], "the prefix is the same"
        assert "The prefix moved" not in d.lsp.stderr

"""How much context a model gets, by what it charges for reading it."""

from __future__ import annotations

import pytest

from support.server import desk, python_module


@pytest.mark.parametrize(
    ("model", "options", "least", "most"),
    [
        pytest.param("anthropic/claude-haiku-4.5", {}, 16_000, 30_000, id="a tenth"),
        pytest.param("openai/gpt-4.1", {}, 6_000, 13_000, id="a quarter"),
        pytest.param("anthropic/claude-haiku-4.5", {"promptCache": {"ttl": "off"}}, 1_500, 3_500, id="all of it"),
    ],
)
async def test_dear_reads_make_a_smaller_context(model: str, options: dict[str, object], least: int, most: int) -> None:
    async with desk(env={"CACHEWISE_MODEL": f"openrouter:{model}"}, options=options) as d:
        for name in ("one", "two", "three", "four", "five", "six", "seven", "eight"):
            d.open(f"{name}.py", python_module(50, name))
        uri = d.open("main.py", python_module(20, "main"))
        await d.explain(uri, 4, 10)
        await d.explain(uri, 14, 20)
        await d.quiet()
        for record in d.records:
            assert record.charge is not None
            assert least < record.charge.total < most
        assert "The prefix moved" not in d.lsp.stderr

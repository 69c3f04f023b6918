"""What the provider's prompt cache is worth: after one explanation, everything else in the document reads from it."""

from __future__ import annotations

from typing import Any

import pytest

from cachewise.simulator.tokens import split_tokens
from support.server import Desk, desk, python_module

pytestmark = pytest.mark.asyncio(loop_scope="module")

LEAST = 0.85
"""Share of its input that a request must read from the cache."""


SIZES = {"6k": (80, range(5_000, 8_000)), "16k": (205, range(14_000, 17_000))}
"""Documents by name: how many functions they have, and within which bounds their tokens are."""
PLACES = {"start": 0.05, "middle": 0.5, "end": 0.97}
"""Where in the document something is asked: 0 is its first line, 1 its last one."""


def function_line(text: str, share: float) -> int:
    """The number of the line that begins a function at about that share of the text."""
    starts = [number for number, line in enumerate(text.split("\n")) if line.startswith("def ")]
    return starts[min(int(share * len(starts)), len(starts) - 1)]


def read_share(usage: dict[str, Any]) -> float:
    share: float = usage["cacheReadTokens"] / usage["inputTokens"]
    return share


async def completed(d: Desk, uri: str, line: int, character: int) -> dict[str, Any]:
    """The usage of one completion."""
    before = len(d.records)
    moment = await d.now()
    await d.complete(uri, line, character)
    usage = await d.used(moment)
    assert len(d.records) == before + 1
    assert usage["feature"] == "complete"
    return usage


async def shares_read(d: Desk, uri: str, at: int) -> dict[str, float]:
    """Explanations, completions and edits in the function that begins in line `at`: what each request read."""
    shares: dict[str, float] = {}
    shares["explanation"] = read_share((await d.explain(uri, at, at + 5, refresh=True))["usage"])
    shares["explanation elsewhere"] = read_share((await d.explain(uri, at + 7, at + 11, refresh=True))["usage"])
    shares["completion"] = read_share(await completed(d, uri, at + 2, 8))
    d.edit(uri, at + 2, 0, "    doubled = first * 2\n")
    shares["completion after a new line"] = read_share(await completed(d, uri, at + 2, 14))
    d.edit(uri, at + 3, 4, "partial")
    shares["completion after typing"] = read_share(await completed(d, uri, at + 3, 11))
    shares["explanation after edits"] = read_share((await d.explain(uri, at, at + 5, refresh=True))["usage"])
    shares["question after edits"] = read_share((await d.ask(uri, "What does it return?", refresh=True))["usage"])
    return shares


async def test_everything_after_one_explanation_reads_from_the_cache() -> None:
    async with desk() as d:
        for size, (functions, bounds) in SIZES.items():
            text = python_module(functions, f"size{size}")
            assert len(split_tokens(text)) in bounds
            uri = d.open(f"{size}.py", text)
            first = (await d.explain(uri, 20, 26, refresh=True))["usage"]
            assert first["cacheWriteTokens"] > 0.8 * len(split_tokens(text))
            for place, share in PLACES.items():
                shares = await shares_read(d, uri, function_line(text, share))
                low = {name: f"{share:.1%}" for name, share in shares.items() if share < LEAST}
                assert not low, f"{size}, {place}: {low}, {(await d.usage())['recent'][-1]['cacheMiss']}"
        totals = (await d.usage())["session"]
        await d.quiet()
        account = d.simulator.account()
        assert totals["inputTokens"] == sum(account[name] for name in ("read", "write", "write_1h", "plain"))
        assert totals["cacheReadTokens"] == account["read"]
        assert abs(totals["costUsd"] - float(account["cost"])) < 1e-9
        assert abs(totals["costUsd"] + totals["savedUsd"] - float(account["uncached_cost"])) < 1e-9
        assert totals["savedUsd"] > 0


async def test_many_edits_in_one_document_keep_reading(shared: Desk) -> None:
    """Typing on and asking again and again: the edits pile up, and still nearly all is read."""
    text = python_module(215, "growing")
    async with shared.elsewhere() as d:
        uri = d.open("growing.py", text)
        await d.explain(uri, 0, 6, refresh=True)
        at = function_line(text, 0.4)
        read = total = 0
        for number in range(12):
            d.edit(uri, at + 2, 0, f"    step_{number} = first + {number}\n")
            usage = await completed(d, uri, at + 2, 8)
            read, total = read + usage["cacheReadTokens"], total + usage["inputTokens"]
        assert read / total >= LEAST, f"{read / total:.1%} of the input was read"

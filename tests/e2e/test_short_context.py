"""A prompt below the model's minimum: nothing is marked, the status says so, and in the end it is filled up."""

from __future__ import annotations

from support.server import desk, python_module

SMALL = python_module(12, "small")


async def test_a_short_context_is_marked_by_nothing_and_then_filled_up() -> None:
    async with desk() as d:  # Claude Haiku 4.5, which caches from 4,096 tokens on
        for name in ("aside", "other", "third", "fourth"):
            (d.workspace / f"{name}.py").write_text(python_module(20, name))
        uri = d.open("small.py", SMALL)
        usages = []
        for number in range(14):
            mark = d.lsp.mark()
            usages.append((await d.explain(uri, 4 + 7 * (number % 10), 9 + 7 * (number % 10), refresh=True))["usage"])
            status = await d.status(lambda s: s["quiescent"] and s["last"] == usages[-1], since=mark)
            short = usages[-1]["cacheReadTokens"] + usages[-1]["cacheWriteTokens"] == 0
            assert (status["prefix"]["state"] == "belowMinimum") == short
            assert status["prefix"]["tokens"] > 1_000
        await d.quiet()
        marked = [any(block.mark for block in r.prompt.blocks) for r in d.records if r.prompt]
        files = ["".join(block.text for block in r.prompt.blocks) for r in d.records if r.prompt]
    filled = marked.index(True)
    assert 3 < filled < 12, "neither at once nor never"
    assert marked == [number >= filled for number in range(14)]
    assert [number for number, text in enumerate(files) if "aside_7" in text] == list(range(filled, 14))
    for usage in usages[:filled]:
        assert usage["cacheMiss"]["reason"] == "belowMinimum"
        assert "4096" in usage["cacheMiss"]["detail"]
        assert usage["predicted"]["plainTokens"] > 1_000
        assert usage["predicted"]["cacheReadTokens"] == usage["predicted"]["cacheWriteTokens"] == 0
    assert usages[filled]["cacheWriteTokens"] >= 4_096
    for usage in usages[filled + 1 :]:
        assert usage["cacheReadTokens"] >= 4_096
        assert usage["cacheMiss"] is None
        assert usage["costUsd"] < usages[0]["costUsd"]


async def test_where_nothing_lies_beside_it_stays_short() -> None:
    async with desk() as d:
        uri = d.open("small.py", SMALL)
        for number in range(14):
            usage = (await d.explain(uri, 4 + 7 * (number % 10), 9 + 7 * (number % 10), refresh=True))["usage"]
            assert usage["cacheMiss"]["reason"] == "belowMinimum"
        assert not any(block.mark for r in d.records if r.prompt for block in r.prompt.blocks)

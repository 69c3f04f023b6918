"""How long the provider is told to keep the prefix, by the gaps seen; and what was predicted beside what was billed."""

from __future__ import annotations

from typing import Any

from support.server import Desk, desk, python_module

BREAK = 400.0
"""Seconds: longer than the short life, within the long one."""


def marks(d: Desk) -> list[str]:
    """The lives that the marks of the last prompt carry, in their order."""
    prompt = d.records[-1].prompt
    assert prompt is not None
    return [block.mark for block in prompt.blocks if block.mark]


def routed(d: Desk) -> Any:
    """What the last request told the router about hosts."""
    body = d.records[-1].body
    assert body is not None
    return body.get("provider")


async def test_breaks_make_it_an_hour_and_the_host_is_kept() -> None:
    async with desk(clocked=True) as d:
        d.open("beside.py", python_module(70, "beside"))
        uri = d.open("a.py", python_module(40))
        await d.explain(uri, 4, 8)
        assert set(marks(d)) == {"5m"}
        assert routed(d) is None

        d.advance(BREAK)
        await d.explain(uri, 14, 18)
        lives = marks(d)
        assert {"1h", "5m"} == set(lives)
        assert lives == sorted(lives), "those of an hour stand before the others"
        assert routed(d) == {"order": ["anthropic"], "allow_fallbacks": False}
        written = d.records[-1].charge
        assert written is not None
        assert written.write_1h > 4_096

        d.advance(BREAK)
        usage = (await d.explain(uri, 24, 28))["usage"]
        assert usage["cacheReadTokens"] >= written.write_1h
        assert usage["cacheMiss"] is None or usage["cacheMiss"]["tokens"] < written.write_1h
        last = d.records[-1].charge
        assert last is not None
        assert last.write_1h == 0, "it is not written again"


async def test_a_setting_decides_over_the_gaps() -> None:
    async with desk(clocked=True, config='promptCache.ttl = "5m"\n') as d:
        uri = d.open("a.py", python_module(90))
        for line in (4, 14, 24):
            await d.explain(uri, line, line + 4)
            assert set(marks(d)) == {"5m"}
            assert routed(d) is None
            d.advance(BREAK)


async def test_what_is_predicted_is_what_is_billed() -> None:
    """Within what counts as no miss for reads and writes, and to a tenth in all."""
    async with desk() as d:
        uri = d.open("a.py", python_module(90))
        d.open("beside.py", python_module(40, "beside"))
        await d.explain(uri, 4, 8)
        for line in (14, 24, 34):
            usage = (await d.explain(uri, line, line + 4))["usage"]
            said = usage["predicted"]
            assert said["cacheReadTokens"] > 4_096
            for name in ("cacheReadTokens", "cacheWriteTokens"):
                assert abs(said[name] - usage[name]) <= 2_000
            total = sum(said[name] for name in ("cacheReadTokens", "cacheWriteTokens", "plainTokens"))
            assert abs(total - usage["inputTokens"]) <= usage["inputTokens"] / 10
            assert said["inputUsd"] > 0
            assert usage["cacheMiss"] is None
        assert all(entry["predicted"] and entry["costUsd"] for entry in await d.bill_arrives(3))

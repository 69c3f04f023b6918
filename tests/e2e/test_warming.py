"""A prefix that went cold is written while the user still types, and cold prefixes are written once."""

from __future__ import annotations

import asyncio
from typing import Any

from cachewise.simulator.script import Script
from support.server import Desk, desk, lines, python_module

TEXT = python_module(90, "warm")
COLD = 400.0
"""Seconds after which nothing is left of a prefix that was marked for five minutes."""


async def completed(d: Desk, uri: str, line: int) -> dict[str, Any]:
    moment = await d.now()
    await d.complete(uri, line, 4)
    return await d.used(moment)


async def sent_so_far(d: Desk) -> int:
    """How many requests the provider got, once everything that the server was told has been worked through."""
    await d.usage()
    await d.quiet()
    return len(d.records)


async def test_an_edit_after_the_cache_ran_out_writes_the_prefix_ahead() -> None:
    async with desk(clocked=True) as d:
        uri = d.open("a.py", TEXT)
        d.open("b.py", python_module(30, "beside"))
        d.edit(uri, 3, 0, "# typing, and nothing asked for yet\n")
        d.advance(COLD)
        d.edit(uri, 3, 0, "# more of it\n")
        assert await sent_so_far(d) == 0, "opening and editing a repository sends nothing"

        first = await completed(d, uri, 20)
        assert first["cacheWriteTokens"] > 4_096
        d.advance(COLD)
        d.edit(uri, 4, 0, "# back again\n")
        await d.until(lambda: len(d.records) == 2)
        d.edit(uri, 5, 0, "# and on\n")
        assert await sent_so_far(d) == 2, "once is enough"
        warm = d.records[1]
        assert warm.prompt is not None
        assert warm.prompt.max_tokens == 1
        assert warm.charge is not None
        assert warm.charge.read == 0
        assert warm.charge.written > 4_096

        read = await completed(d, uri, 30)
        assert read["cacheReadTokens"] > 0.85 * read["inputTokens"]
        assert read["cacheMiss"] is None
        usage = await d.usage()
        apart = usage["byFeature"]["warm"]
        assert apart["requests"] == 1
        assert apart["costUsd"] > usage["byFeature"]["complete"]["costUsd"] / 10


async def test_moving_in_a_document_is_enough_and_unused_writing_is_not_repeated() -> None:
    # With gaps like these `auto` has the prefix kept for an hour, and nothing goes cold.
    async with desk(clocked=True, config='promptCache.ttl = "5m"\n') as d:
        uri = d.open("a.py", TEXT)
        await completed(d, uri, 20)
        for _ in range(3):
            d.advance(COLD)
            await d.lsp.request(
                "textDocument/codeAction",
                {"textDocument": {"uri": uri}, "range": lines(8, 8), "context": {"diagnostics": []}},
            )
            await d.until(lambda: len(d.records) == 2)
        assert await sent_so_far(d) == 2, "nobody has asked for anything since the first one"
        await completed(d, uri, 30)
        d.advance(COLD)
        d.edit(uri, 4, 0, "# back again\n")
        await d.until(lambda: len(d.records) == 4)


async def test_it_stops_when_what_was_written_could_not_be_read() -> None:
    async with desk(clocked=True) as d:
        uri = d.open("a.py", TEXT)
        await completed(d, uri, 20)
        d.advance(COLD)
        d.edit(uri, 4, 0, "# back again\n")
        await d.until(lambda: len(d.records) == 2)
        await d.quiet()
        d.simulator.advance(COLD)  # the provider lost it, and the server can't know
        lost = await completed(d, uri, 30)
        assert lost["cacheReadTokens"] == 0
        assert lost["cacheMiss"]["reason"] == "routeChanged"
        assert lost["predicted"]["cacheReadTokens"] > 4_096
        d.advance(COLD)
        d.edit(uri, 5, 0, "# and again\n")
        assert await sent_so_far(d) == 3


async def test_of_requests_that_find_the_prefix_cold_one_writes_it() -> None:
    async with desk(Script(first_token_delay=0.2)) as d:
        uri = d.open("a.py", TEXT)
        answers = await asyncio.gather(*(d.explain(uri, 10 * n, 10 * n + 5) for n in range(4)))
        assert await sent_so_far(d) == 4
        first, *others = d.records
        assert first.charge is not None
        assert first.first_token_at is not None
        assert first.charge.written > 4_096
        for record in others:
            assert record.received_at >= first.first_token_at
            assert record.charge is not None
            assert record.charge.read == first.charge.written
        for answer in sorted(answers, key=lambda answer: int(answer["usage"]["cacheReadTokens"]))[1:]:
            usage = answer["usage"]
            assert usage["predicted"]["cacheReadTokens"] > 0.7 * usage["cacheReadTokens"], (
                "they knew what they waited for"
            )
            assert usage["cacheMiss"] is None
        assert sum(answer["usage"]["cacheWriteTokens"] for answer in answers) < 1.1 * first.charge.written

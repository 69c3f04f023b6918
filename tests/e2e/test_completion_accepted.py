"""After a suggestion was accepted: the next one is on its way already, and everything is counted."""

from __future__ import annotations

from typing import Any

import pytest

from cachewise.simulator.script import Script
from support.server import Desk, desk, python_module

HEAD = python_module(60)
"""Long enough to be kept by the provider's cache."""
FIRST, NEXT = "    return first", " + second"


async def typed_first(d: Desk) -> tuple[str, int, dict[str, Any]]:
    """A document whose prefix is warm, with a suggestion at its end, which is not yet accepted."""
    d.open("library.py", HEAD)
    text = "def add(first, second):\n"
    uri = d.open("new.py", text)
    d.simulator.follow(Script(answer=FIRST + "\n"))
    [item] = await d.complete(uri, 1, 0)
    await d.quiet()
    await d.status(lambda s: s["quiescent"] and s["prefix"]["state"] == "warm")
    return uri, len(d.records), item


async def test_the_next_suggestion_is_prepared() -> None:
    async with desk(Script()) as d:
        uri, asked, item = await typed_first(d)
        d.simulator.follow(Script(answer=NEXT + "\n", first_token_delay=0.1))
        d.edit(uri, 1, 0, FIRST)
        ident, characters = item["command"]["arguments"]
        assert await d.command("cachewise.accepted", ident, characters) is None
        await d.until(lambda: len(d.records) == asked + 1)
        # An automatic request, which would not ask here by itself, is given what was prepared.
        [following] = await d.complete(uri, 1, len(FIRST), kind=2)
        assert following["insertText"] == NEXT
        assert len(d.records) == asked + 1
        completions = (await d.usage())["completions"]
        assert completions["accepted"] == 1
        assert completions["shown"] == 2
        assert completions["acceptedCharacters"] == characters
        assert completions["costPerAcceptedCharacterUsd"] == pytest.approx(completions["costUsd"] / characters)


async def test_the_next_line_is_prepared_and_met_by_the_return_key() -> None:
    async with desk(Script()) as d:
        uri, asked, item = await typed_first(d)
        d.simulator.follow(Script(answer="\n    print(second)\n    print(first)\n"))
        d.edit(uri, 1, 0, FIRST)
        await d.command("cachewise.accepted", *item["command"]["arguments"])
        await d.until(lambda: len(d.records) == asked + 1)
        [following] = await d.complete(uri, 1, len(FIRST), kind=2)
        assert following["insertText"] == "\n    print(second)"
        d.edit(uri, 1, len(FIRST), "\n    ")
        [rest] = await d.complete(uri, 2, 4, kind=2)
        assert rest["insertText"] == "print(second)"
        assert len(d.records) == asked + 1


async def test_a_part_prepares_nothing_and_counts_its_characters() -> None:
    async with desk(Script()) as d:
        uri, asked, item = await typed_first(d)
        ident = item["command"]["arguments"][0]
        d.edit(uri, 1, 0, FIRST[:10])
        await d.command("cachewise.accepted", ident, 10)
        [rest] = await d.complete(uri, 1, 10, kind=2)
        assert rest["insertText"] == FIRST[10:]
        await d.command("cachewise.accepted", ident, 2)
        assert len(d.records) == asked
        completions = (await d.usage())["completions"]
        assert (completions["accepted"], completions["acceptedCharacters"]) == (1, 12)


async def test_nothing_is_prepared_near_the_end_of_the_budget() -> None:
    async with desk(Script(), options={"budget.perDayUsd": 0.05}) as d:
        uri, asked, item = await typed_first(d)
        spent = (await d.usage())["today"]["costUsd"]
        section = {"budget": {"perDayUsd": spent * 1.1}}
        d.lsp.notify("workspace/didChangeConfiguration", {"settings": {"cachewise": section}})
        d.edit(uri, 1, 0, FIRST)
        ident, characters = item["command"]["arguments"]
        await d.command("cachewise.accepted", ident, characters)
        assert await d.complete(uri, 1, len(FIRST), kind=2) == []
        assert len(d.records) == asked


async def test_what_was_typed_out_and_what_was_passed_over() -> None:
    async with desk(Script(answer="one\n")) as d:
        uri = d.open("fates.py", "a = \n")
        assert await d.complete(uri, 0, 4)
        d.edit(uri, 0, 4, "one")
        d.simulator.follow(Script(answer=" + two\n"))
        assert await d.complete(uri, 0, 7)
        d.edit(uri, 0, 7, "; ")
        d.close(uri)
        completions = (await d.usage())["completions"]
        assert (completions["shown"], completions["accepted"]) == (2, 0)
        assert (completions["typedThrough"], completions["rejected"]) == (1, 1)
        assert completions["acceptanceRate"] == 0
        assert completions["costPerAcceptedCharacterUsd"] is None

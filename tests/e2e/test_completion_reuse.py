"""Never asking twice: suggestions that are typed through, come back to, and grow while they stream."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from cachewise.simulator.script import Fault, Script
from support.lsp_client import DEADLINE
from support.server import Desk

pytestmark = pytest.mark.asyncio(loop_scope="module")

TEXT = """\
def twice(number: int) -> int:
    doubled = number * 2
    ret


def thrice(number: int) -> int:
    return number * 3
"""
AT = (2, 7)
"""Behind `ret`."""
LINE = "urn doubled if number > 0 else -doubled"
LINES = "\n        first = 1\n        second = 2\n        third = 3"
"""A block that goes behind `if doubled:`."""
GREW = "cachewise/completionGrew"


async def ask(d: Desk, uri: str, line: int, character: int, *, kind: int = 2) -> str | None:
    """The text that is suggested, taken as an editor would."""
    items = await d.complete(uri, line, character, kind=kind)
    return items[0]["insertText"] if items else None


def block(d: Desk, name: str) -> tuple[str, int]:
    """A document in which the cursor stands behind `if doubled:`, and the number of requests so far."""
    return d.open(name, TEXT.replace("    ret", "    if doubled:")), len(d.records)


async def test_typing_through_a_suggestion_asks_nobody(shared: Desk) -> None:
    uri = shared.open("through.py", TEXT)
    shared.simulator.follow(Script(answer=LINE + "\n"))
    assert await ask(shared, uri, *AT) == LINE
    await shared.quiet()
    asked, shown = len(shared.records), (await shared.usage())["session"]["shown"]
    for number in range(20):
        shared.edit(uri, 2, 7 + number, LINE[number])
        assert await ask(shared, uri, 2, 8 + number) == LINE[number + 1 :]
    for number in range(19, 9, -1):
        shared.edit(uri, 2, 7 + number, "", end=(2, 8 + number))
        assert await ask(shared, uri, 2, 7 + number) == LINE[number:]
    assert len(shared.records) == asked
    assert (await shared.usage())["session"]["shown"] == shown, "one suggestion is one, however often it is shown"


async def test_coming_back_and_undoing_asks_nobody(shared: Desk) -> None:
    uri = shared.open("back.py", TEXT)
    shared.simulator.follow(Script(answer=LINE + "\n"))
    assert await ask(shared, uri, *AT) == LINE
    await shared.quiet()
    shared.edit(uri, 2, 7, "x = 1")
    assert await ask(shared, uri, 2, 12) is not None, "something else stands there, and so the model is asked"
    await shared.quiet()
    asked = len(shared.records)
    shared.edit(uri, 2, 7, "", end=(2, 12))
    assert await ask(shared, uri, *AT) == LINE
    shared.edit(uri, 6, 0, "# elsewhere\n")
    shared.simulator.follow(Script(answer="urn 1\n"))
    assert await ask(shared, uri, *AT) == "urn 1", "the text around is another one"
    assert len(shared.records) == asked + 1
    shared.close(uri)
    await shared.quiet()
    again = shared.open("back.py", TEXT)
    assert await ask(shared, again, *AT) == "urn 1"
    assert len(shared.records) == asked + 2, "what a closed document was given is forgotten"


async def test_a_hit_does_not_wait_for_a_pause_in_typing(shared: Desk) -> None:
    uri = shared.open("hit.py", TEXT)
    shared.simulator.follow(Script(answer=LINE + "\n"))
    assert await ask(shared, uri, *AT) == LINE
    section: dict[str, Any] = {"completion": {"debounceMs": 5000}}
    shared.lsp.notify("workspace/didChangeConfiguration", {"settings": {"cachewise": section}})
    try:
        shared.edit(uri, 2, 7, "u")
        request, reply = shared.lsp.start_request(
            "textDocument/inlineCompletion", shared.completion_params(uri, 2, 8, 2)
        )
        other = shared.open("hit-other.py", TEXT)
        assert await ask(shared, other, *AT, kind=1) == LINE
        assert reply.done(), f"request {request} waited for a pause"
    finally:
        section["completion"]["debounceMs"] = 5
        shared.lsp.notify("workspace/didChangeConfiguration", {"settings": {"cachewise": section}})


async def test_the_first_line_comes_at_once_and_the_rest_grows(shared: Desk) -> None:
    uri, before = block(shared, "grows.py")
    shared.simulator.follow(Script(answer=LINES + "\n    last\n", token_delay=0.15))
    mark = shared.lsp.mark()
    first = await ask(shared, uri, 2, 15)
    assert first == "\n        first = 1"
    assert shared.records[before].outcome == "open", "the answer waited for the end of the stream"
    seen = [first]
    while seen[-1] != LINES:
        grown = await shared.lsp.wait_for(GREW, since=mark)
        assert grown == {"uri": uri, "version": 1, "position": {"line": 2, "character": 15}}
        mark = shared.lsp.mark()
        longer = await ask(shared, uri, 2, 15)
        assert longer is not None
        assert longer.startswith(seen[-1])
        assert len(longer) > len(seen[-1])
        seen.append(longer)
    assert len(seen) >= 3
    assert len(shared.records) == before + 1
    await shared.quiet()


async def test_the_rest_is_there_after_the_first_line_was_accepted(shared: Desk) -> None:
    uri, before = block(shared, "accepted.py")
    shared.simulator.follow(Script(answer=LINES + "\n    last\n", token_delay=0.05))
    first = await ask(shared, uri, 2, 15)
    assert first == "\n        first = 1"
    shared.edit(uri, 2, 15, first)
    # At once, while the next line still streams: the request waits for it.
    more = await ask(shared, uri, 3, 17)
    assert more is not None
    assert LINES.startswith(first + more)
    await shared.until(lambda: shared.records[before].ended_at is not None)
    assert await ask(shared, uri, 3, 17) == LINES[len(first) :]
    assert len(shared.records) == before + 1
    # With all of it in the document, the model is asked what comes next.
    shared.edit(uri, 3, 17, LINES[len(first) :])
    shared.simulator.follow(Script(answer=" + number\n"))
    assert await ask(shared, uri, 5, 17) == " + number"
    assert len(shared.records) == before + 2


async def test_a_stream_goes_on_while_what_is_typed_agrees(shared: Desk) -> None:
    uri = shared.open("agrees.py", TEXT)
    shared.simulator.follow(Script(answer=LINE + "\n", first_token_delay=0.5))
    before = len(shared.records)
    replies = [shared.lsp.start_request("textDocument/inlineCompletion", shared.completion_params(uri, *AT, 1))[1]]
    await shared.until(lambda: len(shared.records) > before)
    for number in range(5):
        shared.edit(uri, 2, 7 + number, LINE[number])
        params = shared.completion_params(uri, 2, 8 + number, 2)
        replies.append(shared.lsp.start_request("textDocument/inlineCompletion", params)[1])
    answers = [await asyncio.wait_for(reply, DEADLINE) for reply in replies]
    assert [answer["items"] for answer in answers[:-1]] == [[]] * 5
    assert answers[-1]["items"][0]["insertText"] == LINE[5:]
    assert len(shared.records) == before + 1


async def test_a_cancel_with_a_new_request_behind_it_keeps_the_stream(shared: Desk) -> None:
    """As an editor does that cancels at every key."""
    uri = shared.open("keeps.py", TEXT)
    shared.simulator.follow(Script(answer=LINE + "\n", first_token_delay=0.5))
    before = len(shared.records)
    request, _ = shared.lsp.start_request("textDocument/inlineCompletion", shared.completion_params(uri, *AT, 1))
    await shared.until(lambda: len(shared.records) > before)
    shared.edit(uri, 2, 7, "u")
    shared.lsp.cancel(request)
    assert await ask(shared, uri, 2, 8) == LINE[1:]
    assert len(shared.records) == before + 1


@pytest.mark.parametrize("edit", [(0, 0, "# top\n"), (2, 7, "x"), (2, 6, "")], ids=["elsewhere", "diverges", "deletes"])
async def test_a_stream_ends_when_the_document_goes_another_way(shared: Desk, edit: tuple[int, int, str]) -> None:
    uri, before = block(shared, f"ends-{edit[0]}-{edit[1]}.py")
    shared.simulator.follow(Script(answer=LINES, faults=(Fault(kind="stall", after_tokens=20),)))
    assert await ask(shared, uri, 2, 15) is not None
    assert shared.records[before].outcome == "open"
    line, character, text = edit
    shared.edit(uri, line, character, text, end=(line, character + (not text)))
    await shared.until(lambda: shared.records[before].outcome == "gone")


async def test_a_stream_ends_when_its_document_closes(shared: Desk) -> None:
    uri, before = block(shared, "ends-closed.py")
    shared.simulator.follow(Script(answer=LINES, faults=(Fault(kind="stall", after_tokens=20),)))
    assert await ask(shared, uri, 2, 15) is not None
    shared.close(uri)
    await shared.until(lambda: shared.records[before].outcome == "gone")


async def test_what_was_typed_meanwhile_and_does_not_fit_is_asked_anew(shared: Desk) -> None:
    uri = shared.open("anew.py", TEXT)
    shared.simulator.follow(Script(answer=LINE + "\n", first_token_delay=0.3))
    before = len(shared.records)
    _, older = shared.lsp.start_request("textDocument/inlineCompletion", shared.completion_params(uri, *AT, 1))
    await shared.until(lambda: len(shared.records) > before)
    shared.edit(uri, 2, 7, "ries = ")
    shared.simulator.follow(Script(answer="number\n"))
    assert await ask(shared, uri, 2, 14) == "number"
    assert await asyncio.wait_for(older, DEADLINE) == {"items": []}
    assert len(shared.records) == before + 2


@pytest.mark.parametrize("kind", [1, 2], ids=["invoked", "automatic"])
async def test_a_burst_of_typing_that_nobody_cancels(shared: Desk, kind: int) -> None:
    uri = shared.open(f"burst-{kind}.py", TEXT)
    shared.simulator.follow(Script(answer="urn doubled\n", first_token_delay=0.05))
    before, typed, replies = len(shared.records), "urns_are_many_things", []
    for number, key in enumerate(typed):
        shared.edit(uri, 2, 7 + number, key)
        params = shared.completion_params(uri, 2, 8 + number, kind)
        replies.append(shared.lsp.start_request("textDocument/inlineCompletion", params)[1])
    answers = [await asyncio.wait_for(reply, DEADLINE) for reply in replies]
    assert len(answers) == 20
    [item] = answers[-1]["items"]
    assert item["range"]["end"] == {"line": 2, "character": 27}
    assert len(shared.records) <= before + 2

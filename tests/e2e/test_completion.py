"""Inline completion as editors ask for it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from cachewise.simulator.script import Fault, Script
from support.lsp_client import DEADLINE, RpcError
from support.server import KEY, Desk, desk

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


async def test_an_item_has_the_shape_that_editors_need(shared: Desk) -> None:
    uri = shared.open("shape.py", TEXT)
    shared.simulator.follow(Script(answer="urn doubled\n"))
    moment = await shared.now()
    [item] = await shared.complete(uri, *AT)
    assert set(item) == {"insertText", "range", "command"}
    assert item["insertText"] == "urn doubled"
    assert item["range"] == {"start": {"line": 2, "character": 7}, "end": {"line": 2, "character": 7}}
    assert item["command"]["command"] == "cachewise.accepted"
    ident, characters = item["command"]["arguments"]
    assert isinstance(ident, str)
    assert characters == len("urn doubled")
    usage = await shared.used(moment)
    assert usage["feature"] == "complete"
    assert usage["outcome"] == "complete"
    # Taking it counts once, however often the client says so.
    before = (await shared.usage())["session"]
    assert await shared.command("cachewise.accepted", ident, characters) is None
    assert await shared.command("cachewise.accepted", ident, characters) is None
    assert await shared.command("cachewise.accepted", ident) is None
    after = (await shared.usage())["session"]
    assert after["accepted"] - before["accepted"] == 1
    assert after["shown"] == before["shown"] > 0


async def test_a_half_typed_word_in_other_letters_is_replaced(shared: Desk) -> None:
    text = TEXT.replace("    ret", "    RETURN_")
    uri = shared.open("replaced.py", text)
    shared.simulator.follow(Script(answer="return_value = 1\n"))
    [item] = await shared.complete(uri, 2, 11)
    assert item["range"]["end"] == {"line": 2, "character": 11}
    assert item["range"]["start"]["line"] == 2
    start = item["range"]["start"]["character"]
    line = text.split("\n")[2]
    assert line[:start] + item["insertText"] == "    return_value = 1"


def pause(d: Desk, milliseconds: int) -> None:
    """Set how long automatic requests wait."""
    section = {"completion": {"debounceMs": milliseconds}}
    d.lsp.notify("workspace/didChangeConfiguration", {"settings": {"cachewise": section}})


async def test_invoked_asks_at_once_and_automatic_waits_for_a_pause(shared: Desk) -> None:
    pause(shared, 5000)
    try:
        uri = shared.open("pause.py", TEXT)
        shared.simulator.follow(Script(answer="urn doubled\n"))
        before = len(shared.records)
        request, waiting = shared.lsp.start_request(
            "textDocument/inlineCompletion", shared.completion_params(uri, *AT, 2)
        )
        other = shared.open("pause-other.py", TEXT)
        assert await shared.complete(other, *AT), "the one that was asked for by hand"
        assert len(shared.records) == before + 1, "the automatic one was sent before its pause was over"
        assert not waiting.done()
        shared.lsp.cancel(request)
        with pytest.raises(RpcError) as cancelled:
            await waiting
        assert cancelled.value.code == -32800
        assert len(shared.records) == before + 1
    finally:
        pause(shared, 5)
    assert await shared.complete(uri, *AT, kind=2)


async def test_a_newer_request_supersedes_the_older_one(shared: Desk) -> None:
    uri = shared.open("newer.py", TEXT)
    shared.simulator.follow(Script(answer="urn doubled\n", faults=(Fault(kind="stall", after_tokens=1),)))
    before = len(shared.records)
    _, older = shared.lsp.start_request("textDocument/inlineCompletion", shared.completion_params(uri, *AT))
    await shared.until(lambda: len(shared.records) > before and shared.records[before].output_tokens > 0)
    newer = await shared.complete(uri, *AT)
    assert newer[0]["insertText"] == "urn doubled"
    assert await asyncio.wait_for(older, DEADLINE) == {"items": []}
    await shared.until(lambda: shared.records[before].outcome == "gone")


async def test_closing_the_document_ends_its_request(shared: Desk) -> None:
    uri = shared.open("closed.py", TEXT)
    shared.simulator.follow(Script(faults=(Fault(kind="hang"),)))
    before = len(shared.records)
    _, open_request = shared.lsp.start_request("textDocument/inlineCompletion", shared.completion_params(uri, *AT))
    await shared.until(lambda: len(shared.records) > before)
    shared.close(uri)
    assert await asyncio.wait_for(open_request, DEADLINE) == {"items": []}


async def test_a_burst_that_nobody_cancels_is_answered_to_the_last(shared: Desk) -> None:
    uri = shared.open("burst.py", TEXT)
    shared.simulator.follow(Script(answer="urn doubled\n", first_token_delay=0.01))
    requests = []
    for number in range(20):
        shared.edit(uri, 0, 0, f"# {number}\n")
        params = shared.completion_params(uri, 3 + number, AT[1])
        requests.append(shared.lsp.start_request("textDocument/inlineCompletion", params)[1])
    answers = [await asyncio.wait_for(request, DEADLINE) for request in requests]
    assert [answer["items"] for answer in answers[:-1]] == [[]] * 19
    [item] = answers[-1]["items"]
    assert item["range"]["end"] == {"line": 22, "character": AT[1]}


async def test_many_documents_do_not_disturb_each_other(shared: Desk) -> None:
    uris = [shared.open(f"many/{number}.py", TEXT) for number in range(8)]
    shared.simulator.follow(Script(answer="urn doubled\n", first_token_delay=0.02))
    answers = await asyncio.gather(*(shared.complete(uri, *AT) for uri in uris))
    assert [[item["insertText"] for item in items] for items in answers] == [["urn doubled"]] * 8


async def test_a_cancel_of_the_client_is_told_from_a_superseded_request(shared: Desk) -> None:
    uri = shared.open("cancelled.py", TEXT)
    shared.simulator.follow(Script(faults=(Fault(kind="stall", after_tokens=1),)))
    before = len(shared.records)
    request, future = shared.lsp.start_request("textDocument/inlineCompletion", shared.completion_params(uri, *AT))
    await shared.until(lambda: len(shared.records) > before)
    shared.lsp.cancel(request)
    with pytest.raises(RpcError) as cancelled:
        await asyncio.wait_for(future, DEADLINE)
    assert cancelled.value.code == -32800
    await shared.until(lambda: shared.records[before].outcome == "gone")


async def test_ghost_text_ends_its_lines_with_lf_in_every_document(shared: Desk) -> None:
    """Which the client makes the document's own: Neovim would show a CR as a character."""
    text = TEXT.replace("\n", "\r\n").replace("    ret", "    if doubled:")
    uri = shared.open("crlf.py", text)
    shared.simulator.follow(Script(answer="\n        doubled += 1\n        doubled -= 1\n    other\n"))
    [item] = await shared.complete(uri, 2, 15)
    assert item["insertText"].startswith("\n        doubled += 1")
    assert "\r" not in item["insertText"]
    assert item["command"]["arguments"][1] == len(item["insertText"])
    # An edit of a list's entry is applied as it is, so that has the document's.
    params = {"textDocument": {"uri": uri}, "position": {"line": 2, "character": 15}}
    [entry] = (await shared.lsp.request("textDocument/completion", params))["items"]
    assert entry["textEdit"]["newText"].startswith("\r\n        doubled += 1")


async def test_enough_is_enough_and_the_bill_follows(shared: Desk) -> None:
    """A stream that goes on behind the suggestion's end is cut off; what it cost is asked for afterwards."""
    uri = shared.open("early.py", TEXT)
    answer = "urn doubled\n" + "".join(f"# line {n}\n" for n in range(400))
    shared.simulator.follow(Script(answer=answer, token_delay=0.01))
    before, moment = len(shared.records), await shared.now()
    [item] = await shared.complete(uri, *AT)
    assert item["insertText"] == "urn doubled"
    assert shared.records[before].outcome == "open", "the suggestion waited for the end of the stream"
    await shared.until(lambda: shared.records[before].outcome == "gone")
    assert (await shared.used(moment))["outcome"] == "complete"
    [usage] = await shared.bill_arrives()
    record = shared.records[before]
    assert record.cost is not None
    assert abs(usage["costUsd"] - float(record.cost)) < 1e-9
    assert usage["outputTokens"] == record.output_tokens < 400


FOREVER = "".join(f"\nmore_{n} = {n}" for n in range(600))
ENOUGH: dict[str, tuple[str, str, str, str]] = {
    "the end of a block by indentation": ("python", "if ready|\n", ":\n    go()\nstop()" + FOREVER, ":\n    go()"),
    "the end of a block by brackets": (
        "typescript", "if (ready)|\n", " {\n  go();\n}\nstop();" + FOREVER, " {\n  go();\n}",
    ),
    "a line that repeats": ("python", "def f():\n    |\n", "go(1)\n" + "    go(1)\n" * 600, "go(1)"),
    "text that stands below": (
        "python", "def f(b):\n    |\n    return b + 17\n", "a = 1\n    return b + 17\n    b = 2" + FOREVER, "a = 1",
    ),
    "the end of a statement": ("python", "x = |\n", "1" + FOREVER, "1"),
}  # fmt: skip


@pytest.mark.parametrize(("language", "marked", "answer", "wanted"), ENOUGH.values(), ids=ENOUGH)
async def test_each_end_closes_the_stream(shared: Desk, language: str, marked: str, answer: str, wanted: str) -> None:
    before = marked[: marked.index("|")]
    uri = shared.open(f"ends-{abs(hash(marked))}.py", marked.replace("|", ""), language)
    shared.simulator.follow(Script(answer=answer, token_delay=0.005))
    seen = len(shared.records)
    place = (before.count("\n"), len(before) - before.rfind("\n") - 1)
    await shared.complete(uri, *place)
    await shared.until(lambda: shared.records[seen].outcome != "open")
    record = shared.records[seen]
    assert record.outcome == "gone", "the provider wrote on"
    assert record.output_tokens < 100
    [item] = await shared.complete(uri, *place)
    assert item["insertText"] == wanted
    assert len(shared.records) == seen + 1


async def test_the_provider_is_told_how_much_is_wanted_at_most() -> None:
    options = {"completion.maxTokens": 20, "completion.multiline": "always"}
    async with desk(Script(answer="1" + FOREVER), options=options) as d:
        uri = d.open("most.py", "x = \n")
        await d.complete(uri, 0, 4)
        await d.quiet()
        [record] = d.records
        assert record.output_tokens <= 20


NOTHING: dict[str, dict[str, Any]] = {
    "an empty answer": {"answer": ""},
    "white space": {"answer": "   \n\n"},
    "what stands there already": {"answer": "\n\ndef thrice(number: int) -> int:\n    return number * 3\n"},
}


@pytest.mark.parametrize("script", NOTHING.values(), ids=NOTHING)
async def test_nothing_to_suggest(shared: Desk, script: dict[str, Any]) -> None:
    uri = shared.open("nothing.py", TEXT.replace("    ret", "    return doubled"))
    shared.simulator.follow(Script(**script))
    assert await shared.complete(uri, 2, 18) == []


async def test_a_provider_that_fails_is_no_error_and_the_status_says_why(shared: Desk) -> None:
    uri = shared.open("failing.py", TEXT)
    shared.simulator.follow(Script(answer="urn doubled\n", faults=(Fault(kind="status", status=402),)))
    mark = shared.lsp.mark()
    assert await shared.complete(uri, *AT) == []
    status = await shared.status(lambda s: s["health"] != "ok", since=mark)
    assert status["health"] == "error"
    assert "credit" in status["message"]
    mark = shared.lsp.mark()
    assert await shared.complete(uri, *AT)
    assert (await shared.status(lambda s: s["health"] == "ok", since=mark))["message"] == ""


async def test_secret_files_are_never_completed(shared: Desk) -> None:
    uri = shared.open(".env", "TOKEN=canary-of-the-env-file\nOTHER=", "plaintext")
    before = len(shared.records)
    assert await shared.complete(uri, 1, 6) == []
    assert len(shared.records) == before


@pytest.mark.parametrize("path", ["missing", "closed"])
async def test_unknown_documents_are_refused(shared: Desk, path: str) -> None:
    uri = shared.open("gone.py", TEXT)
    shared.close(uri)
    wanted = uri if path == "closed" else uri.replace("gone", "never")
    with pytest.raises(RpcError) as refused:
        await shared.complete(wanted, 0, 0)
    assert refused.value.code == -32602


EMOJI = 'def greet() -> str:\n    "Grüße 👩‍🚀"; wave = "👋👋"; ret\n'
UNITS = {"utf-8": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}


def units(text: str, encoding: str) -> int:
    return len(text.encode(UNITS[encoding])) // {"utf-8": 1, "utf-16": 2, "utf-32": 4}[encoding]


def sent_text(d: Desk, number: int) -> str:
    prompt = d.records[number].prompt
    assert prompt is not None
    return prompt.blocks[-1].text


async def test_positions_count_what_was_agreed_on() -> None:
    for encoding in UNITS:
        capabilities = {"general": {"positionEncodings": [encoding]}}
        async with desk(Script(answer="Return_value\n"), capabilities=capabilities) as d:
            assert d.announced["capabilities"]["positionEncoding"] == encoding
            uri = d.open("emoji.py", EMOJI)
            before = EMOJI.split("\n")[1]
            cursor = units(before, encoding)
            [item] = await d.complete(uri, 1, cursor)
            assert item["range"] == {
                "start": {"line": 1, "character": cursor - 3},
                "end": {"line": 1, "character": cursor},
            }, encoding
            assert f"{before}<|cursor|>" in sent_text(d, 0), encoding
            # An edit behind the emoji lands where the client meant it.
            d.edit(uri, 1, units(before[: before.index("; wave")], encoding), " + '🙂'")
            await d.complete(uri, 1, units(before + " + '🙂'", encoding))
            assert before.replace("; wave", " + '🙂'; wave") + "<|cursor|>" in sent_text(d, 1), encoding


async def test_switched_off_means_no_request() -> None:
    async with desk(options={"completion.enabled": False}) as d:
        uri = d.open("off.py", TEXT)
        assert await d.complete(uri, *AT) == []
        assert d.records == []
        # The editor may switch its own word back on.
        d.lsp.notify("workspace/didChangeConfiguration", {"settings": {"cachewise": {"completion": {"enabled": True}}}})
        d.simulator.follow(Script(answer="urn doubled\n", api_key=KEY))
        assert await d.complete(uri, *AT)

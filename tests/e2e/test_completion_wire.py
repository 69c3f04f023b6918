"""Completions over a wire that cuts and joins messages anywhere, with either way of synchronising, in a large file."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest

from cachewise.simulator.script import Script
from support.lsp_client import DEADLINE, encode
from support.server import Desk, python_module

pytestmark = pytest.mark.asyncio(loop_scope="module")

LARGE = 407_000
LINE = "urn doubled if number > 0 else -doubled"


def large_text() -> str:
    """A module of at least 407 KB."""
    text = python_module(2000)
    assert len(text) > LARGE
    return text


def change(uri: str, version: int, whole: str | None, at: tuple[int, int], key: str) -> dict[str, Any]:
    """A keystroke, told as a range or as the whole new text."""
    place = {"line": at[0], "character": at[1]}
    event = {"range": {"start": place, "end": place}, "text": key} if whole is None else {"text": whole}
    return {"textDocument": {"uri": uri, "version": version}, "contentChanges": [event]}


@pytest.mark.parametrize("full", [False, True], ids=["incremental", "full text"])
@pytest.mark.parametrize("size", ["small", "large"])
@pytest.mark.parametrize("pieces", ["joined", "split"])
async def test_every_keystroke_is_answered(shared: Desk, full: bool, size: str, pieces: str) -> None:
    head = large_text() if size == "large" else ""
    text = head + "def twice(number):\n    ret"
    row = text.count("\n")
    uri = shared.open(f"{size}-{full}-{pieces}.py", text, on_disk=False)
    shared.simulator.follow(Script(answer=LINE + "\n"))
    [item] = await shared.complete(uri, row, 7)
    assert item["insertText"] == LINE
    await shared.quiet()
    asked, replies, sent = len(shared.records), [], b""
    for number in range(20):
        text += LINE[number]
        key = change(uri, number + 2, text if full else None, (row, 7 + number), LINE[number])
        sent += encode({"jsonrpc": "2.0", "method": "textDocument/didChange", "params": key})
        ident = f"{uri}-{number}"
        replies.append(shared.lsp.expect(ident))
        params = shared.completion_params(uri, row, 8 + number, 2)
        method = "textDocument/inlineCompletion"
        sent += encode({"jsonrpc": "2.0", "id": ident, "method": method, "params": params})
    if pieces == "joined":
        shared.lsp.send_raw(sent)
    else:
        chance, at = random.Random(size), 0
        while at < len(sent):
            size_of_piece = (
                chance.choice((1, 3, 40, 700, 65_000)) if len(sent) < 100_000 else chance.randint(1, 200_000)
            )
            shared.lsp.send_raw(sent[at : at + size_of_piece])
            await shared.lsp.drain()
            await asyncio.sleep(0)
            at += size_of_piece
    answers = [await asyncio.wait_for(reply, DEADLINE) for reply in replies]
    assert [answer["items"][0]["insertText"] for answer in answers] == [LINE[n + 1 :] for n in range(20)]
    assert len(shared.records) == asked, "all of it was known"

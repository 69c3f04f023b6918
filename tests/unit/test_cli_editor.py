"""The demo's own editor: what it does when the server answers badly, or not at all."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest

from cachewise.cli.editor import Editor
from cachewise.faults import Fault

SERVER = """
import json, sys

def read():
    length = 0
    while (line := sys.stdin.buffer.readline().strip()):
        length = int(line.split(b":")[1])
    return json.loads(sys.stdin.buffer.read(length)) if length else None

def send(message):
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    sys.stdout.buffer.write(b"Content-Length: %d\\r\\n\\r\\n%s" % (len(body), body))
    sys.stdout.buffer.flush()

while (message := read()) is not None:
    match message.get("method"):
        case "echo":
            send({"method": "told", "params": message["params"]})
            send({"id": message["id"], "result": message["params"]})
        case "fail":
            send({"id": message["id"], "error": {"code": -32803, "message": "It can't be done."}})
        case "back":
            send({"id": "mine", "method": "window/showDocument", "params": {}})
            send({"id": message["id"], "result": read()})
        case "textDocument/didOpen":
            document = message["params"]
        case "opened":
            send({"id": message["id"], "result": document})
        case "leave":
            sys.exit(3)
        case "shutdown":
            send({"id": message["id"], "result": None})
        case "exit":
            break
"""


async def editor() -> Editor:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", SERVER), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    return Editor(process)


async def test_requests_answers_and_notifications() -> None:
    client = await editor()
    told: list[Any] = []
    client.on("told", told.append)
    assert await client.request("echo", {"text": "Grüße"}) == {"text": "Grüße"}
    assert told == [{"text": "Grüße"}]
    client.notify("nothing", {})
    assert await client.request("echo", [1]) == [1]
    await client.stop()


async def test_requests_of_the_server_get_null() -> None:
    client = await editor()
    assert await client.request("back", {}) == {"jsonrpc": "2.0", "id": "mine", "result": None}
    await client.stop()


async def test_an_error_is_a_sentence() -> None:
    client = await editor()
    with pytest.raises(Fault, match=r"^It can't be done\.$"):
        await client.request("fail", {})
    assert await client.request("echo", 1) == 1
    await client.stop()


async def test_a_server_that_leaves_is_a_sentence() -> None:
    client = await editor()
    with pytest.raises(Fault, match="went away"):
        await client.request("leave", {})
    with pytest.raises(Fault, match="went away"):
        await client.request("echo", {})
    await client.stop()


async def test_opening_a_document_tells_its_text(tmp_path: Path) -> None:
    client = await editor()
    told: list[Any] = []
    client.on("told", told.append)
    uri = client.open(tmp_path / "ä b.py", "x = 1\n", "python")
    assert uri == (tmp_path / "ä b.py").as_uri()
    assert await client.request("opened", None) == {
        "textDocument": {"uri": uri, "languageId": "python", "version": 1, "text": "x = 1\n"}
    }
    await client.stop()

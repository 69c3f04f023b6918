"""Random messages and random bytes against a real server process.

The server here is a small one on the wire's own classes, with handlers that fail in every way; `test_server_fuzz.py`
does the same to the whole server. A failure names the seed, which repeats the run.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from support.fuzz import NOTHING, PER_SEED, SEEDS, Fuzz, answers, must_answer
from support.lsp_client import LspProcess, frame

SERVER = Path(__file__).parent.parent / "support" / "echo_server.py"

POSITION = {"line": 1, "character": 2}
DOCUMENT = {"uri": "file:///a.py", "languageId": "python", "version": 1, "text": "x = 1\n"}
PLACE = {"textDocument": {"uri": "file:///a.py"}, "position": POSITION}
REQUESTS: list[tuple[str, Any]] = [
    ("cachewise/echo", {"a": [1, {"b": None}], "c": "é"}),
    ("cachewise/wait", {}),
    ("cachewise/fail", {"how": "crash"}),
    ("cachewise/fail", {"how": "provider"}),
    ("cachewise/fail_at_once", {"how": "nan"}),
    ("cachewise/snapshot", {}),
    ("cachewise/flood", {"count": 3, "size": 10, "keyed": True}),
    ("cachewise/stream", {"partialResultToken": "t", "count": 5, "size": 10}),
    ("textDocument/hover", PLACE),
    ("textDocument/inlineCompletion", {**PLACE, "context": {"triggerKind": 2}}),
    ("textDocument/definition", PLACE),
    ("workspace/executeCommand", {"command": "echo.arguments", "arguments": [1, "a"], "workDoneToken": "t"}),
    ("workspace/executeCommand", {"command": "unknown"}),
    ("workspace/textDocumentContent", {"uri": "cachewise:/x"}),
    ("workspace/symbol", {"query": "x"}),
    ("initialize", {"processId": None, "rootUri": None, "capabilities": {}}),
    ("$/whatever", None),
]
NOTICES: list[tuple[str, Any]] = [
    ("textDocument/didOpen", {"textDocument": DOCUMENT}),
    ("textDocument/didChange", {"textDocument": {"uri": "u", "version": 2}, "contentChanges": [{"text": "y"}]}),
    ("textDocument/didClose", {"textDocument": {"uri": "u"}}),
    ("workspace/didChangeConfiguration", {"settings": {}}),
    ("workspace/didChangeWorkspaceFolders", {"event": {"added": [], "removed": []}}),
    ("notebookDocument/didClose", {"notebookDocument": {"uri": "u"}, "cellTextDocuments": []}),
    ("window/workDoneProgress/cancel", {"token": "t"}),
    ("$/setTrace", {"value": "off"}),
    ("$/progress", {"token": 1, "value": {}}),
    ("initialized", {}),
    ("cachewise/async_notice", {"how": "crash"}),
    ("no/such", [1, 2]),
]


async def probe(lsp: LspProcess, name: str) -> None:
    """Waits until everything sent so far was handled."""
    for turn in range(2):  # the second time, handlers that ended after the first have been answered too
        probe_id = f"probe {name} {turn}"
        future = lsp.expect(probe_id)
        lsp.send({"jsonrpc": "2.0", "id": probe_id, "method": "cachewise/snapshot"})
        await future
        del lsp.replies[probe_id]


@pytest.mark.parametrize("seed", SEEDS)
async def test_every_message_is_answered_exactly_once(seed: int) -> None:
    fuzz = Fuzz(seed, REQUESTS, NOTICES)
    expected: Counter[Any] = Counter()
    sent: dict[Any, bytes] = {}
    async with await LspProcess.start([sys.executable, SERVER]) as lsp:
        await lsp.initialize()
        lsp.replies.clear()
        for number in range(PER_SEED):
            body = fuzz.body()
            msg_id = must_answer(body)
            if msg_id is not NOTHING:
                expected[msg_id] += 1
                sent[msg_id] = body
            lsp.send_raw(frame(body))
            if number % 200 == 199:
                await lsp.drain()
                await probe(lsp, str(number))
        for msg_id in list(expected - answers(lsp)):
            lsp.cancel(msg_id)  # those that wait for ever
        await probe(lsp, "last")
        got = answers(lsp)
        missing, surplus = expected - got, got - expected
        assert not missing, f"seed {seed}: not answered: {[(i, sent[i][:300]) for i in list(missing)[:5]]}"
        assert not surplus, f"seed {seed}: answered too often: {[(i, lsp.replies[i]) for i in list(surplus)[:5]]}"
        assert expected.total() > PER_SEED // 2
        assert {message["method"] for message in lsp.messages if "method" in message} <= {
            "cachewise/waiting",
            "cachewise/flooded",
            "$/progress",
        }, "no popups"
        assert "Traceback" not in json.dumps(lsp.messages)
        assert lsp.process.returncode is None
    assert lsp.process.returncode == 0
    assert "Traceback" not in lsp.stderr


def broken_frames(fuzz: Fuzz) -> bytes:
    """A few messages as a stream with damaged framing. No number in it has more than four digits."""
    random = fuzz.random
    pieces = []
    for _ in range(random.randint(1, 8)):
        piece = bytearray(frame(fuzz.good()))
        for _ in range(random.randint(0, 3)):
            place = random.randrange(min(len(piece), 30))
            match random.randrange(4):
                case 0:
                    piece[place] = random.choice(b"\r\n:xX -\x00\xff")
                case 1:
                    del piece[place]
                case 2:
                    piece[place:place] = random.choice([b"\r\n", b"x", b": ", b"Content-Length", b"\xc3", b"\r\n\r\n"])
                case _:
                    del piece[place:]
                    break
            if len(piece) < 2:
                break
        pieces.append(bytes(piece))
    return b"".join(pieces)


@pytest.mark.parametrize("seed", SEEDS)
async def test_no_bytes_end_the_server_or_make_it_deaf(seed: int) -> None:
    fuzz = Fuzz(-1 - seed, REQUESTS, NOTICES)
    async with await LspProcess.start([sys.executable, SERVER]) as lsp:
        await lsp.initialize()
        for number in range(PER_SEED // 10):
            stream = broken_frames(fuzz) + fuzz.random.randbytes(fuzz.random.randrange(30))
            if any(len(digits) > 4 for digits in _numbers(stream)):
                continue
            while stream:
                size = fuzz.random.randint(1, 400)
                lsp.send_raw(stream[:size])
                stream = stream[size:]
            # Enough to fill any body that a damaged header has announced.
            lsp.send_raw(b"\n" * 10_000)
            await lsp.drain()
            await probe(lsp, str(number))
        assert lsp.notifications("window/showMessage") == []
        assert lsp.process.returncode is None
    assert lsp.process.returncode == 0
    assert "Traceback" not in lsp.stderr


def _numbers(stream: bytes) -> list[bytes]:
    return bytes(byte if 48 <= byte <= 57 else 32 for byte in stream).split()

"""Random messages and random bytes against a real server process.

1,000 messages per seed; CACHEWISE_FUZZ sets the number of messages (2,000 if unset). What must be answered is decided
here from the bytes that were sent, independently of the server's code: each message with a usable id exactly once under
that id, each piece of nonsense exactly once under null. A failure names the seed, which repeats the run.
"""

from __future__ import annotations

import json
import math
import os
import random
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.lsp_client import LspProcess, frame

SERVER = Path(__file__).parent.parent / "support" / "echo_server.py"
PER_SEED = 1000
SEEDS = range(max(1, int(os.environ.get("CACHEWISE_FUZZ", "2000")) // PER_SEED))

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


class Fuzz:
    """Makes messages from a seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.ids = 0

    def body(self) -> bytes:
        """The bytes of one message, good or bad."""
        makers: list[Callable[[], bytes]] = [
            self.good,
            self.good,
            self.bent,
            self.bent,
            self.odd,
            self.nonsense,
            self.flipped,
        ]
        return self.random.choice(makers)()

    def good(self) -> bytes:
        return self.dump(self.message())

    def bent(self) -> bytes:
        """A good message of which one part was replaced, dropped or doubled."""
        message = self.message()
        self.bend(message)
        return self.dump(message)

    def odd(self) -> bytes:
        """Any parts of a message in any combination."""
        parts = {
            "jsonrpc": "2.0",
            "id": self.id(),
            "method": self.method(),
            "params": self.value(),
            "result": self.value(),
        }
        parts["error"] = {"code": self.random.choice([1, "x", -32601]), "message": "no"}
        return self.dump({name: value for name, value in parts.items() if self.random.random() < 0.6})

    def nonsense(self) -> bytes:
        pool = [
            b"", b"null", b"[]", b"{}", b"5", b'"text"', b"{]", b"\xff\xfe", b"\xef\xbb\xbf{}", b"[" * 100_000,
            b'{"a":' * 20_000, b'{"jsonrpc":"2.0","id":1,"method":"cachewise/echo","params":{"a":NaN}}',
            b'{"jsonrpc":"2.0","id":1e999,"method":"cachewise/echo"}', b"[" + self.good() + b"]", self.good()[:-3],
            bytes(self.random.randrange(256) for _ in range(self.random.randrange(60))),
        ]  # fmt: skip
        return self.random.choice(pool)

    def flipped(self) -> bytes:
        """A good message with a few other bytes."""
        body = bytearray(self.good())
        for _ in range(self.random.randint(1, 4)):
            body[self.random.randrange(len(body))] = self.random.randrange(256)
        return bytes(body)

    def message(self) -> dict[str, Any]:
        if self.random.random() < 0.6:
            method, params = self.random.choice(REQUESTS)
            message = {"jsonrpc": "2.0", "id": self.id(), "method": method, "params": params}
        elif self.random.random() < 0.3:
            message = {
                "jsonrpc": "2.0",
                "method": "$/cancelRequest",
                "params": {"id": self.random.randint(0, self.ids)},
            }
        elif self.random.random() < 0.1:
            message = {"jsonrpc": "2.0", "id": self.id(), "result": self.value()}
        else:
            method, params = self.random.choice(NOTICES)
            message = {"jsonrpc": "2.0", "method": method, "params": params}
        copy: dict[str, Any] = json.loads(json.dumps(message))
        return copy

    def bend(self, value: Any) -> None:
        """Changes one place somewhere inside."""
        while isinstance(value, (dict, list)) and value:
            name: Any = self.random.choice(list(value) if isinstance(value, dict) else range(len(value)))
            if isinstance(value[name], (dict, list)) and value[name] and self.random.random() < 0.7:
                value = value[name]
                continue
            action = self.random.random()
            if action < 0.3:
                del value[name]
            elif action < 0.4 and isinstance(value, dict):
                value["extra"] = self.value()
            elif name != "method":
                value[name] = self.value()
            return

    def id(self) -> Any:
        self.ids += 1
        kind = self.random.random()
        if kind < 0.8:
            return self.ids
        if kind < 0.9:
            return f"text {self.ids}"
        return self.random.choice([None, True, 1.5, [], {}, -self.ids, 2**70 + self.ids, "", self.ids - 1, "\ud800"])

    def method(self) -> Any:
        return self.random.choice(
            [self.random.choice(REQUESTS)[0], self.random.choice(NOTICES)[0], "no/such", "", "x" * 3000, 5, None, {}]
        )

    def value(self, depth: int = 0) -> Any:
        scalars: list[Any] = [
            None,
            True,
            0,
            -1,
            2**31,
            2**64,
            1.5,
            1e300,
            "",
            "text",
            "\ud800",
            "\x00",
            "é" * 100,
            [],
            {},
        ]
        if depth < 3 and self.random.random() < 0.3:
            return [self.value(depth + 1) for _ in range(self.random.randrange(3))]
        if depth < 3 and self.random.random() < 0.3:
            return {self.random.choice(["uri", "line", "range", "x", ""]): self.value(depth + 1) for _ in range(3)}
        return self.random.choice(scalars)

    @staticmethod
    def dump(message: Any) -> bytes:
        return json.dumps(message).encode()


NOTHING = object()


def must_answer(body: bytes) -> Any:
    """The id under which these bytes must be answered, or NOTHING."""
    try:
        message = json.loads(body, parse_constant=_refuse, parse_float=_finite)
    except (ValueError, RecursionError):
        return None
    if not isinstance(message, dict):
        return None
    known = isinstance(message.get("id"), (int, str)) and not isinstance(message.get("id"), bool)
    answer_id = message["id"] if known else None
    if "method" not in message:
        is_reply = "id" in message and ("result" in message or "error" in message)
        return NOTHING if is_reply else answer_id
    is_notice = "id" not in message and isinstance(message["method"], str) and message.get("jsonrpc") == "2.0"
    return NOTHING if is_notice else answer_id


def _refuse(_name: str) -> float:
    raise ValueError


def _finite(text: str) -> float:
    if not math.isfinite(float(text)):
        raise ValueError
    return float(text)


def answers(lsp: LspProcess) -> Counter[Any]:
    return Counter({msg_id: len(replies) for msg_id, replies in lsp.replies.items()})


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
    fuzz = Fuzz(seed)
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
    fuzz = Fuzz(-1 - seed)
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

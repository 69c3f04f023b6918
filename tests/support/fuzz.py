"""Random messages for a language server, and which of them must be answered.

What must be answered is decided from the bytes that are sent, independently of the server's code: each message with a
usable id exactly once under that id, each piece of nonsense exactly once under null.
"""

from __future__ import annotations

import json
import math
import os
import random
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from support.lsp_client import LspProcess

Table = Sequence[tuple[str, Any]]
PER_SEED = 1000
SEEDS = range(max(1, int(os.environ.get("CACHEWISE_FUZZ", "2000")) // PER_SEED))
"""1,000 messages per seed; CACHEWISE_FUZZ sets the number of messages (2,000 if unset)."""


class Fuzz:
    """Makes messages from a seed.

    Args:
        seed: Names the run.
        requests: Methods and parameters of good requests.
        notices: The same of good notifications.
    """

    def __init__(self, seed: int, requests: Table, notices: Table) -> None:
        self.random = random.Random(seed)
        self.requests = requests
        self.notices = notices
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
            method, params = self.random.choice(self.requests)
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
            method, params = self.random.choice(self.notices)
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
            [
                self.random.choice(self.requests)[0],
                self.random.choice(self.notices)[0],
                "no/such",
                "",
                "x" * 3000,
                5,
                None,
                {},
            ]
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

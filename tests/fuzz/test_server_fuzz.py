"""Random messages against the whole server: no exit, every request answered exactly once, and it still works after.

The simulated provider stalls, so that requests which get that far are live until they are cancelled or superseded.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from cachewise.simulator.script import Script
from support.fuzz import NOTHING, PER_SEED, SEEDS, Fuzz, answers, must_answer
from support.lsp_client import RpcError, frame
from support.server import Desk, desk

TEXT = "def add(a, b):\n    return a + b\n" * 20


def requests(uri: str) -> list[tuple[str, Any]]:
    """One good request of each kind that the server knows."""
    document = {"uri": uri}
    position = {"line": 1, "character": 4}
    span = {"start": {"line": 0, "character": 0}, "end": position}
    tokens = {"partialResultToken": "p", "workDoneToken": "w"}
    where = {"textDocument": document, "position": position}
    actions = {"textDocument": document, "range": span, "context": {"diagnostics": []}}
    return [
        (
            "cachewise/explain",
            {"textDocument": document, "range": span, **tokens},
        ),
        ("cachewise/ask", {"textDocument": document, "question": "why?"}),
        ("textDocument/inlineCompletion", {**where, "context": {"triggerKind": 2}}),
        ("textDocument/codeAction", actions),
        ("workspace/textDocumentContent", {"uri": "cachewise:/x"}),
        ("workspace/executeCommand", {"command": "cachewise.explain", "arguments": [{"uri": uri, "range": span}]}),
        ("workspace/executeCommand", {"command": "cachewise.ask", "arguments": [{"uri": uri, "question": "why?"}]}),
        ("workspace/executeCommand", {"command": "cachewise.usage", "arguments": []}),
        ("workspace/executeCommand", {"command": "cachewise.prewarm", "arguments": [{"uri": uri}]}),
        ("workspace/executeCommand", {"command": "cachewise.accepted", "arguments": ["id", 3]}),
        ("workspace/executeCommand", {"command": "unknown"}),
        ("initialize", {"processId": None, "rootUri": None, "capabilities": {}}),
        ("no/such", None),
    ]


def notices(uri: str) -> list[tuple[str, Any]]:
    """One good notification of each kind, but for `exit`."""
    other = {"uri": uri + ".other", "languageId": "python", "version": 1, "text": TEXT}
    start = {"line": 0, "character": 0}
    change = {"range": {"start": start, "end": start}, "text": "# \n"}
    return [
        ("textDocument/didOpen", {"textDocument": other}),
        ("textDocument/didClose", {"textDocument": {"uri": other["uri"]}}),
        ("textDocument/didChange", {"textDocument": {"uri": uri, "version": 2}, "contentChanges": [change]}),
        ("workspace/didChangeConfiguration", {"settings": {"cachewise": {"completion": {"maxTokens": 64}}}}),
        ("workspace/didChangeWorkspaceFolders", {"event": {"added": [], "removed": []}}),
        ("window/workDoneProgress/cancel", {"token": "w"}),
        ("$/setTrace", {"value": "off"}),
        ("no/such", {}),
    ]


async def settled(d: Desk, name: str) -> None:
    """Wait until everything sent so far was handled."""
    for turn in range(2):
        probe = f"probe {name} {turn}"
        future = d.lsp.expect(probe)
        d.lsp.send({"jsonrpc": "2.0", "id": probe, "method": "no/such"})
        with pytest.raises(RpcError):
            await future
        del d.lsp.replies[probe]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", SEEDS)
async def test_every_message_is_answered_exactly_once(seed: int) -> None:
    expected: Counter[Any] = Counter()
    sent: dict[Any, bytes] = {}
    async with desk(Script(first_token_delay=0.05, token_delay=0.01)) as d:
        uri = d.open("a.py", TEXT)
        fuzz = Fuzz(seed, requests(uri), notices(uri))
        d.lsp.replies.clear()
        for number in range(PER_SEED):
            body = fuzz.body()
            msg_id = must_answer(body)
            if msg_id is not NOTHING:
                expected[msg_id] += 1
                sent[msg_id] = body
            d.lsp.send_raw(frame(body))
            if number % 100 == 99:
                await d.lsp.drain()
                await settled(d, str(number))
        for msg_id in list(expected - answers(d.lsp)):
            d.lsp.cancel(msg_id)
        await settled(d, "last")
        got = answers(d.lsp)
        missing, surplus = expected - got, got - expected
        assert not missing, f"seed {seed}: not answered: {[(i, sent[i][:300]) for i in list(missing)[:5]]}"
        assert not surplus, f"seed {seed}: answered too often: {[(i, d.lsp.replies[i]) for i in list(surplus)[:5]]}"
        assert expected.total() > PER_SEED // 2
        assert d.lsp.notifications("window/showMessage") == []
        assert "Traceback" not in json.dumps(d.lsp.messages)
        d.lsp.open(uri + ".after", TEXT, "python")
        answer = await d.lsp.request(
            "cachewise/explain", {"textDocument": {"uri": uri + ".after"}, "position": {"line": 0, "character": 4}}
        )
        assert answer["text"]
        d.lsp.replies.clear()

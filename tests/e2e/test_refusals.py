"""What does not fit is refused with the right code and a sentence, and nothing is sent to the provider for it."""

from __future__ import annotations

from typing import Any

import pytest

from support.lsp_client import RpcError
from support.server import Desk, lines

pytestmark = pytest.mark.asyncio(loop_scope="module")

TEXT = "def one() -> int:\n    return 1\n"
HERE = {"line": 0, "character": 4}
DOCUMENT = {"uri": "DOCUMENT"}
"""Replaced by the URI of a document that is open."""

EXPLAIN: dict[str, Any] = {
    "nothing": None,
    "an array": [],
    "an empty object": {},
    "a string": "explain",
    "no document": {"position": HERE},
    "a document that is a string": {"textDocument": "DOCUMENT", "position": HERE},
    "a document without uri": {"textDocument": {}, "position": HERE},
    "an empty uri": {"textDocument": {"uri": ""}, "position": HERE},
    "a uri that is a number": {"textDocument": {"uri": 7}, "position": HERE},
    "an unknown document": {"textDocument": {"uri": "file:///nowhere.py"}, "position": HERE},
    "neither range nor position": {"textDocument": DOCUMENT},
    "a position that is an array": {"textDocument": DOCUMENT, "position": [0, 4]},
    "a position without a line": {"textDocument": DOCUMENT, "position": {"character": 1}},
    "a negative line": {"textDocument": DOCUMENT, "position": {"line": -1, "character": 0}},
    "a line in words": {"textDocument": DOCUMENT, "position": {"line": "one", "character": 0}},
    "a fractional line": {"textDocument": DOCUMENT, "position": {"line": 0.5, "character": 0}},
    "a line that is true": {"textDocument": DOCUMENT, "position": {"line": True, "character": 0}},
    "a line beyond all bounds": {"textDocument": DOCUMENT, "position": {"line": 2**31, "character": 0}},
    "a range that is a number": {"textDocument": DOCUMENT, "range": 5},
    "a range without end": {"textDocument": DOCUMENT, "range": {"start": HERE}},
    "a range with a bad start": {"textDocument": DOCUMENT, "range": {"start": None, "end": HERE}},
    "refresh in words": {"textDocument": DOCUMENT, "position": HERE, "refresh": "yes"},
    "a question that is a number": {"textDocument": DOCUMENT, "position": HERE, "question": 5},
    "a partial token that is an object": {"textDocument": DOCUMENT, "position": HERE, "partialResultToken": {}},
    "a work token that is true": {"textDocument": DOCUMENT, "position": HERE, "workDoneToken": True},
    "a work token that is a fraction": {"textDocument": DOCUMENT, "position": HERE, "workDoneToken": 0.5},
}
ASK: dict[str, Any] = {
    "no question": {"textDocument": DOCUMENT},
    "an empty question": {"textDocument": DOCUMENT, "question": ""},
    "a blank question": {"textDocument": DOCUMENT, "question": " \n "},
    "a question that is a list": {"textDocument": DOCUMENT, "question": ["why"]},
    "a question without end": {"textDocument": DOCUMENT, "question": "why " * 6000},
    "a question about nothing": {"question": "why"},
}
COMMANDS: dict[str, tuple[str, Any]] = {
    "an unknown command": ("cachewise.nothing", []),
    "a command of somebody else": ("editor.action.rename", []),
    "an empty command": ("", []),
    "explain without arguments": ("cachewise.explain", []),
    "explain with two": ("cachewise.explain", [{"uri": "DOCUMENT", "position": HERE}, {}]),
    "explain with a string": ("cachewise.explain", ["DOCUMENT"]),
    "explain without a place": ("cachewise.explain", [{"uri": "DOCUMENT"}]),
    "explain with a bad token": ("cachewise.explain", [{"uri": "DOCUMENT", "position": HERE, "token": []}]),
    "explain of an unknown document": ("cachewise.explain", [{"uri": "file:///x", "position": HERE}]),
    "explain, shown in words": ("cachewise.explain", [{"uri": "DOCUMENT", "position": HERE, "show": "yes"}]),
    "ask without a question": ("cachewise.ask", [{"uri": "DOCUMENT"}]),
    "prewarm of nothing": ("cachewise.prewarm", []),
    "prewarm of an unknown document": ("cachewise.prewarm", [{"uri": "file:///x"}]),
    "accepted of nothing": ("cachewise.accepted", []),
    "accepted of a number": ("cachewise.accepted", [7]),
    "accepted, negative": ("cachewise.accepted", ["id", -1]),
    "accepted, in words": ("cachewise.accepted", ["id", "all"]),
    "accepted, three": ("cachewise.accepted", ["id", 1, 2]),
}
STANDARD: dict[str, tuple[str, Any]] = {
    "a completion of nothing": ("textDocument/inlineCompletion", {}),
    "a completion without context": ("textDocument/inlineCompletion", {"textDocument": DOCUMENT, "position": HERE}),
    "an unknown document's completion": (
        "textDocument/inlineCompletion",
        {"textDocument": {"uri": "file:///x"}, "position": HERE, "context": {"triggerKind": 1}},
    ),
    "an unknown document's actions": (
        "textDocument/codeAction",
        {"textDocument": {"uri": "file:///x"}, "range": lines(0, 1), "context": {"diagnostics": []}},
    ),
    "a page of another scheme": ("workspace/textDocumentContent", {"uri": "file:///etc/hostname"}),
    "arguments that are no list": ("workspace/executeCommand", {"command": "cachewise.usage", "arguments": 5}),
}
ALL = {
    **{f"explain: {name}": ("cachewise/explain", params) for name, params in EXPLAIN.items()},
    **{f"ask: {name}": ("cachewise/ask", params) for name, params in ASK.items()},
    **{
        f"command: {name}": ("workspace/executeCommand", {"command": command, "arguments": arguments})
        for name, (command, arguments) in COMMANDS.items()
    },
    **{f"standard: {name}": request for name, request in STANDARD.items()},
}


def placed(value: Any, uri: str) -> Any:
    """The same with the URI of the open document in its place."""
    if isinstance(value, dict):
        return {name: placed(inner, uri) for name, inner in value.items()}
    if isinstance(value, list):
        return [placed(inner, uri) for inner in value]
    return uri if value == "DOCUMENT" else value


@pytest.mark.parametrize(("method", "params"), ALL.values(), ids=ALL)
async def test_what_does_not_fit_is_refused(shared: Desk, method: str, params: Any) -> None:
    uri = shared.open("refused.py", TEXT)
    before = len(shared.records)
    with pytest.raises(RpcError) as refused:
        await shared.lsp.request(method, placed(params, uri))
    assert refused.value.code == -32602
    assert len(refused.value.message) > 10
    assert len(shared.records) == before


@pytest.mark.parametrize("method", ["cachewise/nothing", "textDocument/rename", "$/odd", "explain"])
async def test_unknown_methods(shared: Desk, method: str) -> None:
    with pytest.raises(RpcError) as refused:
        await shared.lsp.request(method, {})
    assert refused.value.code == -32601


async def test_places_outside_of_the_text_mean_the_nearest_one(shared: Desk) -> None:
    uri = shared.open("outside.py", TEXT)
    params = {"textDocument": {"uri": uri}, "position": {"line": 9999, "character": 9999}}
    assert (await shared.lsp.request("cachewise/explain", params))["text"]
    backwards = {"start": {"line": 1, "character": 4}, "end": {"line": 0, "character": 0}}
    assert (await shared.lsp.request("cachewise/explain", {"textDocument": {"uri": uri}, "range": backwards}))["text"]
    assert await shared.complete(uri, 9999, 9999) is not None


DIAGNOSTIC = {"range": {"start": HERE, "end": {"line": 0, "character": 7}}, "message": "undefined name 'one'"}


async def test_code_actions_carry_commands_that_work(shared: Desk) -> None:
    uri = shared.open("actions.py", TEXT)

    async def actions(span: dict[str, Any], **context: Any) -> list[dict[str, Any]]:
        params = {"textDocument": {"uri": uri}, "range": span, "context": {"diagnostics": [], **context}}
        found: list[dict[str, Any]] = await shared.lsp.request("textDocument/codeAction", params)
        return found

    [document] = await actions({"start": HERE, "end": HERE})
    assert (document["title"], document["command"]["command"]) == ("Write documentation", "cachewise.document")
    assert await actions(lines(0, 1), only=["source.organizeImports"]) == []
    both = await actions(lines(0, 2), diagnostics=[DIAGNOSTIC])
    assert [action["title"] for action in both] == ["Explain selection", "Explain this problem", "Write documentation"]
    del both[2]
    [only] = await actions(lines(0, 2), diagnostics=[DIAGNOSTIC], only=["quickfix"])
    assert only == both[1]
    assert only["kind"] == "quickfix"
    assert only["diagnostics"] == [DIAGNOSTIC]
    for action in both:
        command = action["command"]
        result = await shared.lsp.request(
            "workspace/executeCommand", {"command": command["command"], "arguments": command["arguments"]}
        )
        assert result["text"] == shared.records[-1].text
    assert b"undefined name 'one'" in shared.records[-1].raw_body


async def test_what_is_announced_is_there(shared: Desk) -> None:
    capabilities = shared.announced["capabilities"]
    assert shared.announced["serverInfo"]["name"] == "cachewise"
    assert capabilities["inlineCompletionProvider"]
    assert capabilities["textDocumentSync"]["change"] == 2
    assert capabilities["workspace"]["textDocumentContent"] == {"schemes": ["cachewise"]}
    commands = set(capabilities["executeCommandProvider"]["commands"])
    assert await shared.command("cachewise.usage", None), "which takes no arguments and minds none"
    for name in commands - {"cachewise.usage"}:
        with pytest.raises(RpcError) as refused:
            await shared.command(name, None, None, None)
        assert refused.value.code == -32602
        assert "no such command" not in refused.value.message

"""A client that announces nothing: it has completions, code actions that show the explanation, and the cost."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from cachewise.ledger.readout import money
from cachewise.lsp.show import MOST_SHOWN
from cachewise.simulator.script import Script
from support.server import Desk, desk, lines, python_module

TEXT = python_module(30)


async def explain_by_action(d: Desk, uri: str, token: str | None = None) -> Any:
    """What the command of the first code action for some lines gives."""
    params = {"textDocument": {"uri": uri}, "range": lines(4, 10), "context": {"diagnostics": []}}
    first, *_ = await d.lsp.request("textDocument/codeAction", params)
    assert (first["title"], first["command"]) == ("Explain selection", "cachewise.explain"), "a command, not an action"
    more = {} if token is None else {"workDoneToken": token}
    return await d.lsp.request(
        "workspace/executeCommand", {"command": first["command"], "arguments": first["arguments"], **more}
    )


async def test_completions() -> None:
    async with desk(Script(answer="total = first + second\n")) as d:
        offers = d.announced["capabilities"]
        assert {"completionProvider", "codeActionProvider", "hoverProvider", "executeCommandProvider"} <= set(offers)
        uri = d.open("a.py", TEXT + "\n\ndef last(first, second):\n    ")
        line = TEXT.count("\n") + 3
        params = {
            "textDocument": {"uri": uri},
            "position": {"line": line, "character": 4},
            "context": {"triggerKind": 1},
        }
        found = await d.lsp.request("textDocument/completion", params)
        (item,) = found["items"]
        assert item["textEdit"]["newText"] == "total = first + second"


async def test_a_code_action_shows_the_explanation_with_its_cost() -> None:
    answer = "It **combines** two numbers."
    async with desk(Script(answer=answer), messages=1) as d:
        uri = d.open("a.py", TEXT)
        result = await explain_by_action(d, uri, "work")
        assert result["text"] == answer
        message = await d.lsp.wait_for("window/showMessage")
        assert message["type"] == 3
        assert message["message"].startswith(answer)
        cost = money(Decimal(str(result["usage"]["costUsd"])))
        assert cost in message["message"]
        begin, *_, end = d.lsp.progress("work")
        assert (begin["kind"], end["kind"]) == ("begin", "end")
        assert cost in end["message"]
        asked = {m["method"] for m in d.lsp.messages if "id" in m and "method" in m}
        assert not asked, "it is asked for nothing that it did not announce"


async def test_a_long_explanation_is_named_where_it_lies_whole() -> None:
    async with desk(Script(answer="word " * 1_000), messages=1) as d:
        uri = d.open("a.py", TEXT)
        await explain_by_action(d, uri)
        shown = (await d.lsp.wait_for("window/showMessage"))["message"]
        assert len(shown) < MOST_SHOWN + 300
        (file,) = [path for path in d.files if path.name == "explanation.md"]
        assert shown.endswith(f"All of it: {file}")
        assert file.read_text().count("word") == 1_000


async def test_a_failure_is_the_answer_of_the_command_and_no_message() -> None:
    async with desk(env={"OPENROUTER_API_KEY": None}) as d:
        uri = d.open("a.py", TEXT)
        with pytest.raises(Exception, match="OPENROUTER_API_KEY"):
            await explain_by_action(d, uri)

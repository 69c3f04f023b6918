"""The server towards its client: its own requests, what it announces, and what it sends or keeps to itself."""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path
from typing import Any

import pytest
import pytest_lsp
from lsprotocol import types
from pygls.exceptions import FeatureAlreadyRegisteredError

from cachewise.faults import RequestFailed
from cachewise.lsp.errors import (
    CANCELLED,
    INVALID_PARAMS,
)
from cachewise.lsp.server import CachewiseServer
from support.echo_server import CANARY
from support.talk import INITIALIZE, RPC, Letterbox, Talk

PLACE = {"textDocument": {"uri": "file:///a.py"}, "position": {"line": 1, "character": 2}}


@pytest.fixture
async def talk() -> Talk:
    return Talk()


# The server asks the client


async def test_asking_the_client(talk: Talk) -> None:
    talk.start("cachewise/ask", {"method": "workspace/configuration", "params": {"items": []}})
    await talk.settle()
    question = talk.box.sent[-1]
    assert question["method"] == "workspace/configuration"
    talk.hear({**RPC, "id": question["id"], "result": [{"a": 1}]})
    await talk.settle()
    assert talk.replies()[0]["result"] == [{"a": 1}]
    talk.hear({**RPC, "id": question["id"], "result": "late"})
    talk.hear({**RPC, "id": question["id"], "error": None})
    talk.hear({**RPC, "id": "never asked", "result": 1})
    talk.hear({**RPC, "id": None, "error": {"code": 1, "message": "what was that?"}})
    assert len(talk.box.sent) == 2


@pytest.mark.parametrize("error", [{"code": -32601, "message": CANARY}, {}, "text", {"code": [CANARY * 20]}], ids=repr)
async def test_the_client_refuses(talk: Talk, error: Any) -> None:
    future = asyncio.ensure_future(talk.protocol.ask_json("window/showDocument", {}, 10))
    await talk.settle()
    talk.hear({**RPC, "id": talk.box.sent[-1]["id"], "error": error})
    with pytest.raises(RequestFailed) as caught:
        await future
    assert len(caught.value.sentence) < 200


async def test_the_client_does_not_answer(talk: Talk) -> None:
    with pytest.raises(TimeoutError):
        await talk.protocol.ask_json("window/showDocument", {}, 0.01)
    talk.hear({**RPC, "id": talk.box.sent[-1]["id"], "result": "late"})
    assert len(talk.box.sent) == 1


async def test_a_late_answer_to_a_cancelled_request_is_ignored(talk: Talk, caplog: pytest.LogCaptureFixture) -> None:
    for msg_id, method in (1, "cachewise/ask"), (2, "cachewise/ask_typed"):
        talk.start(method, {"method": "workspace/applyEdit", "params": {}}, msg_id)
        await talk.settle()
        question = talk.box.sent[-1]
        talk.notify("$/cancelRequest", {"id": msg_id})
        await talk.settle()
        talk.hear({**RPC, "id": question["id"], "result": {"applied": True}})
        assert talk.codes(msg_id) == [CANCELLED]
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        pytest.param({"result": {"applied": True}}, None, id="good"),
        pytest.param({"result": {"applied": "yes"}}, -32803, id="wrong type"),
        pytest.param({"result": None}, -32803, id="null"),
        pytest.param({"error": {"code": 1, "message": "no"}}, -32803, id="error"),
    ],
)
async def test_typed_answers_of_the_client(talk: Talk, reply: Any, code: int | None) -> None:
    talk.start("cachewise/ask_typed")
    await talk.settle()
    talk.hear({**RPC, "id": talk.box.sent[-1]["id"], **reply})
    await talk.settle()
    assert talk.codes() == [code]


# What is announced


def capabilities(client: dict[str, Any]) -> dict[str, Any]:
    talk = Talk(ready=False)
    talk.start("initialize", {**INITIALIZE, "capabilities": client})
    result: dict[str, Any] = talk.replies()[0]["result"]
    assert result["serverInfo"] == {"name": "echo", "version": "1.0"}
    announced: dict[str, Any] = result["capabilities"]
    return announced


def test_capabilities_hold_only_what_works() -> None:
    announced = capabilities({})
    assert announced["inlineCompletionProvider"] == {"workDoneProgress": False}
    assert announced["workspace"]["textDocumentContent"] == {"schemes": ["cachewise"]}
    assert announced["executeCommandProvider"] == {"commands": ["echo.arguments", "echo.wait"]}
    assert announced["textDocumentSync"]["openClose"] is True
    assert announced["textDocumentSync"]["change"] == 2
    assert set(announced) == {
        "positionEncoding",
        "textDocumentSync",
        "hoverProvider",
        "executeCommandProvider",
        "inlineCompletionProvider",
        "workspace",
    }


def test_a_bare_server_announces_nothing_more() -> None:
    server = CachewiseServer("bare", "1")
    box = Letterbox()
    server.protocol.outbox = box
    server.protocol.accept(json.dumps({**RPC, "id": 1, "method": "initialize", "params": INITIALIZE}).encode())
    announced = box.sent[0]["result"]["capabilities"]
    assert "executeCommandProvider" not in announced
    assert "inlineCompletionProvider" not in announced
    assert "textDocumentContent" not in announced["workspace"]


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (["utf-8", "utf-16"], "utf-8"),
        (["utf-16", "utf-8"], "utf-16"),
        (["utf-32"], "utf-32"),
        (["utf-7", "utf-32"], "utf-32"),
        (["utf-7"], "utf-16"),
        ([], "utf-16"),
        (None, "utf-16"),
    ],
)
def test_position_encoding(offered: list[str] | None, chosen: str) -> None:
    client = {} if offered is None else {"general": {"positionEncodings": offered}}
    assert capabilities(client)["positionEncoding"] == chosen


def test_what_a_newer_client_announces_is_left_out_not_refused() -> None:
    symbols = {"symbolKind": {"valueSet": [1, 2, 99]}}
    announced = capabilities(
        {"textDocument": {"documentSymbol": symbols, "hover": {}}, "general": {"positionEncodings": ["utf-32"]}}
    )
    assert announced["positionEncoding"] == "utf-32", "the rest of the announcement holds"


@pytest.mark.parametrize("bad", [5, {"general": 5}], ids=repr)
async def test_capabilities_that_are_none_are_refused(bad: Any) -> None:
    talk = Talk(ready=False)
    await talk.ask("initialize", {**INITIALIZE, "capabilities": bad})
    assert talk.codes() == [INVALID_PARAMS]


CLIENTS = sorted((Path(pytest_lsp.__file__).parent / "clients").glob("*.json"))


@pytest.mark.parametrize("path", CLIENTS, ids=lambda path: path.stem)
def test_real_clients_are_welcome(path: Path) -> None:
    recorded = json.loads(path.read_text())
    assert "positionEncoding" in capabilities(recorded["capabilities"])


# Sending


async def test_notifications_of_plain_json(talk: Talk) -> None:
    talk.protocol.notify_json("cachewise/status", {"message": "é"}, key="status")
    talk.protocol.progress_json("t", {"text": "x", "seq": 0})
    assert talk.box.sent == [
        {**RPC, "method": "cachewise/status", "params": {"message": "é"}},
        {**RPC, "method": "$/progress", "params": {"token": "t", "value": {"text": "x", "seq": 0}}},
    ]
    assert talk.box.keys[-2:] == ["status", None]
    assert talk.protocol.pending("waiting")
    assert not talk.protocol.pending("other")


async def test_helpers_of_pygls_send_the_same_way(talk: Talk, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        talk.server.window_log_message(types.LogMessageParams(type=types.MessageType.Info, message=CANARY))
    assert talk.box.sent == [{**RPC, "method": "window/logMessage", "params": {"type": 3, "message": CANARY}}]
    assert CANARY not in caplog.text


def test_without_a_connection_nothing_is_sent() -> None:
    protocol = CachewiseServer("bare", "1").protocol
    protocol.notify_json("cachewise/status", {})
    assert not protocol.pending("status")


def test_pygls_is_quiet(caplog: pytest.LogCaptureFixture) -> None:
    CachewiseServer("bare", "1")
    logging.getLogger("pygls.protocol.json_rpc").info("body %s", CANARY)
    logging.getLogger("pygls.protocol.json_rpc").error("body %s", CANARY, exc_info=ValueError(CANARY))
    assert CANARY not in caplog.text
    assert "pygls.protocol.json_rpc reported a problem" in caplog.text


def test_problems_of_pygls_are_logged_not_shown(talk: Talk, caplog: pytest.LogCaptureFixture) -> None:
    talk.server.report_server_error(ValueError(CANARY), RuntimeError)
    assert talk.box.sent == []
    assert "ValueError" in caplog.text
    assert CANARY not in caplog.text


def test_a_method_has_one_handler() -> None:
    server = CachewiseServer("bare", "1")
    server.feature("cachewise/a")(lambda params: params)
    with pytest.raises(FeatureAlreadyRegisteredError):
        server.feature("cachewise/a")(lambda params: params)

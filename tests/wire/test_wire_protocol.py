"""The protocol, message by message, on a server without a transport: what is answered, with what, how often."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from cachewise.lsp.errors import (
    CANCELLED,
    INTERNAL_ERROR,
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    NOT_INITIALIZED,
    PARSE_ERROR,
)
from cachewise.lsp.messages import Refused
from support.echo_server import CANARY
from support.talk import INITIALIZE, RPC, Talk

PLACE = {"textDocument": {"uri": "file:///a.py"}, "position": {"line": 1, "character": 2}}


@pytest.fixture
async def talk() -> Talk:
    return Talk()


# What may be said when


@pytest.mark.parametrize(
    ("before", "method", "params", "code"),
    [
        pytest.param([], "cachewise/echo", {}, NOT_INITIALIZED, id="before initialize"),
        pytest.param([], "shutdown", None, NOT_INITIALIZED, id="shutdown before initialize"),
        pytest.param([], "no/such", {}, NOT_INITIALIZED, id="unknown before initialize"),
        pytest.param([], "initialize", {}, INVALID_PARAMS, id="bad initialize"),
        pytest.param([], "initialize", None, INVALID_PARAMS, id="initialize without params"),
        pytest.param([], "initialize", INITIALIZE, None, id="initialize"),
        pytest.param([("initialize", INITIALIZE)], "initialize", INITIALIZE, INVALID_REQUEST, id="second initialize"),
        pytest.param([("initialize", {})], "initialize", INITIALIZE, None, id="initialize after a bad one"),
        pytest.param([("initialize", INITIALIZE)], "cachewise/echo", {}, None, id="after initialize"),
        pytest.param([("initialize", INITIALIZE)], "shutdown", None, None, id="shutdown"),
        pytest.param([("initialize", INITIALIZE)], "shutdown", {"odd": 1}, None, id="shutdown with params"),
        pytest.param(
            [("initialize", INITIALIZE), ("shutdown", None)], "cachewise/echo", {}, INVALID_REQUEST, id="after shutdown"
        ),
        pytest.param(
            [("initialize", INITIALIZE), ("shutdown", None)], "shutdown", None, INVALID_REQUEST, id="second shutdown"
        ),
        pytest.param(
            [("initialize", INITIALIZE), ("shutdown", None)], "no/such", None, INVALID_REQUEST, id="unknown at the end"
        ),
    ],
)
async def test_order(before: list[tuple[str, Any]], method: str, params: Any, code: int | None) -> None:
    talk = Talk(ready=False)
    for number, (earlier, earlier_params) in enumerate(before):
        await talk.ask(earlier, earlier_params, f"before {number}")
    await talk.ask(method, params)
    assert talk.codes() == [code]


@pytest.mark.parametrize(("shut_down", "status"), [(True, 0), (False, 1)])
async def test_exit(talk: Talk, shut_down: bool, status: int) -> None:
    if shut_down:
        await talk.ask("shutdown")
    talk.notify("exit", None)
    assert talk.exits == [status]


async def test_exit_before_initialize() -> None:
    talk = Talk(ready=False)
    talk.hear({**RPC, "method": "exit"})
    assert talk.exits == [1]


async def test_notifications_before_initialize_and_after_shutdown_are_dropped() -> None:
    talk = Talk(ready=False)
    opened = {"textDocument": {"uri": "u", "languageId": "python", "version": 1, "text": ""}}
    talk.notify("textDocument/didOpen", opened)
    await talk.ask("initialize", INITIALIZE)
    await talk.ask("shutdown", None, 2)
    talk.notify("textDocument/didOpen", opened)
    assert talk.echo.events == []


# What is no good


@pytest.mark.parametrize(
    ("method", "params", "code"),
    [
        pytest.param("no/such", {}, METHOD_NOT_FOUND, id="unknown"),
        pytest.param("$/unknown", {}, METHOD_NOT_FOUND, id="unknown dollar method"),
        pytest.param("textDocument/definition", PLACE, METHOD_NOT_FOUND, id="standard but not offered"),
        pytest.param("textDocument/didOpen", {}, INVALID_REQUEST, id="a notification with an id"),
        pytest.param("exit", None, INVALID_REQUEST, id="exit with an id"),
        pytest.param("$/cancelRequest", {"id": 5}, INVALID_REQUEST, id="cancel with an id"),
        pytest.param("textDocument/hover", PLACE, None, id="good"),
        pytest.param("textDocument/hover", {**PLACE, "extra": 1}, None, id="more than needed"),
        pytest.param("textDocument/hover", None, INVALID_PARAMS, id="no params"),
        pytest.param("textDocument/hover", [PLACE], INVALID_PARAMS, id="params by position"),
        pytest.param("textDocument/hover", {}, INVALID_PARAMS, id="nothing in them"),
        pytest.param("textDocument/hover", "text", INVALID_PARAMS, id="params are text"),
        pytest.param(
            "textDocument/hover", {**PLACE, "position": {"line": -1, "character": 0}}, INVALID_PARAMS, id="line -1"
        ),
        pytest.param(
            "textDocument/hover",
            {**PLACE, "position": {"line": "1", "character": 0}},
            INVALID_PARAMS,
            id="line is text",
        ),
        pytest.param(
            "textDocument/hover", {**PLACE, "position": {"line": True, "character": 0}}, INVALID_PARAMS, id="line true"
        ),
        pytest.param(
            "textDocument/hover", {**PLACE, "position": {"line": 1.5, "character": 0}}, INVALID_PARAMS, id="line 1.5"
        ),
        pytest.param("textDocument/hover", {**PLACE, "position": {"line": 1.0, "character": 0}}, None, id="line 1.0"),
        pytest.param(
            "textDocument/hover",
            {**PLACE, "position": {"line": 2**40, "character": 0}},
            INVALID_PARAMS,
            id="giant line",
        ),
        pytest.param("textDocument/hover", {**PLACE, "textDocument": {"uri": 5}}, INVALID_PARAMS, id="uri is a number"),
        pytest.param("textDocument/hover", {**PLACE, "textDocument": None}, INVALID_PARAMS, id="no document"),
        pytest.param(
            "textDocument/inlineCompletion",
            {**PLACE, "context": {"triggerKind": 0}},
            INVALID_PARAMS,
            id="no trigger",
        ),
        pytest.param("textDocument/inlineCompletion", {**PLACE, "context": {"triggerKind": 2}}, None, id="completion"),
        pytest.param("cachewise/echo", {"any": ["thing"]}, None, id="own method"),
        pytest.param("cachewise/echo", None, None, id="own method without params"),
        pytest.param("cachewise/echo", [1], INVALID_PARAMS, id="own method with a list"),
        pytest.param("cachewise/echo", 5, INVALID_PARAMS, id="own method with a number"),
        pytest.param("workspace/executeCommand", {"command": "echo.arguments"}, None, id="command"),
        pytest.param("workspace/executeCommand", {"command": "other"}, INVALID_PARAMS, id="unknown command"),
        pytest.param("workspace/executeCommand", {"arguments": []}, INVALID_PARAMS, id="no command"),
        pytest.param("workspace/executeCommand", {"command": 5}, INVALID_PARAMS, id="command is a number"),
        pytest.param("workspace/executeCommand", {"command": []}, INVALID_PARAMS, id="command is a list"),
    ],
)
async def test_requests(talk: Talk, method: str, params: Any, code: int | None) -> None:
    await talk.ask(method, params)
    assert talk.codes() == [code]
    assert [message for message in talk.box.sent if "method" in message] == [], "no popups"


async def test_null_params_are_no_object(talk: Talk) -> None:
    talk.hear({**RPC, "id": 1, "method": "cachewise/echo", "params": None})
    assert talk.codes() == [INVALID_PARAMS]


async def test_the_refusal_of_params_says_where(talk: Talk) -> None:
    bad = {**PLACE, "position": {"line": "secret text", "character": 0}}
    error = (await talk.ask("textDocument/hover", bad))["error"]
    assert "position.line" in error["message"]
    assert "secret text" not in json.dumps(error)


@pytest.mark.parametrize(
    ("body", "code"),
    [(b"{", PARSE_ERROR), (b"[{}]", INVALID_REQUEST), (b"[" * 50_000, PARSE_ERROR), (b'"x"', INVALID_REQUEST)],
    ids=["cut off", "batch", "deep", "text"],
)
async def test_what_has_no_id_is_refused_under_null(talk: Talk, body: bytes, code: int) -> None:
    assert not talk.protocol.accept(body)
    assert talk.codes(None) == [code]


async def test_framing_faults_are_answered_under_null(talk: Talk) -> None:
    talk.protocol.accept(Refused(INVALID_REQUEST, "too long"))
    assert talk.replies(None)[0]["error"] == {"code": INVALID_REQUEST, "message": "too long"}


async def test_an_id_in_flight_is_refused_and_the_first_goes_on(talk: Talk) -> None:
    talk.start("cachewise/wait")
    talk.start("cachewise/echo", {})
    assert talk.codes() == [INVALID_REQUEST]
    talk.start("cachewise/wait", None, "1")
    assert talk.codes("1") == [], "text and number are different ids"
    talk.notify("$/cancelRequest", {"id": 1})
    assert talk.codes() == [INVALID_REQUEST, CANCELLED]
    talk.start("cachewise/echo", {})
    assert talk.codes() == [INVALID_REQUEST, CANCELLED, None], "an answered id may be used again"


# How handlers end

ENDINGS = [
    pytest.param("crash", INTERNAL_ERROR, None, id="crash"),
    pytest.param("group", INTERNAL_ERROR, None, id="exception group"),
    pytest.param("cancelled", CANCELLED, None, id="cancelled from inside"),
    pytest.param("no key", -32803, {"kind": "noKey"}, id="fault"),
    pytest.param("provider", -32803, {"kind": "rateLimit", "status": 429, "retryAfter": 2.5}, id="fault with data"),
    pytest.param("unknown document", INVALID_PARAMS, None, id="unknown document"),
    pytest.param("odd data", -32803, None, id="fault with data that is no JSON"),
    pytest.param("object", INTERNAL_ERROR, None, id="result that is no JSON"),
    pytest.param("nan", INTERNAL_ERROR, None, id="NaN"),
]


@pytest.mark.parametrize("method", ["cachewise/fail", "cachewise/fail_at_once"])
@pytest.mark.parametrize(("how", "code", "data"), ENDINGS)
async def test_failures(
    talk: Talk, caplog: pytest.LogCaptureFixture, method: str, how: str, code: int, data: Any
) -> None:
    with caplog.at_level(logging.DEBUG):
        error = (await talk.ask(method, {"how": how}))["error"]
    assert error["code"] == code
    assert error.get("data") == data
    assert CANARY not in json.dumps(talk.box.sent) + caplog.text
    if code == INTERNAL_ERROR:
        assert error["message"] == "internal error"
        assert " at " in caplog.text, "the log says where"
        assert "Error" in caplog.text or "Group" in caplog.text, "and of which type"


async def test_text_that_is_no_text_is_sent_all_the_same(talk: Talk) -> None:
    assert (await talk.ask("cachewise/fail", {"how": "surrogate"}))["result"] == {"value": "\ud800"}


async def test_failing_notifications_are_logged_and_shown_to_nobody(
    talk: Talk, caplog: pytest.LogCaptureFixture
) -> None:
    talk.notify("workspace/didChangeConfiguration", {"settings": {}})
    talk.notify("cachewise/async_notice", {"how": "crash"})
    talk.notify("cachewise/async_notice", {"how": "cancelled"})
    talk.notify("cachewise/fail_at_once", {"how": "cancelled"})
    talk.notify("textDocument/didOpen", {"wrong": CANARY})
    talk.notify("no/such", {})
    talk.notify("initialize", INITIALIZE)
    await talk.settle()
    assert talk.box.sent == []
    assert caplog.text.count("ValueError at") == 2
    assert CANARY not in caplog.text
    assert talk.protocol.requests.tasks == 0


async def test_results_of_lsprotocol_and_plain_ones(talk: Talk) -> None:
    hover = await talk.ask("textDocument/hover", PLACE)
    assert hover["result"] == {"contents": {"kind": "markdown", "value": "1:2"}}
    content = await talk.ask("workspace/textDocumentContent", {"uri": "cachewise:/1"}, 2)
    assert content["result"] == {"text": "cachewise:/1"}
    nothing = await talk.ask("cachewise/release", {}, 3)
    assert nothing == {**RPC, "id": 3, "result": None}


async def test_own_methods_get_plain_objects_all_the_way_down(talk: Talk) -> None:
    params = {"class": {"def": [{"a-b": None}]}, "type_name": "x"}
    assert (await talk.ask("cachewise/echo", params))["result"] == params


async def test_commands_reach_the_one_handler(talk: Talk) -> None:
    params = {"command": "echo.arguments", "arguments": [1, {"a": [None]}, "x"], "workDoneToken": "t"}
    result = (await talk.ask("workspace/executeCommand", params))["result"]
    assert result == {"command": "echo.arguments", "arguments": [1, {"a": [None]}, "x"], "token": "t"}


# Cancelling


async def test_a_cancel_is_answered_before_the_handler_has_cleaned_up(talk: Talk) -> None:
    talk.start("cachewise/stubborn", {})
    await talk.settle()
    talk.notify("$/cancelRequest", {"id": 1})
    assert talk.codes() == [CANCELLED]
    await talk.settle()
    assert talk.protocol.requests.tasks == 1
    talk.notify("cachewise/release", {})
    await talk.settle()
    assert talk.box.sent[-1]["method"] == "cachewise/cleaned"
    assert talk.protocol.requests.tasks == 0
    assert talk.codes() == [CANCELLED]


@pytest.mark.parametrize("then", ["result", "crash"])
async def test_what_a_cancelled_handler_still_does_is_dropped(
    talk: Talk, caplog: pytest.LogCaptureFixture, then: str
) -> None:
    talk.start("cachewise/stubborn", {"then": then})
    await talk.settle()
    talk.notify("$/cancelRequest", {"id": 1})
    talk.notify("cachewise/release", {})
    await talk.settle()
    assert talk.codes() == [CANCELLED]
    assert ("ValueError" in caplog.text) == (then == "crash")
    assert CANARY not in caplog.text


async def test_cancelled_before_it_has_begun(talk: Talk) -> None:
    assert talk.start("cachewise/wait")
    talk.notify("$/cancelRequest", {"id": 1})
    await talk.settle()
    assert talk.codes() == [CANCELLED]
    assert len(talk.box.sent) == 1, "the handler never ran"
    assert talk.protocol.requests.tasks == 0


@pytest.mark.parametrize("msg_id", [99, "99", None, True, 1.5, [], {}, "1", 10**30], ids=repr)
async def test_cancelling_what_is_not_there(talk: Talk, msg_id: Any) -> None:
    talk.start("cachewise/wait")
    talk.notify("$/cancelRequest", {"id": msg_id})
    talk.notify("$/cancelRequest", None)
    await talk.settle()
    assert talk.replies() == []
    await talk.ask("cachewise/echo", {}, 2)
    talk.notify("$/cancelRequest", {"id": 2})
    assert talk.codes(2) == [None], "an answered request is not answered again"


async def test_stopping_the_progress_cancels_the_request(talk: Talk) -> None:
    params = {"command": "echo.wait", "workDoneToken": "mine"}
    talk.start("workspace/executeCommand", params)
    talk.start("workspace/executeCommand", {**params, "workDoneToken": "other"}, 2)
    talk.notify("window/workDoneProgress/cancel", {"token": "mine"})
    await talk.settle()
    assert talk.codes() == [CANCELLED]
    assert talk.codes(2) == []


async def test_shutdown_answers_what_is_running(talk: Talk) -> None:
    for number in range(20):
        talk.start("cachewise/wait", None, number)
    await talk.ask("shutdown", None, "end")
    assert [talk.codes(number) for number in range(20)] == [[CANCELLED]] * 20
    assert talk.codes("end") == [None]
    assert talk.protocol.requests.tasks == 0


async def test_winding_down_does_not_wait_for_ever(talk: Talk) -> None:
    talk.start("cachewise/stubborn", {})
    await talk.settle()
    await talk.protocol.requests.wind_down(0.01)
    assert talk.codes() == [CANCELLED]
    assert talk.protocol.requests.tasks == 1
    talk.notify("cachewise/release", {})
    await talk.settle()


# Documents


async def test_documents_go_to_the_handlers_in_order_and_nowhere_else(talk: Talk) -> None:
    document = {"uri": "u", "languageId": "python", "version": 1, "text": "one"}
    talk.notify("textDocument/didOpen", {"textDocument": document})
    for version in (2, 3):
        change = {"textDocument": {"uri": "u", "version": version}, "contentChanges": [{"text": str(version)}]}
        talk.notify("textDocument/didChange", change)
    talk.notify("textDocument/didClose", {"textDocument": {"uri": "u"}})
    assert talk.echo.events == ["open u", "change 2", "change 3", "close u"]
    with pytest.raises(RuntimeError):
        _ = talk.server.workspace


async def test_the_handler_of_a_request_is_reported_as_started(talk: Talk) -> None:
    assert talk.start("cachewise/snapshot")
    assert not talk.start("cachewise/echo", {}, 2), "a synchronous one has ended"
    await talk.settle()

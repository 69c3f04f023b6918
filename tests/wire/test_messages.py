"""What a body is, and what a message looks like when it leaves."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cachewise.lsp.errors import INVALID_REQUEST, PARSE_ERROR
from cachewise.lsp.messages import ABSENT, Incoming, Notice, Refused, Reply, Request, read_message, write_message

RPC = {"jsonrpc": "2.0"}
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A busy machine is no failure."""


def refusal(message: Incoming) -> tuple[int, Any]:
    assert isinstance(message, Refused)
    return message.code, message.id


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        pytest.param({**RPC, "id": 1, "method": "a", "params": {}}, Request(1, "a", {}), id="request"),
        pytest.param({**RPC, "id": "x", "method": "a"}, Request("x", "a", ABSENT), id="request without params"),
        pytest.param({**RPC, "id": 0, "method": "a", "params": None}, Request(0, "a", None), id="null params"),
        pytest.param({**RPC, "id": -5, "method": ""}, Request(-5, "", ABSENT), id="negative id, empty method"),
        pytest.param({**RPC, "id": 10**300, "method": "a"}, Request(10**300, "a", ABSENT), id="giant id"),
        pytest.param({**RPC, "method": "a", "params": [1]}, Notice("a", [1]), id="notification"),
        pytest.param({**RPC, "id": 1, "result": None}, Reply(1, None, None), id="reply"),
        pytest.param({**RPC, "id": 1, "error": {"code": 5}}, Reply(1, None, {"code": 5}), id="error reply"),
        pytest.param({**RPC, "id": None, "error": {}}, Reply(None, None, {}), id="error reply under no id"),
        pytest.param({"id": 1, "result": 5}, Reply(1, 5, None), id="reply of a sloppy client"),
    ],
)
def test_messages(message: Any, expected: Incoming) -> None:
    assert read_message(json.dumps(message).encode()) == expected


@pytest.mark.parametrize(
    ("body", "code", "msg_id"),
    [
        pytest.param(b"", PARSE_ERROR, None, id="empty"),
        pytest.param(b"{", PARSE_ERROR, None, id="cut off"),
        pytest.param(b'{"jsonrpc": "2.0"} x', PARSE_ERROR, None, id="text after it"),
        pytest.param(b"\xff\xfe\xfd", PARSE_ERROR, None, id="not UTF-8"),
        pytest.param(b"[" * 100_000, PARSE_ERROR, None, id="deep lists"),
        pytest.param(b'{"a":' * 100_000, PARSE_ERROR, None, id="deep objects"),
        pytest.param(b'{"jsonrpc":"2.0","id":1,"method":"a","params":[NaN]}', PARSE_ERROR, None, id="NaN"),
        pytest.param(b'{"jsonrpc":"2.0","id":-Infinity,"method":"a"}', PARSE_ERROR, None, id="infinite id"),
        pytest.param(b'{"jsonrpc":"2.0","id":1,"method":"a","params":[1e999]}', PARSE_ERROR, None, id="1e999"),
        pytest.param(b'{"jsonrpc":"2.0","id":' + b"9" * 5000 + b',"method":"a"}', PARSE_ERROR, None, id="long id"),
        pytest.param(b"[]", INVALID_REQUEST, None, id="empty batch"),
        pytest.param(b'[{"jsonrpc":"2.0","id":1,"method":"a"}]', INVALID_REQUEST, None, id="batch"),
        pytest.param(b"5", INVALID_REQUEST, None, id="number"),
        pytest.param(b"null", INVALID_REQUEST, None, id="null"),
        pytest.param(b'"text"', INVALID_REQUEST, None, id="string"),
        pytest.param(b"{}", INVALID_REQUEST, None, id="empty object"),
        pytest.param(b'{"jsonrpc":"2.0","id":7}', INVALID_REQUEST, 7, id="only an id"),
        pytest.param(b'{"jsonrpc":"2.0","result":7}', INVALID_REQUEST, None, id="only a result"),
        pytest.param(b'{"id":7,"method":"a"}', INVALID_REQUEST, 7, id="no version"),
        pytest.param(b'{"jsonrpc":"1.0","id":7,"method":"a"}', INVALID_REQUEST, 7, id="another version"),
        pytest.param(b'{"jsonrpc":2.0,"id":7,"method":"a"}', INVALID_REQUEST, 7, id="version as a number"),
        pytest.param(b'{"jsonrpc":"2.0","id":7,"method":5}', INVALID_REQUEST, 7, id="method is a number"),
        pytest.param(b'{"jsonrpc":"2.0","id":7,"method":null}', INVALID_REQUEST, 7, id="method is null"),
        pytest.param(b'{"jsonrpc":"2.0","id":null,"method":"a"}', INVALID_REQUEST, None, id="null id"),
        pytest.param(b'{"jsonrpc":"2.0","id":true,"method":"a"}', INVALID_REQUEST, None, id="true as id"),
        pytest.param(b'{"jsonrpc":"2.0","id":1.5,"method":"a"}', INVALID_REQUEST, None, id="fraction as id"),
        pytest.param(b'{"jsonrpc":"2.0","id":[1],"method":"a"}', INVALID_REQUEST, None, id="list as id"),
        pytest.param(b'{"jsonrpc":"2.0","id":{},"method":"a"}', INVALID_REQUEST, None, id="object as id"),
    ],
)
def test_refusals(body: bytes, code: int, msg_id: Any) -> None:
    assert refusal(read_message(body)) == (code, msg_id)


def test_no_refusal_quotes_the_message() -> None:
    for body in (b'{"canary"', b'["canary"]', b'{"id": 1, "method": ["canary"]}', b'{"id": "1", "method": "canary"}'):
        message = read_message(body)
        assert isinstance(message, Refused)
        assert "canary" not in message.sentence


@UNHURRIED
@given(st.binary(max_size=200))
def test_any_bytes_are_something(body: bytes) -> None:
    assert isinstance(read_message(body), (Request, Notice, Reply, Refused))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
PARTS = st.sampled_from(["jsonrpc", "id", "method", "params", "result", "error"])


@UNHURRIED
@given(st.dictionaries(PARTS, st.one_of(JSON, st.just("2.0"))))
def test_an_id_that_can_be_answered_is_kept(message: dict[str, Any]) -> None:
    read = read_message(json.dumps(message).encode())
    given_id = message.get("id")
    usable = isinstance(given_id, (int, str)) and not isinstance(given_id, bool)
    assert isinstance(read, (Request, Notice, Reply, Refused))
    if isinstance(read, Notice):
        assert "id" not in message
    else:
        assert read.id == (given_id if usable else None)


@UNHURRIED
@given(JSON)
def test_what_is_written_can_be_read(value: Any) -> None:
    body = write_message({"jsonrpc": "2.0", "method": "a", "params": value})
    assert read_message(body) == Notice("a", value)


def test_writing_is_compact_utf_8() -> None:
    assert write_message({"text": "é\n", "n": [1, 2]}) == '{"text":"é\\n","n":[1,2]}'.encode()


def test_half_a_surrogate_pair_is_written_as_an_escape() -> None:
    assert write_message({"text": "é\ud800"}) == b'{"text":"\\u00e9\\ud800"}'


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), object(), {1, 2}, b"x"], ids=lambda value: type(value).__name__
)
def test_what_json_can_not_express_is_an_error(value: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        write_message({"value": value})


def test_other_values_are_converted() -> None:
    assert write_message({"value": {1}}, lambda value: sorted(value)) == b'{"value":[1]}'

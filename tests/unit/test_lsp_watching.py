"""Asking a client to watch files, whatever it says to that; and events of every kind of name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cachewise.faults import RequestFailed
from cachewise.lsp.watching import watch_files
from support.wire import HeldWire

CAN = {"workspace": {"didChangeWatchedFiles": {"dynamicRegistration": True, "relativePatternSupport": True}}}


def refuses(_params: dict[str, Any]) -> Any:
    raise RequestFailed("no such method")


@pytest.mark.parametrize(
    "capabilities",
    [
        {},
        {"workspace": None},
        {"workspace": {"didChangeWatchedFiles": None}},
        {"workspace": {"didChangeWatchedFiles": True}},
        {"workspace": {"didChangeWatchedFiles": {"dynamicRegistration": False}}},
    ],
    ids=str,
)
async def test_only_who_can_is_asked(capabilities: dict[str, Any]) -> None:
    wire = HeldWire()
    await watch_files(wire, capabilities)
    assert wire.asked == []


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        pytest.param(lambda _params: None, "", id="agrees"),
        pytest.param(refuses, "The client does not watch files: RequestFailed", id="refuses"),
        pytest.param(None, "The client does not watch files: TimeoutError", id="never answers"),
    ],
)
async def test_what_it_answers_is_a_line_in_the_log_at_most(
    caplog: pytest.LogCaptureFixture, answer: Callable[[dict[str, Any]], Any] | None, told: str
) -> None:
    wire = HeldWire()
    if answer is not None:
        wire.answers["client/registerCapability"] = answer
    await watch_files(wire, CAN)
    ((method, params),) = wire.asked
    assert method == "client/registerCapability"
    assert [entry["method"] for entry in params["registrations"]] == ["workspace/didChangeWatchedFiles"]
    assert told in caplog.text
    assert bool(told) is bool(caplog.records)

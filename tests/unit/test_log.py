"""The log holds no keys at any level, and below `debug` nothing that libraries put into their lines."""

from __future__ import annotations

import io
import logging
import os
from collections.abc import Iterator

import pytest

from cachewise.log import Redaction, mask, redaction, set_level, set_up

CANARY = "opaque-canary-value-1"
TEXT = "def text_of_a_document(): ..."


@pytest.fixture(autouse=True)
def _own_log() -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger("cachewise")
    before = (list(root.handlers), root.level, ours.level)
    yield
    root.handlers[:], level, our_level = before
    root.setLevel(level)
    ours.setLevel(our_level)


def written(level: str) -> io.StringIO:
    stream = io.StringIO()
    set_up({"CACHEWISE_LOG": level}, stream).add(CANARY)
    return stream


@pytest.mark.parametrize(
    ("variable", "level"),
    [("", "warning"), ("INFO", "info"), (" debug ", "debug"), ("loud", "warning"), ("error", "error")],
)
def test_the_level_of_the_environment(variable: str, level: str) -> None:
    set_up({"CACHEWISE_LOG": variable}, io.StringIO())
    assert logging.getLogger("cachewise").level == logging.getLevelName(level.upper())


def test_the_level_can_change_later() -> None:
    stream = written("error")
    logger = logging.getLogger("cachewise.x")
    logger.info("one")
    set_level("info")
    logger.info("two")
    assert "one" not in stream.getvalue()
    assert "two" in stream.getvalue()


@pytest.mark.parametrize("level", ["info", "debug"])
def test_keys_are_nowhere(level: str) -> None:
    stream = written(level)
    logger = logging.getLogger("cachewise.x")
    logger.warning("plain %s", CANARY)
    logger.warning(f"in the message {CANARY}")  # noqa: G004
    logger.warning("in a structure %r", {"Authorization": f"Bearer {CANARY}"})
    logger.warning("unregistered %s", "sk-or-v1-0123456789abcdef")
    try:
        raise ValueError(CANARY) from KeyError(CANARY)
    except ValueError:
        logger.exception("failed")
    logger.warning("stack %s", CANARY, stack_info=True)
    logging.getLogger("httpx").warning("request %s", CANARY)
    assert len(stream.getvalue().splitlines()) > 8
    assert CANARY not in stream.getvalue()
    assert "0123456789abcdef" not in stream.getvalue()


def test_libraries_are_heard_from_warning_on() -> None:
    stream = written("debug")
    loud = logging.getLogger("openai._base_client")
    loud.setLevel(logging.DEBUG)
    try:
        loud.debug("Request options: %s", TEXT)
        loud.info("HTTP Request")
    finally:
        loud.setLevel(logging.NOTSET)
    assert stream.getvalue() == ""


def test_libraries_lose_what_they_put_into_a_line() -> None:
    stream = written("info")
    logging.getLogger("httpcore2.http11").error("Failed to handle %s\nwith more", TEXT)
    logging.getLogger("httpcore2.http11").error("a second line\n" + TEXT)  # noqa: G003
    assert "Failed to handle %s" in stream.getvalue()
    assert "text_of_a_document" not in stream.getvalue()


def test_tracebacks_lose_the_messages_of_exceptions() -> None:
    stream = written("info")
    try:
        try:
            os.environ[TEXT]
        except KeyError as error:
            raise RuntimeError(TEXT + "!") from error
    except RuntimeError:
        logging.getLogger("cachewise.x").exception("failed on %s", "explain")
    told = stream.getvalue()
    assert "failed on explain" in told
    assert "builtins.RuntimeError" in told
    assert "builtins.KeyError" in told
    assert "test_log.py" in told
    assert "text_of_a_document" not in told


def test_a_record_is_left_as_it_was_for_other_handlers(caplog: pytest.LogCaptureFixture) -> None:
    stream = io.StringIO()
    set_up({}, stream)
    logging.getLogger().addHandler(caplog.handler)
    logging.getLogger("some.library").warning("say %s", "it")
    assert caplog.messages == ["say it"]


def test_debug_shows_messages() -> None:
    stream = written("debug")
    try:
        raise ValueError("a telling message")
    except ValueError:
        logging.getLogger("cachewise.x").exception("failed")
    logging.getLogger("some.library").warning("say %s", "it")
    assert "a telling message" in stream.getvalue()
    assert "say it" in stream.getvalue()


def test_a_stream_that_is_gone_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    stream = written("info")
    stream.close()
    logging.getLogger("cachewise.x").error("nobody listens")
    assert capsys.readouterr().err == ""


def test_the_redaction_in_use_is_found_again() -> None:
    stream = io.StringIO()
    made = set_up({}, stream)
    assert redaction() is made
    redaction().add("late-registered-key")
    logging.getLogger("cachewise").error("with late-registered-key")
    assert "late-registered" not in stream.getvalue()


def test_without_a_log_there_is_still_something_to_add_to() -> None:
    logging.getLogger().handlers[:] = []
    redaction().add(CANARY)


def test_a_second_set_up_replaces_the_first() -> None:
    first, second = written("info"), written("info")
    logging.getLogger("cachewise").error("once")
    assert first.getvalue() == ""
    assert second.getvalue().count("once") == 1


@pytest.mark.parametrize(
    ("values", "text", "cleaned"),
    [
        pytest.param(["abcdefgh", "abcdefghij"], "x abcdefghij y", "x *** y", id="the longer one goes as a whole"),
        pytest.param(["none"], "none of them", "none of them", id="short values are words"),
        pytest.param([""], "text", "text", id="empty"),
        pytest.param([], "key sk-ant-api03-abc_DEF done", "key *** done", id="vendor's key"),
        pytest.param([], "redis://:hunter2@h/0", "redis://***@h/0", id="user information"),
        pytest.param([], "Bearer abc.def", "Bearer ***", id="bearer"),
        pytest.param([], "risk-free and a task-based desk-top", "risk-free and a task-based desk-top", id="words"),
    ],
)
def test_cleaning(values: list[str], text: str, cleaned: str) -> None:
    made = Redaction()
    for value in values:
        made.add(value)
    assert made.clean(text) == cleaned
    assert mask(cleaned) == cleaned

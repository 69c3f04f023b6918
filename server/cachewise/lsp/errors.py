"""The single place where an exception becomes the error of a response, and a line in the log.

What goes out is a fault's own sentence, or nothing but "internal error"; what is logged is the method, the id, the type
of the exception and where it was raised. Messages of unforeseen exceptions may quote documents, prompts or keys, so
they are neither sent nor logged, and neither are tracebacks.

Not here: who has to be told through the status (that is the features' business), and reading or refusing messages.
"""

from __future__ import annotations

import asyncio
import logging
import traceback
from pathlib import PurePath
from types import CodeType
from typing import Any

from cachewise.faults import Fault, InvalidParams

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
NOT_INITIALIZED = -32002
CANCELLED = -32800

_log = logging.getLogger("cachewise.lsp")


def rpc_error(code: int, sentence: str, data: Any = None) -> dict[str, Any]:
    """A JSON-RPC error object."""
    return {"code": code, "message": sentence} if data is None else {"code": code, "message": sentence, "data": data}


def error_of(failure: BaseException, *, method: str, msg_id: object) -> dict[str, Any]:
    """The error object that answers a request which ended with `failure`; logs it as loudly as it deserves."""
    if isinstance(failure, asyncio.CancelledError):
        return cancelled()
    if isinstance(failure, Fault):
        # A client's mistake is the client's to show; a request that failed is news for whoever reads the log.
        level = logging.DEBUG if isinstance(failure, InvalidParams) else logging.INFO
        _log.log(level, "request %s %s: %s", brief(msg_id), brief(method), type(failure).__name__)
        return rpc_error(failure.code, failure.sentence, failure.data())
    log_failure(failure, f"request {brief(msg_id)} {brief(method)}")
    return rpc_error(INTERNAL_ERROR, "internal error")


def cancelled() -> dict[str, Any]:
    """The error object of a request that was cancelled."""
    return rpc_error(CANCELLED, "The request was cancelled.")


def log_failure(failure: BaseException, where: str) -> None:
    """Logs what nobody can be answered about: the type of the exception and where it comes from, no content.

    A `Fault` is expected, such as a notification about a document that is not open, and so it is no error here.
    """
    if isinstance(failure, Fault):
        _log.info("%s refused: %s", where, type(failure).__name__)
    elif not isinstance(failure, asyncio.CancelledError):
        _log.error("%s failed: %s", where, describe(failure))


def log_refusal(code: int, msg_id: object, method: str = "") -> None:
    """Logs that a message was refused, without what it held."""
    _log.info("refused message %s %s with %d", brief(msg_id), brief(method), code)


def describe(failure: BaseException) -> str:
    """The exception's type, its causes' types, and the innermost three places of its traceback."""
    names = [type(failure).__name__]
    if isinstance(failure, BaseExceptionGroup):
        names.append("[" + ", ".join(type(inner).__name__ for inner in failure.exceptions[:5]) + "]")
    seen = {id(failure)}
    cause = failure.__cause__ or failure.__context__
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        names.append(f"after {type(cause).__name__}")
        cause = cause.__cause__ or cause.__context__
    # Not `extract_tb`, which reads the source files.
    places = [_place(frame.f_code, line) for frame, line in traceback.walk_tb(failure.__traceback__)][-3:]
    return f"{' '.join(names)} at {' < '.join(reversed(places)) or 'an unknown place'}"


def _place(code: CodeType, line: int) -> str:
    return f"{'/'.join(PurePath(code.co_filename).parts[-2:])}:{line} in {code.co_name}"


def brief(value: object) -> str:
    """A client's id or method name for the log: short, on one line."""
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def quiet_loop(loop: asyncio.AbstractEventLoop) -> None:
    """Keeps what asyncio reports about stray failures free of content as well."""

    def report(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        failure = context.get("exception")
        if isinstance(failure, BaseException):
            log_failure(failure, "a background task")
        else:
            _log.warning("asyncio: %s", context.get("message", "no message"))

    loop.set_exception_handler(report)


class _WithoutContent(logging.Handler):
    """Passes on where pygls logged something, not what."""

    def emit(self, record: logging.LogRecord) -> None:
        _log.log(record.levelno, "%s reported a problem at line %d", record.name, record.lineno)


def quiet_pygls() -> None:
    """Caps the loggers of pygls at WARNING and strips their messages, which hold whole bodies. May be called again."""
    logger = logging.getLogger("pygls")
    logger.setLevel(logging.WARNING)
    logger.propagate = False
    logger.handlers = [_WithoutContent()]

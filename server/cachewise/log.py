"""The log: to standard error, at the level that the user asked for, with keys taken out.

Below `debug`, only cachewise's own lines are written as they are. Lines of libraries lose their arguments, and
tracebacks lose the messages of exceptions, because both may hold text of documents. What cachewise itself logs at INFO
or above holds ids, sizes and names only; that is up to those who log. Not here: what is logged, and the protocol trace.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping
from typing import Literal, TextIO, get_args

Level = Literal["error", "warning", "info", "debug"]
VARIABLE = "CACHEWISE_LOG"

_OURS = "cachewise"
_SHORTEST = 8
"""Shorter registered values are no keys, and replacing them would tear holes into ordinary words."""

_LOOKS_LIKE_A_KEY = re.compile(
    r"\bsk-[A-Za-z0-9_\-]{6,}"  # OpenAI, Anthropic, OpenRouter
    r"|\b(?:gh[pousr]_|glpat-|xox[a-z]-|hf_)[A-Za-z0-9_\-]{10,}"
    r"|\bAKIA[A-Z0-9]{12,}|\bAIza[A-Za-z0-9_\-]{20,}"
    r"|(?<=[Bb]earer )[^\s'\",;]+"
    r"|(?<=://)[^\s/@]+(?=@)"  # user information of a URL
)


def mask(text: str) -> str:
    """The text with everything that looks like a key replaced by `***`."""
    return _LOOKS_LIKE_A_KEY.sub("***", text)


class Redaction:
    """The values that must not be written."""

    def __init__(self) -> None:
        self._values: list[str] = []

    def add(self, value: str) -> None:
        """Never write this value from now on."""
        if len(value) >= _SHORTEST and value not in self._values:
            # Longest first, so that a key that holds another one goes as a whole.
            self._values = sorted([*self._values, value], key=len, reverse=True)

    def clean(self, text: str) -> str:
        """The text without the added values and without what looks like a key."""
        for value in self._values:
            text = text.replace(value, "***")
        return mask(text)


class _Formatter(logging.Formatter):
    """Cleans the finished line, so that arguments, exceptions and stacks are covered alike."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self.redaction = Redaction()

    def format(self, record: logging.LogRecord) -> str:
        if logging.getLogger(_OURS).isEnabledFor(logging.DEBUG):
            return self.redaction.clean(super().format(record))
        kept = logging.makeLogRecord(record.__dict__)
        kept.exc_text = None
        if record.exc_info and record.exc_info[1] is not None:
            kept.exc_info = None
            kept.exc_text = _without_messages(record.exc_info[1])
        if not _is_ours(record):
            kept.msg, kept.args = str(record.msg)[:200].partition("\n")[0], None
        return self.redaction.clean(super().format(kept))


def _without_messages(error: BaseException) -> str:
    """A traceback that says where and of which type, but not the messages."""
    import traceback

    lines: list[str] = []
    at: BaseException | None = error
    for _ in range(5):  # of a chain of causes, the newest five tell enough
        if at is None:
            break
        lines += traceback.format_tb(at.__traceback__)
        lines.append(f"{type(at).__module__}.{type(at).__qualname__} (its message is shown with CACHEWISE_LOG=debug)\n")
        at = at.__cause__ or (None if at.__suppress_context__ else at.__context__)
    return "".join(lines).rstrip()


class _Handler(logging.StreamHandler[TextIO]):
    """Writes to the stream; a stream that is gone (the editor died) is no reason to print anything more."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name is logging's
        pass


def _is_ours(record: logging.LogRecord) -> bool:
    return record.name == _OURS or record.name.startswith(_OURS + ".")


def _worth_writing(record: logging.LogRecord) -> bool:
    """Libraries get a word from WARNING on, also where they set a level of their own."""
    return _is_ours(record) or record.levelno >= logging.WARNING


def set_up(env: Mapping[str, str], stream: TextIO | None = None) -> Redaction:
    """Send the log to `stream` (standard error) from now on, in place of wherever it went before.

    Args:
        env: The environment; `CACHEWISE_LOG` names the level.
        stream: Where to write to.

    Returns:
        What to `add` keys to as they become known; `redaction()` finds it again.
    """
    handler = _Handler(stream or sys.stderr)
    formatter = _Formatter()
    handler.setFormatter(formatter)
    handler.addFilter(_worth_writing)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    asked = env.get(VARIABLE, "").strip().lower()
    set_level(next((level for level in get_args(Level) if level == asked), "warning"))
    return formatter.redaction


def set_level(level: Level) -> None:
    """Change how much is written, as the user file may ask for another level than was known at the start."""
    logging.getLogger(_OURS).setLevel(level.upper())


def redaction() -> Redaction:
    """What the log in use takes out. Where no log was set up, nothing ever reads it."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler.formatter, _Formatter):
            return handler.formatter.redaction
    return Redaction()

"""Reading a file that may become context: within limits, and only what is text that somebody wrote.

Not here: which files may be read at all (`exclude.py`), and the memory of what was read (`memory.py`).
"""

from __future__ import annotations

import os
import stat

LARGEST_FILE = 256 * 1024
"""Bytes. Larger files are data more often than something to learn from."""
_LONGEST_MEAN_LINE = 300
_SHORTEST_MINIFIED = 2_000


def read_text(path: str) -> str | None:
    """A file's text with its own line ends; None if it is unreadable, no regular file, too large, binary or minified.

    The last part of the path is not followed if it is a link, and a pipe or device is not waited for.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        with open(os.open(path, flags), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST_FILE:
                return None
            data = file.read(LARGEST_FILE + 1)
    except OSError:
        return None
    if len(data) > LARGEST_FILE or b"\0" in data:
        return None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    return text if fit(text) else None


def fit(text: str) -> bool:
    """Whether a text is of use as context: not huge, not binary, not minified."""
    if len(text) > LARGEST_FILE or "\0" in text:
        return False
    lines = text.count("\n") + text.count("\r") + 1
    return len(text) < _SHORTEST_MINIFIED or len(text) / lines <= _LONGEST_MEAN_LINE

"""The processes below an editor, by the kernel's account (Linux)."""

from __future__ import annotations

import contextlib
from pathlib import Path


def descendants(pid: int) -> list[int]:
    """The processes that a process has started, directly or not."""
    found: list[int] = []
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            children = [int(child) for child in (task / "children").read_text().split()]
            found += children
            for child in children:
                found += descendants(child)
    return found


def servers(pid: int) -> list[int]:
    """The language servers that run below an editor."""
    return [child for child in descendants(pid) if b"\0serve\0" in _command(child)]


def _command(pid: int) -> bytes:
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""

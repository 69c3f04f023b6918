"""What the editor showed at one moment: the document, the cursor and the selection.

Offsets count Unicode code points of `text` from 0, whatever encoding the client's positions had.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """One version of one open document, with the place a request is about."""

    uri: str
    version: int
    language: str
    """The LSP language id, such as `python`."""
    text: str
    start: int
    """Offset of the start of the selection; equal to `end` for a cursor."""
    end: int
    path: str | None
    """Absolute file-system path; None where the URI is not a `file:` URI."""
    folder: str | None
    """Absolute path of the workspace folder that holds the document; None where none does."""
    name: str
    """How prompts and keys name it: the path below `folder` with forward slashes, else the last path segment."""

    @cached_property
    def before(self) -> str:
        """The text before the cursor. Cut out once, and so hashed once: in a large document either takes its time."""
        return self.text[: self.end]

    @cached_property
    def after(self) -> str:
        """The text behind the cursor."""
        return self.text[self.end :]

    @property
    def selection(self) -> str:
        """The selected text; empty for a cursor."""
        return self.text[self.start : self.end]

    def line_of(self, offset: int) -> int:
        """The 0-based number of the line that holds `offset` (LSP's three line ends)."""
        head = self.text[:offset]
        crlf = head.count("\r\n")
        return head.count("\n") + head.count("\r") - crlf

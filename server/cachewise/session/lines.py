r"""The text of one document as a list of lines, edited in place and addressed as the Language Server Protocol does.

A line ends with ``\n``, ``\r\n`` or ``\r`` and with nothing else: form feed, vertical tab, NEL and U+2028 are ordinary
characters. Each element of the list keeps its line end; the last one has none and may be empty. An edit touches only
the lines that it spans, and the whole text is joined when somebody reads it, once until the next edit.

Not here: versions, languages and URIs (`session/documents.py`), and at which offsets lines begin (`starts.py`).
"""

from __future__ import annotations

import io
import re
from typing import Literal

from cachewise.session.starts import Starts

Encoding = Literal["utf-8", "utf-16", "utf-32"]
Position = tuple[int, int]
"""Line and character, both from 0; the character counts code units of the client's encoding."""

_TORN_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")


class LineIndex:
    """A text that is cheap to edit by line and character.

    Positions are forgiving, as the protocol asks: a character past the end of its line means that end, before the
    line end's own characters; a line past the last one means the end of the text; a negative number means 0. A
    position inside a character (the second half of a surrogate pair, a later byte of a UTF-8 sequence) is taken as
    the one in front of that character.
    """

    __slots__ = ("_lines", "_starts", "_text", "encoding")

    def __init__(self, text: str, encoding: Encoding) -> None:
        self.encoding: Encoding = encoding
        self._lines: list[str] = []
        self._text: str | None = None
        self._starts = Starts(())
        self.replace_all(text)

    @property
    def text(self) -> str:
        """The whole text, joined on the first read after an edit."""
        if self._text is None:
            self._text = "".join(self._lines)
        return self._text

    @property
    def line_count(self) -> int:
        """Number of lines, at least 1: an empty text is one empty line."""
        return len(self._lines)

    def line(self, number: int) -> str:
        """One line with its line end.

        Raises:
            IndexError: there is no such line.
        """
        if number < 0:
            raise IndexError(number)
        return self._lines[number]

    def replace_all(self, text: str) -> None:
        """Forget the old text and take this one."""
        text = _mended(text)
        self._lines = split_lines(text)
        self._text = text
        self._starts = Starts(self._lines)

    def replace(self, start: Position, end: Position, text: str) -> None:
        """Put `text` in the place of what stands between two positions, given in either order."""
        first, first_column = self._resolve(start)
        last, last_column = self._resolve(end)
        if (last, last_column) < (first, first_column):
            first, first_column, last, last_column = last, last_column, first, first_column
        lines = self._lines
        block = _mended(lines[first][:first_column] + text + lines[last][last_column:])
        if first and block.startswith("\n") and lines[first - 1].endswith("\r"):
            # A line feed came to stand behind a carriage return: from now on the two are one line end.
            first -= 1
            block = lines[first] + block
        pieces = split_lines(block)
        if last < len(lines) - 1 and not pieces[-1]:
            del pieces[-1]  # the block ends with a line end, and the line behind it is already there
        self._starts.replace(first, lines[first : last + 1], pieces)
        lines[first : last + 1] = pieces
        self._text = None

    def offset_at(self, line: int, character: int) -> int:
        """The offset in code points of a position."""
        number, column = self._resolve((line, character))
        return self._starts.of(number, self._lines) + column

    def position_at(self, offset: int) -> Position:
        """The position of an offset in code points; one outside of the text means its nearer end.

        An offset between a carriage return and its line feed is the end of their line.
        """
        number, start = self._starts.line_at(offset, self._lines)
        line = self._lines[number]
        column = min(max(0, offset - start), _content_length(line))
        return number, code_units(line[:column], self.encoding)

    def _resolve(self, position: Position) -> Position:
        """The line and the column in code points that a position of the client means."""
        number, character = position
        if number < 0:
            return 0, 0
        if number >= len(self._lines):
            return len(self._lines) - 1, len(self._lines[-1])
        return number, _column(self._lines[number], character, self.encoding)


def split_lines(text: str) -> list[str]:
    r"""Cut a text behind each ``\n``, ``\r\n`` and ``\r``. The last piece has no line end and may be empty."""
    lines = io.StringIO(text, newline="").readlines()
    if not lines or lines[-1].endswith(("\n", "\r")):
        lines.append("")
    return lines


def _content_length(line: str) -> int:
    if line.endswith("\r\n"):
        return len(line) - 2
    return len(line) - 1 if line.endswith(("\n", "\r")) else len(line)


def _column(line: str, character: int, encoding: Encoding) -> int:
    """The column in code points that `character` code units come to, at most the line's content."""
    end = _content_length(line)
    if character <= 0:
        return 0
    if encoding == "utf-32" or line.isascii():
        return min(character, end)
    # A code point is at least one unit, so what stands behind `character` code points can't matter.
    head = line[: min(character, end)]
    if encoding == "utf-8":
        data = head.encode("utf-8", "surrogatepass")
        cut = min(character, len(data))
        while cut < len(data) and data[cut] & 0xC0 == 0x80:
            cut -= 1
        return len(data[:cut].decode("utf-8", "surrogatepass"))
    surplus = code_units(head, encoding) - character
    column = len(head)
    while surplus > 0:
        column -= 1
        surplus -= 2 if head[column] > "\uffff" else 1
    return column


def code_units(text: str, encoding: Encoding) -> int:
    """How many code units a text takes in an encoding."""
    if encoding == "utf-32" or text.isascii():
        return len(text)
    if encoding == "utf-16":
        return len(text.encode("utf-16-le", "surrogatepass")) // 2
    return len(text.encode("utf-8", "surrogatepass"))


def _mended(text: str) -> str:
    """Join the halves of surrogate pairs that came in two edits: they are one character in the editor."""
    if text.isascii() or _TORN_PAIR.search(text) is None:
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")

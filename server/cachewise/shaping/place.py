r"""Where a suggestion is to go: the cursor's line, and a few lines around it, with all line ends as ``\n``.

Only a window around the cursor is looked at, so that shaping costs the same in a long file as in a short one.
Not here: the whole document, and positions of the client (`session/`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

WINDOW = 4000
"""Characters before the cursor, and as many behind it, that decide how a suggestion is shaped."""

_PROSE_LANGUAGES = frozenset(
    {"asciidoc", "git-commit", "gitcommit", "latex", "markdown", "mdx", "plaintext", "restructuredtext", "tex", "text"}
)
_COMMENT = re.compile(r"(?:^|\s)(?://|#(?!\[|!\[|include|define)|--|/\*|<!--|\"\"\"|''')|^\s*\*\s")
_CLOSING_TAG = re.compile(r"</[\w.:-]*>[ \t]*")
_TRIPLE = re.compile(r"\"\"\"|'''")
_FENCE = re.compile(r"^[ \t]*(?:```|~~~)", re.MULTILINE)


def newlines(text: str) -> str:
    r"""The same text with ``\r\n`` and ``\r`` as ``\n``."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


@dataclass(frozen=True, kw_only=True)
class Place:
    """The surroundings of a cursor."""

    language: str
    """The LSP language id."""
    prefix: str
    """The cursor's line up to the cursor."""
    rest: str
    """The cursor's line from the cursor on, without its line end."""
    above: tuple[str, ...]
    """The lines above the cursor's, nearest last. The first one may lack its beginning."""
    below: tuple[str, ...]
    """The lines below the cursor's, nearest first; none that is not there in full."""

    @classmethod
    def of(cls, before: str, after: str, language: str) -> Place:
        """Take the surroundings from the document's text before and behind the cursor."""
        *above, prefix = newlines(before[-WINDOW:]).split("\n")
        rest, *below = newlines(after[:WINDOW]).split("\n")
        if len(after) > WINDOW and below:
            del below[-1]
        return cls(language=language, prefix=prefix, rest=rest, above=tuple(above), below=tuple(below))

    @property
    def blank(self) -> bool:
        """Whether nothing but white space stands before the cursor in its line."""
        return not self.prefix.strip(" \t")

    @property
    def ends_line(self) -> bool:
        """Whether nothing but white space stands behind the cursor in its line."""
        return not self.rest.strip(" \t")

    @property
    def closing_tag(self) -> bool:
        """Whether all that stands behind the cursor in its line is one closing tag, as editors put it there."""
        return _CLOSING_TAG.fullmatch(self.rest) is not None

    @property
    def indent(self) -> str:
        """The white space that the cursor's line begins with, up to the cursor."""
        return self.prefix[: len(self.prefix) - len(self.prefix.lstrip(" \t"))]

    @property
    def in_fence(self) -> bool:
        """Whether the cursor stands in a fenced code block of a Markdown document."""
        return self.language in _PROSE_LANGUAGES and len(_FENCE.findall("\n".join(self.above))) % 2 == 1

    @cached_property
    def in_prose(self) -> bool:
        """Whether sentences belong here: in prose, in a comment, in a long string."""
        if self.language in _PROSE_LANGUAGES:
            return not self.in_fence
        if _COMMENT.search(self.prefix):
            return True
        return len(_TRIPLE.findall("\n".join(self.above))) % 2 == 1

    @cached_property
    def written_below(self) -> tuple[str, ...]:
        """The lines below that are not blank, without white space at their ends."""
        return tuple(line.rstrip(" \t") for line in self.below if line.strip())

    def around(self, text: str) -> str:
        """The window as it would read with `text` at the cursor."""
        return "\n".join((*self.above, self.prefix + text + self.rest, *self.below))

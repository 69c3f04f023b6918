"""Syntax trees of source texts by tree-sitter. The only module that imports it and its grammars.

A grammar is loaded with the first text of its language, which belongs in a thread like the parsing. Not here: what is
read off a tree (`imports.py`, `outline.py`).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import cache
from time import thread_time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Language, Query
    from tree_sitter import Node as Node

_GRAMMARS = {
    "python": "python", "typescript": "typescript", "typescriptreact": "tsx", "javascript": "javascript",
    "javascriptreact": "javascript", "go": "go", "rust": "rust",
}  # fmt: skip
"""Of LSP language ids."""
LARGEST = 100_000
"""Bytes. A larger text is given up."""
_LEAST_TIME, _TIME_PER_BYTE = 0.05, 1e-6
"""Seconds of the processor after which a text is given up. Source takes a seventh, and a third with a quote or bracket
too many; a made-up text can take a minute, in which no other thread would run for seconds."""
_MOST_CONTINUED = 2_000
"""Lines that end in a backslash. The time that they take to parse grows with their square, in a single step."""
_MOST_ANGLES = 3_000
"""The same of `<` in TypeScript, with their third power: `a<b,a<b,` and so on may end as arguments of types or not."""
_LARGEST_PIECE = 12
"""The parser is given a text in pieces of 2 to the power of this at most, in bytes."""


class _Pieces(threading.local):
    """The objects that a thread's texts are handed over in, one of each size.

    tree-sitter 0.26 keeps whatever its reading function returns for ever, so it gets the same few objects each time. It
    looks at one only until it asks for the next.
    """

    def __init__(self) -> None:
        self._of = [bytearray(1 << power) for power in range(_LARGEST_PIECE + 1)]

    def of(self, data: bytes, offset: int) -> bytes | bytearray:
        """The text from an offset on, or the beginning of that; empty at its end."""
        left = len(data) - offset
        if left <= 0:
            return b""
        piece = self._of[min(_LARGEST_PIECE, left.bit_length() - 1)]
        piece[:] = data[offset : offset + len(piece)]
        return piece


_pieces = _Pieces()


def has_grammar(language: str) -> bool:
    """Whether texts of an LSP language id can be parsed."""
    return language in _GRAMMARS


def parse(data: bytes, language: str) -> Node | None:
    """The root of a text's syntax tree, with errors in it where the text has any; None where it is given up.

    Args:
        data: The text in UTF-8. Offsets in the tree are offsets in it.
        language: An LSP language id that `has_grammar`.
    """
    from tree_sitter import Parser

    grammar = _GRAMMARS[language]
    if len(data) > LARGEST or data.count(b"\\\n") + data.count(b"\\\r\n") > _MOST_CONTINUED:
        return None
    if grammar in ("typescript", "tsx") and data.count(b"<") > _MOST_ANGLES:
        return None
    end = thread_time() + _LEAST_TIME + _TIME_PER_BYTE * len(data)

    def read(offset: int, _point: object) -> bytes | bytearray:
        return _pieces.of(data, offset)

    def give_up(_offset: int, _error: bool) -> bool:
        return thread_time() > end

    try:  # the calls back to Python let other threads run meanwhile
        return Parser(_grammar(grammar)).parse(read, progress_callback=give_up).root_node
    except ValueError:
        return None


def find(root: Node, language: str, query: str) -> Iterator[Node]:
    """The nodes that a query captures, whatever it calls them, in the order of the text.

    The query has no predicates: for those the library would need the text in one piece, which it was not given.
    """
    assert "#" not in query
    from tree_sitter import QueryCursor

    captures = QueryCursor(_query(_GRAMMARS[language], query)).captures(root)
    nodes = [node for found in captures.values() for node in found]
    return iter(sorted(nodes, key=lambda node: node.start_byte))


@cache
def _grammar(name: str) -> Language:
    from tree_sitter import Language

    match name:
        case "python":
            from tree_sitter_python import language
        case "javascript":
            from tree_sitter_javascript import language
        case "typescript":
            from tree_sitter_typescript import language_typescript as language
        case "tsx":
            from tree_sitter_typescript import language_tsx as language
        case "go":
            from tree_sitter_go import language
        case "rust":
            from tree_sitter_rust import language
        case _:
            raise KeyError(name)
    return Language(language())


@cache
def _query(name: str, query: str) -> Query:
    from tree_sitter import Query

    return Query(_grammar(name), query)

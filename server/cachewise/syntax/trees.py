"""Syntax trees of source texts by tree-sitter. The only module that imports it and its grammars.

A grammar is loaded with the first text of its language. Parsing takes about 0.1 ms for 1 kB, so none of this belongs on
the event loop's thread. Not here: what is read off a tree (`imports.py`, `outline.py`).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Language, Query
    from tree_sitter import Node as Node

_GRAMMARS = {
    "python": "python", "typescript": "typescript", "typescriptreact": "tsx", "javascript": "javascript",
    "javascriptreact": "javascript", "go": "go", "rust": "rust",
}  # fmt: skip
"""Of LSP language ids."""
_LONGEST = 1.0
"""Seconds of processor time after which a text is given up. What people write takes a tenth at most; made-up text can
take minutes and gigabytes."""
_CHUNK = 8_192
"""Bytes that are handed to the parser at once; other threads can run in between."""


def has_grammar(language: str) -> bool:
    """Whether texts of an LSP language id can be parsed."""
    return language in _GRAMMARS


def parse(data: bytes, language: str) -> Node | None:
    """The root of a text's syntax tree, with errors in it where the text has any; None where it was given up.

    Args:
        data: The text in UTF-8. Offsets in the tree are offsets in it.
        language: An LSP language id that `has_grammar`.
    """
    from tree_sitter import Parser

    started = time.thread_time()

    def too_long(_offset: int, _has_error: bool) -> bool:
        return time.thread_time() - started > _LONGEST

    parser = Parser(_grammar(_GRAMMARS[language]))
    try:
        tree = parser.parse(lambda at, _: data[at : at + _CHUNK], progress_callback=too_long)
    except ValueError:  # what it says of a text that was given up
        return None
    return tree.root_node


def find(root: Node, language: str, query: str) -> Iterator[Node]:
    """The nodes that a query captures, whatever it calls them, in the order of the text."""
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

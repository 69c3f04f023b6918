"""Which lines of a source text tell its functions, classes and types, read off its syntax tree.

Lines that have no tree, for an error or a macro, are named, so that the caller can look there by other means. Not here:
what is told besides, such as comments (`shaping/signatures.py`), and other languages (`shaping/definitions.py`).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cachewise.syntax.trees import parse

if TYPE_CHECKING:
    from cachewise.syntax.trees import Node

_LONGEST_HEAD = 40
_LONGEST_TYPE = 40
"""Lines. A longer type is told by its first one."""
_DEEPEST = 40

_CARRIERS = frozenset({
    "decorated_definition", "export_statement", "ambient_declaration", "expression_statement", "lexical_declaration",
    "variable_declaration",
})  # fmt: skip
"""What a definition is part of, from its first line on."""
_BLOCKS = frozenset({
    "if_statement", "elif_clause", "else_clause", "try_statement", "except_clause", "finally_clause", "with_statement",
    "for_statement", "while_statement", "block", "statement_block",
})  # fmt: skip
"""What definitions stand in that are there only in some cases."""
_CALLS = frozenset({"call_expression", "parenthesized_expression", "unary_expression", "arguments"})
"""What JavaScript wraps a whole module in, or a suite of tests: with a function that has no name."""
_HOLDERS = frozenset({
    "class_definition", "class_declaration", "abstract_class_declaration", "class", "internal_module", "module",
    "impl_item", "trait_item", "mod_item", "foreign_mod_item",
})  # fmt: skip
"""Told by their heads, and looked into."""
_FUNCTIONS = frozenset({
    "function_definition", "function_declaration", "generator_function_declaration", "function_expression",
    "generator_function", "arrow_function", "function_signature", "method_definition", "method_signature",
    "abstract_method_signature", "method_declaration", "function_item", "function_signature_item",
})  # fmt: skip
_TYPES = frozenset({
    "interface_declaration", "enum_declaration", "type_alias_declaration", "type_alias_statement", "type_declaration",
    "struct_item", "enum_item", "union_item", "type_item",
})  # fmt: skip
"""Told whole, if they are short."""
_VALUES = {
    "variable_declarator": "value", "public_field_definition": "value", "field_definition": "value",
    "assignment_expression": "right", "pair": "value",
}  # fmt: skip
"""What is told where its value is a function or a class."""


@dataclass(slots=True)
class Outline:
    """Numbers of lines, from 0."""

    heads: list[tuple[int, int]] = field(default_factory=list)
    """Definitions: the first line, and the one behind the last that tells it."""
    members: set[int] = field(default_factory=set)
    """Fields of classes, which are told besides."""
    broken: list[tuple[int, int]] = field(default_factory=list)
    """What has no tree: the first line, and the one behind the last."""


def outline(lines: Sequence[str], language: str) -> Outline:
    """The definitions of a text in its lines, but for those in the bodies of functions.

    Args:
        lines: With their ends.
        language: An LSP language id that has a grammar (`trees.has_grammar`).
    """
    encoded = [line.encode("utf-8", "replace") for line in lines]
    starts, size = [], 0
    for line in encoded:
        starts.append(size)
        size += len(line)
    walk = _Walk(starts, language == "python")
    root = parse(b"".join(encoded), language)
    if root is None or root.is_error:
        walk.outline.broken.append((0, len(lines)))
    else:
        walk.among(root.named_children, None, 0)
    return walk.outline


class _Walk:
    """Collects the outline of one text."""

    def __init__(self, starts: Sequence[int], python: bool) -> None:
        self.outline = Outline()
        self._starts = starts
        self._python = python

    def among(self, nodes: Iterable[Node], first: int | None, depth: int) -> None:
        """Look at nodes that stand beside each other; `first` is the line on which what carries them begins."""
        decorated: int | None = None
        for node in nodes if depth <= _DEEPEST else ():
            if node.type == "decorator":
                decorated = self._line(node.start_byte) if decorated is None else decorated
                continue
            begin = min(n for n in (first, decorated, self._line(node.start_byte)) if n is not None)
            decorated = None
            self._one(node, begin, depth + 1)

    def _one(self, node: Node, first: int, depth: int) -> None:
        kind = node.type
        if node.is_error:
            self._broken(node, first)
        elif kind in _CARRIERS:
            self.among(node.named_children, first, depth)
        elif kind in _BLOCKS:
            self.among(node.named_children, None, depth)
        elif kind in _CALLS:
            self._call(node, depth)
        elif kind == "object":
            self._object(node, first, depth)
        elif kind == "macro_invocation":
            self._broken(node, first)
        elif kind in _HOLDERS:
            self._holder(node, first, depth)
        elif kind in _FUNCTIONS:
            self._tell(first, self._head_end(node))
        elif kind in _TYPES:
            self._type(node, first)
        elif kind == "macro_definition":
            self._tell(first, self._line(node.start_byte) + 1)
        elif kind in _VALUES:
            self._value(node, first, depth)
        elif kind == "assignment":
            self._annotated(node)

    def _holder(self, node: Node, first: int, depth: int) -> None:
        body = node.child_by_field_name("body")
        if body is None and node.type == "mod_item":
            return
        self._tell(first, self._head_end(node))
        if body is not None:
            self.among(body.named_children, None, depth)

    def _object(self, node: Node, first: int, depth: int) -> None:
        """An object of JavaScript, told by its first line if it has functions."""
        before = len(self.outline.heads)
        self.among(node.named_children, None, depth)
        if len(self.outline.heads) > before:
            self._tell(first, self._line(node.start_byte) + 1)

    def _call(self, node: Node, depth: int) -> None:
        for child in node.named_children if depth <= _DEEPEST else ():
            body = child.child_by_field_name("body") if child.type in _FUNCTIONS else None
            if body is not None:
                self.among(body.named_children, None, depth + 1)
            elif child.type in _CALLS:
                self._call(child, depth + 1)

    def _type(self, node: Node, first: int) -> None:
        end = self._line(node.end_byte - 1) + 1
        specs = [child for child in node.named_children if child.type in ("type_spec", "type_alias")]
        if end - first < _LONGEST_TYPE:
            self._tell(first, end)
        elif len(specs) > 1:
            for spec in specs:
                self._type(spec, self._line(spec.start_byte))
        else:
            self._tell(first, self._line(node.start_byte) + 1)

    def _value(self, node: Node, first: int, depth: int) -> None:
        value = node.child_by_field_name(_VALUES[node.type])
        if value is not None and (value.type in _FUNCTIONS or value.type in _HOLDERS or value.type == "object"):
            self._one(value, first, depth)
        elif node.type == "public_field_definition":
            kind = node.child_by_field_name("type")
            if kind is not None:
                self.outline.members.update(range(first, self._line(kind.end_byte - 1) + 1))

    def _annotated(self, node: Node) -> None:
        """A field of a Python class that has a type."""
        kind, above = node.child_by_field_name("type"), node.parent
        for _ in range(2):  # the statement and the block that it stands in
            above = None if above is None else above.parent
        if kind is not None and above is not None and above.type == "class_definition":
            self.outline.members.update(range(self._line(node.start_byte), self._line(kind.end_byte - 1) + 1))

    def _head_end(self, node: Node) -> int:
        """The line behind the one on which the head of a definition ends."""
        body = node.child_by_field_name("body")
        if body is None:
            return self._line(node.end_byte - 1) + 1
        if self._python:
            colons = [child.start_byte for child in node.children if child.type == ":"]
            return self._line(colons[-1] if colons else node.start_byte) + 1
        return self._line(body.start_byte) + 1

    def _broken(self, node: Node, first: int) -> None:
        self.outline.broken.append((first, self._line(node.end_byte - 1) + 1))

    def _tell(self, first: int, end: int) -> None:
        self.outline.heads.append((first, min(end, first + _LONGEST_HEAD)))

    def _line(self, offset: int) -> int:
        return max(bisect_right(self._starts, offset) - 1, 0)

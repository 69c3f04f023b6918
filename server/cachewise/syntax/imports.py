"""What a source text imports, read off its syntax tree: in Python, TypeScript, JavaScript, Go and Rust.

Only as much of a text is parsed as its last import statement can reach. Texts that are being typed have imports too;
strings and comments have none. Not here: other languages (`context/import_rules.py`), and which files the names stand
for (`context/imports.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from cachewise.syntax.keywords import DELIMITERS, family, region
from cachewise.syntax.trees import find, parse

if TYPE_CHECKING:
    from cachewise.syntax.trees import Node

_SMALLEST_BLOCK = 2_000
_LARGEST_KEPT = 32_000
_BLOCK_START = re.compile(r"\n(?=(?:def|class|async|if|@)\b)|\n(?=@)")
_PYTHON = "[(import_statement) (import_from_statement)] @import"
_SCRIPT = """
(import_statement source: (string) @name)
(export_statement source: (string) @name)
(call_expression function: [(import) (identifier)] arguments: (arguments) @arguments)
"""
_LOADERS = ("import", "require")
_IMPORT_REQUIRE = "(import_require_clause source: (string) @name)"
_GO = "(import_spec path: (_) @path)"
_RUST = "[(use_declaration) (mod_item)] @import"


def python_imports(text: str) -> Iterator[tuple[int, str, tuple[str, ...]]]:
    """For each import: the number of leading dots, the module's name, and the names taken from it."""
    text = text[: region(text, "python")]
    for block in _python_blocks(text):
        if "import" in block:
            yield from (_python_block if len(block) <= _LARGEST_KEPT else _python_block.__wrapped__)(block)


def _python_blocks(text: str) -> Iterator[str]:
    """Parts of a text that can be parsed on their own: whole statements, and whole strings.

    Many Python files import inside functions far below. Who types an import at the top has only the top parsed again.
    """
    start = counted = 0
    open_ = [False, False]
    for match in _BLOCK_START.finditer(text):
        if match.end() - counted >= _SMALLEST_BLOCK:
            for n, quotes in enumerate(DELIMITERS["python"]):
                open_[n] ^= text.count(quotes, counted, match.end()) % 2 == 1
            counted = match.end()
            if not any(open_):
                yield text[start:counted]
                start = counted
    yield text[start:]


@lru_cache(maxsize=64)
def _python_block(text: str) -> tuple[tuple[int, str, tuple[str, ...]], ...]:
    return tuple(_python_statements(text))


def _python_statements(text: str) -> Iterator[tuple[int, str, tuple[str, ...]]]:
    for node, data in _found(text, "python", _PYTHON):
        taken = [_python_name(name, data) for name in node.children_by_field_name("name")]
        if node.type == "import_statement":
            yield from ((0, name, ()) for name in taken if name)
            continue
        module = node.child_by_field_name("module_name")
        if module is not None:
            if any(child.type == "wildcard_import" for child in node.named_children):
                taken.append("*")
            name = _joined(module, data)
            yield len(name) - len(name.lstrip(".")), name.strip("."), tuple(name for name in taken if name)


def _python_name(node: Node, data: bytes) -> str:
    inner = node.child_by_field_name("name") if node.type == "aliased_import" else node
    return "" if inner is None else _joined(inner, data)


def script_imports(text: str, language: str) -> Iterator[str]:
    """The specifiers of a JavaScript or TypeScript file: relative ones, names of the project, packages."""
    query = _SCRIPT if family(language) == "javascript" else _SCRIPT + _IMPORT_REQUIRE
    for node, data in _found(text, language, query):
        name: Node | None = node
        if node.type == "arguments":
            called = node.parent and node.parent.child_by_field_name("function")
            if called is None or _text(called, data) not in _LOADERS:
                continue
            name = next((child for child in node.named_children if child.type != "comment"), None)
        if name is not None and name.type in ("string", "template_string"):
            specifier = _text(name, data)[1:-1]
            if specifier and "${" not in specifier:
                yield specifier


def go_imports(text: str) -> Iterator[str]:
    """The import paths of a Go file."""
    return (_text(node, data).strip('"`') for node, data in _found(text, "go", _GO))


def rust_imports(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """For each module named: what its path starts from (`mod`, `crate`, `self`, `super`, `name`), and the path.

    A path that leads out of modules inside the file starts from the file's own; each further `super` is in the path.
    Paths that start from a name are those of a module where the file declares it, else those of a crate.
    """
    declared: set[str] = set()
    found: list[tuple[str, tuple[str, ...]]] = []
    for node, data in _found(text, "rust", _RUST):
        around = _modules_around(node, data)
        if node.type == "mod_item":
            name = node.child_by_field_name("name")
            if name is not None and node.child_by_field_name("body") is None:
                found.append(("mod", (*around, _text(name, data))))
                declared.add(_text(name, data))
            continue
        argument = node.child_by_field_name("argument")
        if argument is not None:
            found.extend(_rust_start(path, around) for path in _rust_paths(argument, data, ()))
    for kind, parts in found:
        if parts:
            yield kind or ("self" if parts[0] in declared else "name"), parts


def _rust_start(path: tuple[str, ...], around: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """What a path starts from, and the rest of it; `around` are the modules of the file that it stands in."""
    if path[:1] == ("crate",):
        return "crate", path[1:]
    if path[:1] not in (("self",), ("super",)):
        return "", path
    rest, ups = (path[1:], 0) if path[0] == "self" else (path, 0)
    while rest[:1] == ("super",):
        rest, ups = rest[1:], ups + 1
    if ups <= len(around):
        return "self", (*around[: len(around) - ups], *rest)
    return "super", (*("super",) * (ups - len(around) - 1), *rest)


def _rust_paths(node: Node, data: bytes, before: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The paths of a use tree: `a::{b, c::{d, e}}` names `a::b`, `a::c::d` and `a::c::e`."""
    match node.type:
        case "scoped_use_list":
            path, listed = node.child_by_field_name("path"), node.child_by_field_name("list")
            start = before if path is None else (*before, *_rust_parts(path, data))
            if listed is not None:
                yield from _rust_paths(listed, data, start)
        case "use_list":
            for child in node.named_children:
                yield from _rust_paths(child, data, before)
        case "use_as_clause":
            path = node.child_by_field_name("path")
            if path is not None:
                yield (*before, *_rust_parts(path, data))
        case "use_wildcard":
            yield (*before, *(part for child in node.named_children for part in _rust_parts(child, data)))
        case "self" if before:
            yield before
        case _:
            yield (*before, *_rust_parts(node, data))


def _rust_parts(path: Node, data: bytes) -> tuple[str, ...]:
    if path.type == "scoped_identifier":
        return tuple(part for child in path.named_children for part in _rust_parts(child, data))
    name = _text(path, data).removeprefix("r#")
    return (name,) if name.isidentifier() else ()


def _modules_around(node: Node, data: bytes) -> tuple[str, ...]:
    names: list[str] = []
    above = node.parent
    while above is not None:
        name = above.child_by_field_name("name") if above.type == "mod_item" else None
        if name is not None:
            names.append(_text(name, data))
        above = above.parent
    return tuple(reversed(names))


def _found(text: str, language: str, query: str) -> Iterator[tuple[Node, bytes]]:
    """What a query finds in the part of a text that can have imports, with that part."""
    data = text[: region(text, language)].encode("utf-8", "replace")
    root = parse(data, language) if data else None
    if root is not None:
        yield from ((node, data) for node in find(root, language, query))


def _text(node: Node, data: bytes) -> str:
    return data[node.start_byte : node.end_byte].decode("utf-8", "replace")


def _joined(node: Node, data: bytes) -> str:
    """The text of a dotted name without white space and line continuations."""
    return "".join(_text(node, data).replace("\\", " ").split())

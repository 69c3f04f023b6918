"""The outline of a piece of code: its definitions, and what each takes, calls, raises and returns.

Python is read with `ast` where it parses; everything else, and Python cut off somewhere, line by line with patterns.
Not here: putting it into words (`explanation.py`).
"""

from __future__ import annotations

import ast
import re
import textwrap
import warnings
from collections.abc import Iterable
from dataclasses import dataclass

_MAX_LINE = 300
_MAX_CODE = 400_000
_MAX_CUT = 6
"""How many lines at the end of a selection are taken for the beginning of something that was not selected."""
_DEFINITIONS = tuple(
    re.compile(pattern)
    for pattern in (
        r"\s*(?:async )?(?P<kind>def) (?P<name>\w+)\s*\((?P<params>[^()]*)",
        r"\s*(?:export )?(?:default )?(?:async )?(?P<kind>function)\*? ?(?P<name>[\w.:]+)\s*\((?P<params>[^()]*)",
        r"\s*(?:export )?(?:const|let|var) (?P<name>\w+) = (?:async )?\(?(?P<params>[^()=]*)\)? ?(?P<kind>=>)",
        r"(?P<kind>func) (?:\([^()]*\) )?(?P<name>\w+)\((?P<params>[^()]*)",
        r"\s*(?:pub(?:\([a-z]+\))? )?(?:async )?(?P<kind>fn) (?P<name>\w+)(?:<[^<>]*>)?\((?P<params>[^()]*)",
        r"\s*(?:(?:export|pub|public|private|abstract|final|static) )*"  # noqa: ISC004 - one pattern
        r"(?P<kind>class|struct|interface|trait|enum|record|impl) (?P<name>\w+)(?P<params>)",
        r"type (?P<name>\w+) (?P<kind>struct|interface)(?P<params>)",
        r"\s*(?:[\w<>\[\]&*:,]+ )+[*&]?(?P<name>\w+)\((?P<params>[^()]*)\)[^;={}]*(?P<kind>\{)\s*$",
    )
)
_CALL = re.compile(r"([A-Za-z_][\w.:]{0,80})!?\(")
_RAISE = re.compile(r"\b(?:raise|throw)\s+(?:new\s+)?([A-Za-z_][\w.]{0,80})")
_RETURN = re.compile(r"^\s*return\b[ \t]*([^\n;]{0,200})")
_KEYWORDS = frozenset(
    {"if", "for", "while", "switch", "catch", "return", "function", "match", "with", "elif", "not", "and", "or", "in"}
    | {"is", "await", "sizeof", "new", "assert", "def", "class", "lambda", "except", "yield", "else", "func", "fn"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """One function or class, or the lines outside of any."""

    kind: str
    """`function`, `class` or `code`."""
    name: str
    parameters: tuple[str, ...]
    calls: tuple[str, ...]
    raises: tuple[str, ...]
    returns: tuple[str, ...]
    """The returned expressions, as written."""
    summary: str = ""
    """The first line of its docstring."""


def outline(code: str, language: str) -> list[Definition]:
    """The definitions of a piece of code in their order; one of kind `code` where there are none."""
    code = textwrap.dedent(code[:_MAX_CODE].replace("\r\n", "\n").replace("\0", ""))
    if language in ("python", "py", "") and (language or re.search(r"^\s*(def|class|import|from) ", code, re.M)):
        tree = _parse_cut_off(code)
        if tree is not None:
            return list(_from_tree(tree)) or [_of_node("code", "", tree)]
    return _from_lines(code.split("\n"))


def _parse_cut_off(code: str) -> ast.Module | None:
    """The tree of code whose last lines may begin what was not selected, such as the decorator of the next class."""
    lines = code.rstrip().split("\n")
    for end in range(len(lines), max(0, len(lines) - _MAX_CUT - 1), -1):
        begins = end == len(lines) or lines[end].lstrip().startswith(("@", "class ", "def ", "async def "))
        if begins and (tree := _parse("\n".join(lines[:end]))) is not None:
            return tree
    return None


def _parse(code: str) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _from_tree(tree: ast.AST, owner: str = "") -> Iterable[Definition]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield _of_node("function", f"{owner}{node.name}", node)
        elif isinstance(node, ast.ClassDef):
            yield _of_node("class", f"{owner}{node.name}", node)
            yield from _from_tree(node, f"{owner}{node.name}.")
        elif isinstance(node, ast.If | ast.Try | ast.With):
            yield from _from_tree(node, owner)


def _of_node(
    kind: str, name: str, node: ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
) -> Definition:
    parameters: list[str] = []
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        given = node.args
        every = [*given.posonlyargs, *given.args, *([given.vararg] if given.vararg else []), *given.kwonlyargs]
        parameters = [a.arg for a in (*every, *([given.kwarg] if given.kwarg else [])) if a.arg not in ("self", "cls")]
    elif isinstance(node, ast.ClassDef):
        parameters = [n.target.id for n in node.body if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name)]
    calls: list[str] = []
    raises: list[str] = []
    returns: list[str] = []
    for inner in () if kind == "class" else _in_order(node):
        if isinstance(inner, ast.Call):
            calls.append(_written(inner.func))
        elif isinstance(inner, ast.Raise) and inner.exc is not None:
            raised = inner.exc.func if isinstance(inner.exc, ast.Call) else inner.exc
            raises.append(_written(raised))
        elif isinstance(inner, ast.Return) and inner.value is not None:
            returns.append(_written(inner.value))
    summary = (ast.get_docstring(node) or "").split("\n", 1)[0]
    return Definition(
        kind=kind,
        name=name,
        parameters=tuple(parameters),
        calls=_distinct(call for call in calls if call not in raises),
        raises=_distinct(raises),
        returns=_distinct(returns),
        summary=summary,
    )


def _in_order(node: ast.AST) -> Iterable[ast.AST]:
    """All nodes below, in the order of the source."""
    for child in ast.iter_child_nodes(node):
        yield child
        yield from _in_order(child)


def _written(node: ast.AST) -> str:
    return " ".join(ast.unparse(node).split())


def _from_lines(lines: list[str]) -> list[Definition]:
    found: list[tuple[str, str, tuple[str, ...], list[str]]] = []
    rest: list[str] = []
    for line in lines:
        line = line[:_MAX_LINE]
        match = next((m for m in (pattern.match(line) for pattern in _DEFINITIONS) if m), None)
        if match is not None and match["name"] not in _KEYWORDS:
            is_class = match["kind"] in ("class", "struct", "interface", "trait", "enum", "record", "impl")
            kind = "class" if is_class else "function"
            names = _parameters(match["params"], type_first=match["kind"] == "{")
            found.append((kind, match["name"], names, [line[match.end() :]]))
        else:
            (found[-1][3] if found else rest).append(line)
    if not found:
        return [_of_lines("code", "", (), rest)]
    return [_of_lines(*each) for each in found]


def _parameters(text: str, *, type_first: bool) -> tuple[str, ...]:
    """The names in a list of parameters: before the colon or the blank, or behind the type as in C and Java."""
    parts = [part.partition("=")[0].partition(":")[0].split() for part in text.split(",")]
    names = [part[-1 if type_first else 0].strip("*&.[]") for part in parts if part]
    return tuple(name for name in names if name and name not in ("self", "cls", "mut", "void"))


def _of_lines(kind: str, name: str, parameters: tuple[str, ...], body: list[str]) -> Definition:
    calls = [call for line in body for call in _CALL.findall(line)]
    raises = _distinct(each for line in body for each in _RAISE.findall(line))
    returns = [found[1].strip() for line in body if (found := _RETURN.match(line)) and found[1].strip()]
    return Definition(
        kind=kind,
        name=name,
        parameters=parameters,
        calls=_distinct(c for c in calls if c not in _KEYWORDS and c not in raises and c != name),
        raises=raises,
        returns=_distinct(returns),
    )


def _distinct(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))

"""What import statements look like in each language, as patterns over text. No file is asked for here.

Not here: which files the names stand for (`imports.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_PYTHON = re.compile(
    r"^[ \t]*(?:from[ \t]+(?P<dots>\.*)[ \t]*(?P<module>[\w.]*)[ \t]+import[ \t]+"
    r"(?P<names>\([^)]{0,4000}\)|(?:[^\n#;\\]|\\\r?\n)+)"
    r"|import[ \t]+(?P<modules>[\w., \t]+))",
    re.MULTILINE,
)
_SCRIPT = re.compile(
    r"""(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*)(?P<quote>["'`])(?P<name>\.{1,2}(?:/[^"'`\n]*)?)(?P=quote)"""
)
_GO_BLOCK = re.compile(r"^import\s*(?:\((?P<block>[^)]{0,20000})\)|(?P<one>[\w.]*\s*\"[^\"\n]+\"))", re.MULTILINE)
_GO_MODULE = re.compile(r"^module[ \t]+\"?([^\s\"]+)", re.MULTILINE)
_RUST_MOD = re.compile(r"^[ \t]*(?:pub(?:\([^)\n]*\))?[ \t]+)?mod[ \t]+(?P<mod>\w+)[ \t]*;", re.MULTILINE)
_RUST_USE = re.compile(
    r"^[ \t]*(?:pub(?:\([^)\n]*\))?[ \t]+)?use[ \t]+(?P<kind>crate|self|super)::(?P<path>[^;]{1,2000});", re.MULTILINE
)
_C = re.compile(r"^[ \t]*#[ \t]*(?:include|import)[ \t]*\"([^\"\n]+)\"", re.MULTILINE)
_LUA = re.compile(r"""\brequire[ \t]*\(?[ \t]*(["'])([\w./-]+)\1""")
_NAMED = re.compile(
    r"^[ \t]*@?(?:import|from|use|using|require|require_relative|require_once|include|include_once|load|source|open|"
    r"needs|module)\b(?P<rest>[^\n]*)",
    re.MULTILINE,
)
_NAME = re.compile(r"\.{0,2}[\w-]*(?:[./\\:]+[\w-]+)*")
_WORDS = frozenset({"as", "from", "import", "qualified", "static", "hiding", "exposing", "show", "hide", "function"})


def python_imports(text: str) -> Iterator[tuple[int, str, tuple[str, ...]]]:
    """For each import: the number of leading dots, the module's name, and the names taken from it."""
    for match in _statements(text):
        if match["modules"] is not None:
            for module in match["modules"].split(","):
                name = module.split()
                if name:
                    yield 0, name[0].strip("."), ()
            continue
        listed = re.sub(r"#[^\n]*", "", match["names"]).strip("() \t")
        names = tuple(n.split()[0] for n in re.sub(r"[\\\r\n]", " ", listed).split(",") if n.split())
        names = tuple(n for n in names if n == "*" or n.isidentifier())
        if match["dots"] or match["module"]:
            yield len(match["dots"]), match["module"].strip("."), names


def _statements(text: str) -> Iterator[re.Match[str]]:
    """What `_PYTHON.finditer` finds, looking only at lines with the word `import`, which is much faster."""
    start = 0  # of a line, always
    while (found := text.find("import", start)) >= 0:
        line = text.rfind("\n", start, found) + 1 or start
        match = _PYTHON.match(text, line)
        if match is not None:
            yield match
        # The next statement begins on a later line than the one that this one ends in.
        start = text.find("\n", found if match is None else match.end() - 1) + 1
        if not start:
            return


def script_imports(text: str) -> Iterator[str]:
    """The relative specifiers of a JavaScript or TypeScript file."""
    return (match["name"] for match in _SCRIPT.finditer(text))


def go_imports(text: str) -> Iterator[str]:
    """The import paths of a Go file."""
    for match in _GO_BLOCK.finditer(text):
        lines = re.sub(r"//[^\n]*", "", match["block"] or match["one"])
        yield from re.findall(r"\"([^\"\n]+)\"", lines)


def go_module(text: str) -> str:
    """The module path that a go.mod declares; empty where it declares none."""
    match = _GO_MODULE.search(text)
    return match[1] if match else ""


def rust_imports(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """For each module named: what its path starts from (`mod`, `crate`, `self`, `super`), and the path."""
    found: list[tuple[int, str, tuple[str, ...]]]
    found = [(m.start(), "mod", (m["mod"],)) for m in _RUST_MOD.finditer(text)]
    for match in _RUST_USE.finditer(text):
        path = re.sub(r"\s+(?:as\s+\w+)?", "", re.sub(r"//[^\n]*", "", match["path"]))
        found.extend((match.start(), match["kind"], parts) for parts in _rust_paths(path))
    return ((kind, parts) for _, kind, parts in sorted(found, key=lambda item: item[0]))


def _rust_paths(path: str) -> Iterator[tuple[str, ...]]:
    """The paths of a use tree: `a::{b, c::d}` names `a::b` and `a::c::d`. Groups in groups count as their head."""
    head, brace, group = path.partition("{")
    start = tuple(part for part in head.split("::") if part.isidentifier())
    if not brace:
        if start:
            yield start
        return
    depth, item = 0, ""
    for character in group + ",":
        depth += {"{": 1, "}": -1}.get(character, 0)
        if character == "," and depth <= 0:
            inner = item.partition("{")[0].rstrip("}")
            parts = start + tuple(part for part in inner.split("::") if part.isidentifier() and part != "self")
            if parts:
                yield parts
            item = ""
        else:
            item += character


def c_includes(text: str) -> Iterator[str]:
    """The names of quoted includes."""
    return iter(_C.findall(text))


def lua_requires(text: str) -> Iterator[str]:
    """The names of required Lua modules."""
    return (match[2] for match in _LUA.finditer(text))


def named_imports(text: str) -> Iterator[str]:
    """Words of lines that look like imports in any other language, in order."""
    for match in _NAMED.finditer(text):
        for word in _NAME.findall(match["rest"]):
            if word.strip("./\\:-") and word not in _WORDS:
                yield word

"""What import statements look like in languages without a grammar here, as patterns over text. Asks for no file.

Not here: the languages that are parsed (`syntax/imports.py`), and which files the names stand for (`imports.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_SCRIPT = re.compile(
    r"""(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*)(?P<quote>["'`])(?P<name>[^"'`\n]{1,200})(?P=quote)"""
)
_GO_MODULE = re.compile(r"^module[ \t]+\"?([^\s\"]+)", re.MULTILINE)
_C = re.compile(r"^[ \t]*#[ \t]*(?:include|import)[ \t]*\"([^\"\n]+)\"", re.MULTILINE)
_LUA = re.compile(r"""\brequire[ \t]*\(?[ \t]*(["'])([\w./-]+)\1""")
_NAMED = re.compile(
    r"^[ \t]*@?(?:import|from|use|using|require|require_relative|require_once|include|include_once|load|source|open|"
    r"needs|module)\b(?P<rest>[^\n]*)",
    re.MULTILINE,
)
_NAME = re.compile(r"\.{0,2}[\w-]*(?:[./\\:]+[\w-]+)*")
_WORDS = frozenset({"as", "from", "import", "qualified", "static", "hiding", "exposing", "show", "hide", "function"})


def embedded_imports(text: str) -> Iterator[str]:
    """The specifiers of a script inside a component: Vue, Svelte, Astro."""
    return (match["name"] for match in _SCRIPT.finditer(text))


def go_module(text: str) -> str:
    """The module path that a go.mod declares; empty where it declares none."""
    match = _GO_MODULE.search(text)
    return match[1] if match else ""


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

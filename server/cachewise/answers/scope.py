"""Which piece of a file a question is about: the definition around the selection, and what it names.

The answer to "explain this" depends on the selected text, on the definition that holds it and on what that names, and
not on the rest of the file. Finding the definition is allowed to be wrong about exotic syntax: the key then holds
another piece of text, which costs a repeated question and never gives a wrong answer to an unchanged one. Not here:
how each family of languages marks a definition (`scope_python.py`, `scope_braces.py`, `scope_indent.py`), and finding
the texts of the dependencies, which the caller has.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from cachewise.answers import scope_braces, scope_indent, scope_python
from cachewise.answers.scope_span import Span, block_around

_BRACES = frozenset(
    {"arduino", "c", "cpp", "csharp", "css", "cuda-cpp", "dart", "go", "groovy", "java", "javascript"}
    | {"javascriptreact", "jsonc", "kotlin", "less", "objective-c", "objective-cpp", "php", "rust", "scala", "scss"}
    | {"solidity", "swift", "typescript", "typescriptreact", "verilog", "zig"}
)
_ARROWS = frozenset({"csharp", "dart", "groovy", "javascript", "javascriptreact", "typescript", "typescriptreact"})
"""Languages where `=> {` begins a function; in others it begins a branch."""
_WORD = re.compile(r"[^\W\d]\w*")
_LONGEST_AST = 200_000
"""Characters of Python that are parsed; in a longer file the indentation has to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The surroundings of a selection, as far as its answer depends on them."""

    text: str
    """The definition around the selection; at module level the statement or block around it."""
    signature: str
    """The headers of the definitions around that one, outermost first, one a line; empty at module level."""
    start: int
    end: int
    """Offsets of `text` in the document."""
    place: tuple[int, int]
    """Start and end of the selection, counted from `start`."""

    @property
    def definition(self) -> str:
        """The text with its signatures, as `scoped_key` takes it."""
        return f"{self.signature}\n{self.text}" if self.signature else self.text


def scope_around(language: str, text: str, start: int, end: int) -> Scope:
    """The scope of a selection. Takes some milliseconds for each 100 kB of text: call it in a thread for long ones.

    Args:
        language: The LSP language id; decides how definitions are recognised.
        text: The whole document.
        start: Offset where the selection starts; equal to `end` for a cursor.
        end: Offset where it ends.
    """
    start = max(0, min(start, len(text)))
    end = max(start, min(end, len(text)))
    span: Span | None = None
    if language == "python":
        if len(text) <= _LONGEST_AST:
            span = scope_python.find(text, start, end)
        if span is None:
            span = scope_indent.find(text, start, end)
    elif language in _BRACES:
        span = scope_braces.find(text, start, end, arrows=language in _ARROWS)
    else:
        span = scope_indent.find(text, start, end)
    if span is None:
        span = block_around(text, start, end)
    return Scope(
        text=text[span.start : span.end],
        signature="\n".join(span.headers),
        start=span.start,
        end=span.end,
        place=(start - span.start, end - span.start),
    )


def mentioned(definition: str, names: Iterable[str]) -> frozenset[str]:
    """Those of `names` that occur in `definition` as a word; of a dotted name the last part counts."""
    words = set(_WORD.findall(definition))
    return frozenset(name for name in names if name.rpartition(".")[2] in words)


def dependencies_digest(definition: str, pieces: Iterable[tuple[str, str]]) -> str:
    """A digest of the direct dependencies of a definition.

    Args:
        definition: Its text.
        pieces: Name and text of whatever it may depend on; those it does not name are left out, order is ignored.

    Returns:
        64 hex digits; empty where it names none of them.
    """
    pairs = sorted(set(pieces))
    wanted = mentioned(definition, (name for name, _ in pairs))
    chosen = [(name, text) for name, text in pairs if name in wanted]
    if not chosen:
        return ""
    total = hashlib.sha256()
    for part in (part for pair in chosen for part in pair):
        data = part.encode("utf-8", "surrogatepass")
        total.update(f"{len(data)}:".encode() + data)
    return total.hexdigest()

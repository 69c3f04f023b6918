"""What a document imports is read again when an edit can have changed it, and only then."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cachewise.context.statements import Statements
from cachewise.syntax.imports import go_imports, python_imports, rust_imports, script_imports

PYTHON = (
    "import a\nfrom b import (\n    c,\n    d,\n)\n\n\n"
    "def f(x):\n    '''Doc.'''\n    import late\n    return g(x)\n\n\n"
    "value = 1\n" + "other = 2\n" * 1_000
)
SCRIPT = (
    "import {\n  a,\n} from './a';\nconst s = `one`;\nfunction f() {\n  return 1;\n}\nconst b = require('./b');\nf();\n"
)
GO = 'package x\n\nimport (\n\t"a"\n)\n\nfunc f() int {\n\treturn 1\n}\n'
RUST = (
    'mod a;\nuse crate::{\n    b,\n};\n\nfn f() {\n    let s = "x";\n    g(s)\n}\n\nmod tests {\n    use super::*;\n}\n'
)


def _script(text: str) -> Iterator[str]:
    return script_imports(text, "typescript")


SCANS: dict[str, Callable[[str], Iterator[object]]] = {
    "python": python_imports, "typescript": _script, "go": go_imports, "rust": rust_imports,
}  # fmt: skip


def check(language: str, text: str, old: str, new: str, *, read_again: bool) -> None:
    """Replace the one place of `old`; what is found is what a first look would find."""
    assert text.count(old) == 1
    changed = text.replace(old, new)
    read: list[str] = []

    def scan(text: str) -> Iterator[object]:
        read.append(text)
        return SCANS[language](text)

    statements = Statements()
    assert statements.of(text, language, scan) == tuple(dict.fromkeys(SCANS[language](text)))
    assert statements.of(changed, language, scan) == tuple(dict.fromkeys(SCANS[language](changed)))
    assert read == ([text, changed] if read_again else [text])


@pytest.mark.parametrize(
    ("language", "text", "old", "new", "read_again"),
    [
        pytest.param("python", PYTHON, "import a", "import ab", True, id="a name"),
        pytest.param("python", PYTHON, "import a\n", "", True, id="a statement goes"),
        pytest.param("python", PYTHON, "    d,\n", "    d,\n    e,\n", True, id="a name in brackets"),
        pytest.param("python", PYTHON, "    d,\n)", "    d,\n", True, id="a bracket that closed"),
        pytest.param("python", PYTHON, "value = 1", "value = 12", False, id="below all imports"),
        pytest.param("python", PYTHON, "value = 1", "value = 1\nimport new", True, id="a new one below"),
        pytest.param("python", PYTHON, "def f(x):", "def f(x, y):", False, id="between imports"),
        pytest.param("python", PYTHON, "return g(x)", "return g(x, (1,", False, id="brackets elsewhere"),
        pytest.param("python", PYTHON, "def f(x):", "'''\ndef f(x):", True, id="a string begins"),
        pytest.param("python", PYTHON, "Doc.", "Doc. It is", False, id="in a string"),
        pytest.param("python", PYTHON, "return g(x)", "return imported(x)", False, id="a longer word"),
        pytest.param("python", PYTHON, "value = 1\n", "value = 1\n" * 50, False, id="lines come"),
        pytest.param("typescript", SCRIPT, "  a,", "  a, b,", True, id="ts: a name in braces"),
        pytest.param("typescript", SCRIPT, "return 1", "return 12", False, id="ts: between"),
        pytest.param("typescript", SCRIPT, "`one`", "`one two`", False, id="ts: in a template"),
        pytest.param("typescript", SCRIPT, "`one`", "`one", True, id="ts: a template goes on"),
        pytest.param("typescript", SCRIPT, "function f", "/* function f", True, id="ts: a comment begins"),
        pytest.param("go", GO, '\t"a"', '\t"a"\n\t"b"', True, id="go: one more"),
        pytest.param("go", GO, "return 1", "return 12", False, id="go: below"),
        pytest.param("rust", RUST, "    b,", "    b, c,", True, id="rust: a name in braces"),
        pytest.param("rust", RUST, "g(s)", "g(s, 1)", False, id="rust: between"),
        pytest.param("rust", RUST, '"x"', '"xy"', False, id="rust: in a string"),
        pytest.param("rust", RUST, '"x"', '"x', True, id="rust: a string goes on"),
        pytest.param("rust", RUST, "g(s)", "reuse(modern)", False, id="rust: longer words"),
    ],
)  # fmt: skip
def test_edits(language: str, text: str, old: str, new: str, read_again: bool) -> None:
    check(language, text, old, new, read_again=read_again)


def test_a_hundred_keys_in_a_large_document_read_it_once() -> None:
    text = PYTHON + "x = [\n" + "    1,\n" * 100_000 + "]\n"
    read = 0

    def scan(text: str) -> Iterator[object]:
        nonlocal read
        read += 1
        return python_imports(text)

    statements = Statements()
    for n in range(100):
        place = len(text) - 300_000
        text = text[:place] + "é😀 ("[n % 4] + text[place:]
        assert statements.of(text, "python", scan)[0] == (0, "a", ())
    assert read == 1


def test_another_language_is_another_text() -> None:
    statements = Statements()
    text = 'import "a"\n'
    assert statements.of(text, "go", go_imports) == ("a",)
    assert statements.of(text, "python", python_imports) == ()


_LINES = PYTHON.splitlines(keepends=True)[:12]
_EDITS = ["x", "\n", " ", "'''", "import z\n", "from y import q\n", "foo(1)\n", "# note\n", ")", "value = 2\n"]


@settings(max_examples=300)
@given(st.lists(st.tuples(st.integers(0, 12), st.sampled_from(_EDITS), st.integers(0, 2)), max_size=12))
def test_typing_lines_finds_what_a_first_look_finds(edits: list[tuple[int, str, int]]) -> None:
    """Lines come and go between others; each text that parses without an error is the judge."""
    from cachewise.syntax.trees import parse

    lines, statements = list(_LINES), Statements()
    for place, line, removed in edits:
        lines[place : place + removed] = [line]
        text = "".join(lines)
        found = statements.of(text, "python", python_imports)
        root = parse(text.encode(), "python")
        assert root is not None
        if not root.has_error:
            assert found == tuple(dict.fromkeys(python_imports(text)))

"""Documentation comments: where they go, how they look, and that nothing gets out of them."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cachewise.shaping.definitions import definitions
from cachewise.shaping.documentation import insertion


def written(text: str, language: str, raw: str, name: str) -> str | None:
    """The text after its definition of that name was documented."""
    [found] = [d for d in definitions(text, language) if d.name == name]
    edit = insertion(text, language, found.line, raw)
    return None if edit is None else text[: edit.start] + edit.text + text[edit.end :]


METHOD = "class A:\n    @x\n    def f(self, a: dict[str, int] = {1: 2}) -> int:\n        return 1\n"
CASES = {
    "python": (METHOD, "python", '```python\n"""Do it.\n\nMore.\n"""\n```', "f",
               METHOD.replace("        return", '        """Do it.\n\n        More.\n        """\n        return')),
    "python, one line": ("def g(): return 2\n", "python", "Two.", "g", 'def g():\n    """Two."""\n    return 2\n'),
    "python, replaced": ("def f():\n    'old'\n    pass\n", "python", "New.", "f",
                         'def f():\n    """New."""\n    pass\n'),
    "python, no body": ("def f():", "python", "New.", "f", 'def f():\n    """New."""\n'),
    "rust": ("    #[a]\n    pub fn go() {\n", "rust", "/// One.\n/// Two.", "go",
             "    /// One.\n    /// Two.\n    #[a]\n    pub fn go() {\n"),
    "go": ("//go:noinline\n// old\nfunc (r *T) Name() {\n}\n", "go", "Name does.", "Name",
           "//go:noinline\n// Name does.\nfunc (r *T) Name() {\n}\n"),
    "typescript": ("/** old */\nexport async function f() {\n", "typescript", "/**\n * New */ x\n */", "f",
                   "/**\n * New * / x\n */\nexport async function f() {\n"),
    "java": ("  private static int area(Box b) {\n", "java", "Area.", "area",
             "  /**\n   * Area.\n   */\n  private static int area(Box b) {\n"),
    "lua": ("local function f()\nend\n", "lua", "Doc.", "f", "--- Doc.\nlocal function f()\nend\n"),
    "line ends": ("fn f() {\r\n}\r\n", "rust", "A\nB", "f", "/// A\r\n/// B\r\nfn f() {\r\n}\r\n"),
    "nothing": ("fn f() {\n", "rust", "```\n```", "f", None),
}  # fmt: skip


@pytest.mark.parametrize(("text", "language", "raw", "name", "expected"), CASES.values(), ids=CASES)
def test_written(text: str, language: str, raw: str, name: str, expected: str | None) -> None:
    assert written(text, language, raw, name) == expected


@given(st.text(alphabet="ab \"'\\\n\r\u2028`#*/"))
def test_a_docstring_stays_a_docstring(raw: str) -> None:
    after = written("def f():\n    return 1\n", "python", raw, "f")
    if after is not None:
        [function] = ast.parse(after).body
        assert isinstance(function, ast.FunctionDef)
        assert [type(statement) for statement in function.body][-1] is ast.Return
        assert len(function.body) == 2
        assert ast.get_docstring(function) is not None


@given(st.text(alphabet="ab */\n\r\u2028`"))
def test_a_block_comment_ends_where_it_should(raw: str) -> None:
    after = written("function f() {\n", "javascript", raw, "f")
    if after is not None:
        assert after.count("*/") == 1
        assert after.endswith("*/\nfunction f() {\n")

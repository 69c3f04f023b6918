from __future__ import annotations

import pytest

from cachewise.shaping.brackets import imbalance, quotes_of, unmatched_closers
from cachewise.shaping.indent import is_label, opens_block, settled, unit_of, width
from cachewise.shaping.place import Place


@pytest.mark.parametrize(
    ("line", "columns"),
    [("", 0), ("a", 0), ("  a", 2), ("\ta", 4), ("  \ta", 4), ("\t  a", 6), ("\u00a0a", 0), ("\f  a", 0)],
)
def test_width(line: str, columns: int) -> None:
    assert width(line) == columns


@pytest.mark.parametrize(
    ("lines", "unit"),
    [
        pytest.param([], None, id="no lines"),
        pytest.param(["a", "", "b"], None, id="none indented"),
        pytest.param(["a", "  b", "    c", "  d"], "  ", id="two spaces"),
        pytest.param(["a", "    b", "        c"], "    ", id="four spaces"),
        pytest.param(["a", "\tb", "\t\tc"], "\t", id="tabs"),
        pytest.param(["\tb", "\tc", "    d"], "\t", id="mostly tabs"),
        pytest.param(["/**", " * a", " */"], None, id="a comment's star is no indentation"),
        pytest.param(["a", "  b", "f(a,", "      b)", "  c", "    d"], "  ", id="aligned arguments"),
        pytest.param(["        a", "            b", "        c"], "    ", id="deep inside"),
    ],
)
def test_unit_of(lines: list[str], unit: str | None) -> None:
    assert unit_of(lines) == unit


@pytest.mark.parametrize(
    ("lines", "before", "language", "result"),
    [
        pytest.param(["if a:", "        b"], "def f():\n    ", "python", ["if a:", "        b"], id="right as it is"),
        pytest.param(
            ["if a:", "    b", "c"], "def f():\n    ", "python", ["if a:", "        b", "    c"], id="shifted"
        ),
        pytest.param(
            ["if a:", "", "    b"], "def f():\n    ", "python", ["if a:", "", "        b"], id="blank stays blank"
        ),
        pytest.param(["if a:", "    b"], "", "python", ["if a:", "    b"], id="at the margin"),
        pytest.param(["a", "b"], "def f():\n    ", "python", ["a", "b"], id="no block is opened"),
        pytest.param(["if (a) {", "}"], "{\n  ", "c", ["if (a) {", "}"], id="empty block"),
        pytest.param(["(a) {", "case 1:"], "{\n  switch ", "c", ["(a) {", "case 1:"], id="labels may stand so"),
        pytest.param([" then", "end"], "do\n  if a", "lua", [" then", "end"], id="empty block of Lua"),
        pytest.param(["f {", "    a", "}"], "{\n\tb\n\t", "go", ["f {", "\t\ta", "\t}"], id="spaces to tabs, shifted"),
        pytest.param(["f {", "\t\ta"], "{\n  b\n  ", "c", ["f {", "    a"], id="tabs to spaces"),
        pytest.param(["f(", "         a"], "{\n\tb\n\t", "go", ["f(", "\t\t a"], id="odd spaces stay"),
        pytest.param(["f {", "\ta", "    b"], "{\n\tc\n\t", "go", ["f {", "\t\ta", "\t\tb"], id="both kinds"),
        pytest.param(["f {", "  a", "    b"], "{\n\tc\n", "go", ["f {", "\ta", "\t\tb"], id="two spaces a level"),
        pytest.param(["f {", "        a"], "\tc\n", "go", ["f {", "\ta"], id="eight spaces a level"),
        pytest.param(["    a"], "\tb\n", "go", ["\ta"], id="first line of a blank one"),
        pytest.param(["\ta"], "    b\nx = ", "python", ["\ta"], id="first line of another"),
        pytest.param(["a", "\tb"], "", "python", ["a", "\tb"], id="the document says nothing"),
    ],
)
def test_settled(lines: list[str], before: str, language: str, result: list[str]) -> None:
    assert settled(lines, Place.of(before, "", language)) == result


@pytest.mark.parametrize(
    ("line", "language", "opens"),
    [
        ("if a:", "python", True),
        ("if a:  # why", "python", True),
        ("x: int", "python", False),
        ("a:", "yaml", False),
        ("f(", "python", True),
        ("function f(a, b)", "lua", True),
        ("if a then", "lua", True),
        ("return a", "lua", False),
        ("if (a) {", "c", True),
        ("f();", "c", False),
    ],
)
def test_opens_block(line: str, language: str, opens: bool) -> None:
    assert opens_block(line, language) is opens


@pytest.mark.parametrize(
    ("line", "language", "label"),
    [("  case 1:", "c", True), ("default :", "c", True), ("case x:", "python", False), ("cases = 1", "c", False)],
)
def test_is_label(line: str, language: str, label: bool) -> None:
    assert is_label(line, language) is label


@pytest.mark.parametrize(
    ("text", "language", "faults"),
    [
        pytest.param("f(a[1], {b: 2})", "python", 0, id="paired"),
        pytest.param("f((a)", "python", 1, id="open"),
        pytest.param("f(a))", "python", 1, id="closed too often"),
        pytest.param("f(a]", "python", 2, id="wrong kind"),
        pytest.param("{(a}", "c", 1, id="one left open inside"),
        pytest.param("{(a}}", "c", 2, id="one left open inside, one closed too often"),
        pytest.param('x = "("', "python", 0, id="string"),
        pytest.param("x = '('", "python", 0, id="string in single quotes"),
        pytest.param(r'x = "\"("', "python", 0, id="escaped quote"),
        pytest.param('x = "(', "python", 2, id="string not closed"),
        pytest.param("x = 1  # (", "python", 0, id="comment"),
        pytest.param("x = 1; // (", "c", 0, id="comment of C"),
        pytest.param("x = 1 -- (", "lua", 0, id="comment of Lua"),
        pytest.param("x // (", "python", 1, id="a division"),
        pytest.param("fn f<'a>(x: &'a str)", "rust", 0, id="lifetimes"),
        pytest.param("'(' + '\\''", "c", 0, id="characters"),
        pytest.param("It isn't (so)", "markdown", 0, id="apostrophe of prose"),
        pytest.param("`(${a}`", "typescript", 0, id="template literal"),
        pytest.param('"""(\n)"""', "python", 0, id="long string"),
    ],
)
def test_imbalance(text: str, language: str, faults: int) -> None:
    assert imbalance(text, language) == faults


@pytest.mark.parametrize(
    ("text", "places"),
    [("a)", [1]), ("(a)", []), ("(a))]", [3, 4]), ("')'", []), ("[a)]", [2]), ("", [])],
)
def test_unmatched_closers(text: str, places: list[int]) -> None:
    assert unmatched_closers(text, "python") == places


def test_quotes_of() -> None:
    assert "`" in quotes_of("go")
    assert "`" not in quotes_of("python")

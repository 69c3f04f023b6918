from __future__ import annotations

import pytest

from cachewise.shaping.overlap import stands_below, without_rest
from cachewise.shaping.place import Place
from cachewise.shaping.repeats import repeated_before, still_repeating

ABOVE = "import os\n\ndef add(a, b):\n    total = a + b\n"


@pytest.mark.parametrize(
    ("text", "before", "left", "language"),
    [
        pytest.param("x", "", "x", "python", id="nothing"),
        pytest.param("x + y", "return ", "x + y", "python", id="no repetition"),
        pytest.param("return x", "    return ", "x", "python", id="the line"),
        pytest.param("    return x", "    return ", "x", "python", id="the line with its indentation"),
        pytest.param("\nreturn x", "return ", "x", "python", id="behind an empty line"),
        pytest.param("return  x", "return ", "x", "python", id="two spaces"),
        pytest.param("if x", "if", " x", "python", id="too short to be a line, but a word"),
        pytest.param("def add(a, b):\n    total = a + b\n    x", ABOVE + "    ", "x", "python", id="lines above"),
        pytest.param("total = a + b\n    x", ABOVE + "    ", "x", "python", id="one line above"),
        pytest.param(
            "def add(a, b):\n    total = a + b\n    retu", ABOVE + "    ret", "u", "python", id="down to the line"
        ),
        pytest.param("def add(a, b):\n    x", ABOVE + "    ", "def add(a, b):\n    x", "python", id="not down to it"),
        pytest.param("pass\nx", "if a:\n    pass\n    ", "pass\nx", "python", id="a short line above"),
        pytest.param(
            "total = a + b\nx", ABOVE + "y = ", "total = a + b\nx", "python", id="line above, other line here"
        ),
        pytest.param("    x", "if a:\n    ", "x", "python", id="margin in full"),
        pytest.param("        x", "if a:\n    ", "    x", "python", id="more than the margin"),
        pytest.param("    x", "a\n\t", "x", "go", id="margin in spaces"),
        pytest.param("    x", "    if a:\n    ", "    x", "python", id="a block needs more than the margin"),
        pytest.param("\n  \n    x", "if a:\n    ", "x", "python", id="empty lines on a blank line"),
        pytest.param("\n    x", "if a:", "\n    x", "python", id="a line end is kept behind a statement"),
        pytest.param("self.x", "return self.", "x", "python", id="head of an expression"),
        pytest.param("b.c", "x = a.b.", "c", "python", id="end of a head"),
        pytest.param("std::vec", "use std::", "vec", "rust", id="path of Rust"),
        pytest.param("p->x", "return p->", "x", "c", id="member of C"),
        pytest.param("0.1", "a = 0.", "0.1", "python", id="a number is no head"),
        pytest.param("= 1", "x = ", "1", "python", id="operator"),
        pytest.param("&& b", "a && ", "b", "typescript", id="operator of two signs"),
        pytest.param("-1", "a - ", "-1", "python", id="sign of a number"),
        pytest.param("= 1", "x =", "= 1", "python", id="operator that goes on"),
        pytest.param(", b", "f(a, ", "b", "python", id="comma"),
        pytest.param(", b", "f(a,", " b", "python", id="comma without its space"),
        pytest.param("in b", "for a in ", "b", "python", id="keyword"),
        pytest.param("long b", "x; long ", "long b", "c", id="keyword that may double"),
        pytest.param("and on", "# on and ", "and on", "python", id="word of a comment"),
        pytest.param("and on", 'x = "on and ', "and on", "python", id="word of a string"),
        pytest.param("and on", "x = `on and ", "and on", "typescript", id="word of a template"),
        pytest.param("= a", "x = = ", "= a", "markdown", id="sign of prose"),
        pytest.param("# a", "# ", "a", "python", id="comment mark"),
        pytest.param("- a", "- ", "a", "markdown", id="list mark"),
        pytest.param("-1", "- ", "-1", "markdown", id="no list mark"),
        pytest.param("return x", "    ret", "urn x", "python", id="word"),
        pytest.param("ret", "    ret", "", "python", id="nothing but the word"),
        pytest.param("paya", "papaya = 1\nx = pa", "paya", "python", id="the doubled word is known"),
        pytest.param("_init__", "def _", "_init__", "python", id="underscore"),
        pytest.param("10", "x = 1", "10", "python", id="digits"),
        pytest.param("cafe\u0301", "x = cafe", "cafe\u0301", "python", id="another letter by its accent"),
        pytest.param("\u4f60\u597d", "x = \u4f60", "\u597d", "python", id="word of another script"),
        pytest.param(" x", "return ", "x", "python", id="space on both sides"),
        pytest.param("  x", "a  ", "  x", "python", id="alignment"),
        pytest.param(" # x", "a ", " # x", "python", id="comment behind two spaces"),
        pytest.param("fib(1)", "fib(", "1)", "python", id="a call written again"),
        pytest.param("fib(1))", "fib(", "fib(1))", "python", id="a call of itself"),
    ],
)
def test_repeated_before(text: str, before: str, left: str, language: str) -> None:
    assert text[repeated_before(text, Place.of(before, "", language)) :] == left


@pytest.mark.parametrize(
    ("text", "repeating"),
    [
        pytest.param("def add(a, b):\n", True, id="first line of two"),
        pytest.param("def add(a, b):\n    total = a + b\n", True, id="both"),
        pytest.param("def add(a, b):\n    return 1\n", False, id="goes another way"),
        pytest.param("def add", False, id="no complete line"),
        pytest.param("\n", False, id="empty line"),
        pytest.param("x = 1\n", False, id="something else"),
    ],
)
def test_still_repeating(text: str, repeating: bool) -> None:
    assert still_repeating(text, Place.of(ABOVE + "    ret", "", "python")) is repeating


@pytest.mark.parametrize(
    ("text", "before", "after", "result", "language"),
    [
        pytest.param("a", "x = ", "", "a", "python", id="no rest"),
        pytest.param("a, b)", "f(", ")", "a, b", "python", id="closing bracket"),
        pytest.param("g(a)", "f(", ")", "g(a)", "python", id="its own closing bracket"),
        pytest.param("g(a))", "f(", ")", "g(a)", "python", id="its own and the editor's"),
        pytest.param("a)", "f(g(", ")", "a)", "python", id="one of two is there"),
        pytest.param("a)", '"""b (\n"""\nf(', ")", "a", "python", id="a bracket far away says nothing"),
        pytest.param("a):", "f(", "):", "a", "python", id="bracket and more"),
        pytest.param("a)", "f(", "):", "a", "python", id="bracket without the more"),
        pytest.param("a) -> int:\n    return a", "def f(", ")", "a", "python", id="bracket and what can't follow"),
        pytest.param("a)  ", "f(", ")", "a", "python", id="white space behind"),
        pytest.param('a"', 'x = "', '"', "a", "python", id="quote"),
        pytest.param('a" + y', 'x = "', '"', "a", "python", id="quote and what can't follow"),
        pytest.param('a" + "b', 'x = "', '"', 'a" + "b', "python", id="two strings"),
        pytest.param("a else b", "x = ", " else b", "a", "python", id="words"),
        pytest.param("a els", "x = ", " else b", "a els", "python", id="half a word"),
        pytest.param("a else", "x = ", " else b", "a", "python", id="first word"),
        pytest.param("a\n    b else c", "x = ", " else c", "a\n    b", "python", id="words at the last line"),
        pytest.param("b, count", "f(a", ", count)", "b", "python", id="part of the rest"),
        pytest.param("a, b", "f(", " {", "a, b", "c", id="nothing in common"),
        pytest.param("a) {", "if (", ") {", "a", "c", id="bracket and brace"),
        pytest.param(
            "(item) => {\n  f();\n}", "g(", ");", "(item) => {\n  f();\n}", "typescript", id="balanced by itself"
        ),
        pytest.param("f();\n}", "{\n  ", "\n}", "f();", "c", id="block closed below"),
        pytest.param("f(); }", "{\n  ", "\n}", "f();", "c", id="block closed below, in the line"),
        pytest.param("if (a) {\n    f();\n  }", "{\n  ", "\n}", "if (a) {\n    f();\n  }", "c", id="its own block"),
        pytest.param("f();\n}", "{\n  ", "\nx", "f();\n}", "c", id="block not closed below"),
    ],
)
def test_without_rest(text: str, before: str, after: str, result: str, language: str) -> None:
    assert without_rest(text, Place.of(before, after, language))[0] == result


@pytest.mark.parametrize(
    ("text", "before", "after", "complete", "number"),
    [
        pytest.param("a", "", "", True, None, id="nothing below"),
        pytest.param("a = 1\nreturn a", "", "\n\nreturn a\n", True, 1, id="a whole line"),
        pytest.param("a = 1\nreturn a", "", "\nreturn a\n", False, 1, id="a whole line of a stream"),
        pytest.param("a = 1\n  return a", "", "\nreturn a", True, None, id="another level"),
        pytest.param("return a", "", "\nreturn a", True, 0, id="the first line"),
        pytest.param("urn a", "ret", "\nreturn a", True, 0, id="the first line in part"),
        pytest.param("return a", "", "; x\nreturn a", True, None, id="the first line has a rest"),
        pytest.param("a\nend", "", "\nend", True, 1, id="a short line at the end"),
        pytest.param("a\nend", "", "\nend", False, None, id="a short line of a stream"),
        pytest.param("a\nend\nb", "", "\nend", True, None, id="a short line in the middle"),
        pytest.param("a\nend\n\nfi\nb", "", "\nend\nfi", False, 1, id="two short lines"),
        pytest.param("f(\n)", "g(\n", "\n)", True, None, id="its own bracket"),
        pytest.param("a\n)", "g(\n", "\n)", True, 1, id="the bracket below"),
        pytest.param("end", "", "\nend", True, None, id="a short first line"),
        pytest.param("a\nreturn a  ", "", "\n\treturn b\nreturn a", True, None, id="not the nearest line"),
    ],
)
def test_stands_below(text: str, before: str, after: str, complete: bool, number: int | None) -> None:
    assert stands_below(text.split("\n"), Place.of(before, after, "python"), complete=complete) == number

"""The definition around a selection, in the languages people write, and what counts as a dependency of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cachewise.answers.scope import Scope, dependencies_digest, mentioned, scope_around
from cachewise.answers.scope_span import Lines

PYTHON = '''import os

X = 1
Y = [
    2,
]


@cached
def alpha(x):
    if x:
        return 1

    return 2


class Beta(Base):
    """About beta."""

    z = 3

    async def gamma(self,
                    q):
        def inner():
            return q
        return inner
'''
SCRIPT = """import x from "y";

const a = 3;

// a comment { with a brace
export function foo(a, b = {}) {
  if (a) { return "}"; }
  const g = (x) => {
    return x + 1;
  };
  for (let i = 0; i < 3; i++) { bar(i); }
}

class C extends D {
  #p = 1;
  method(q) {
    return { a: 1, b: q };
  }
}
"""
GO = """package main

func (s *Server) Run(ctx context.Context) error {
\tfor {
\t\tx := T{1, 2}
\t\ty()
\t}
}

type T struct {
\ta int
}
"""
RUST = """impl<T: Foo> Bar for Baz<T> where T: X {
    /// Goes.
    fn go(&self) -> Result<(), E> {
        match self { A => { z() } }
    }
}
"""
RUBY = """module A
  class B
    def c(x)
      y
    end

    def d; end
  end
end
"""
MARKDOWN = "# Title\n\nfirst line\nsecond line\n\nlast"


def around(language: str, text: str, needle: str) -> Scope:
    start = text.index(needle)
    return scope_around(language, text, start, start + len(needle))


def check(language: str, text: str, needle: str, first: str, last: str, signature: str = "") -> None:
    """The scope of `needle` begins with the line `first`, ends with the line `last`, and stands in `signature`."""
    scope = around(language, text, needle)
    lines = [line.strip() for line in scope.text.splitlines()]
    assert (lines[0], lines[-1], scope.signature) == (first, last, signature)
    assert scope.text[scope.place[0] : scope.place[1]] == needle
    assert text[scope.start : scope.end] == scope.text


@pytest.mark.parametrize(
    ("needle", "first", "last", "signature"),
    [
        pytest.param("return 2", "@cached", "return 2", "", id="function-with-decorator"),
        pytest.param("@cached", "@cached", "return 2", "", id="decorator-itself"),
        pytest.param(
            "return q", "def inner():", "return q", "class Beta(Base):\nasync def gamma(self, q):", id="nested"
        ),
        pytest.param("z = 3", "class Beta(Base):", "return inner", "", id="class-body"),
        pytest.param("return inner", "async def gamma(self,", "return inner", "class Beta(Base):", id="method"),
        pytest.param("import os", "import os", "import os", "", id="module-statement"),
        pytest.param("2,", "Y = [", "]", "", id="statement-over-lines"),
        pytest.param("X = 1\nY", "X = 1", "]", "", id="two-statements"),
        pytest.param("return 2\n\n\nclass Beta", "@cached", "return inner", "", id="two-definitions"),
    ],
)
def test_python(needle: str, first: str, last: str, signature: str) -> None:
    check("python", PYTHON, needle, first, last, signature)


@pytest.mark.parametrize(
    ("needle", "first", "last", "signature"),
    [
        pytest.param("return 2", "@cached", "return 2", "", id="function"),
        pytest.param("return q", "def inner():", "return q", "class Beta(Base):\nasync def gamma(self,", id="nested"),
        pytest.param("z = 3", "class Beta(Base):", "return inner", "", id="class-body"),
        pytest.param("X = 1", "X = 1", "]", "", id="module-level-is-the-block"),
    ],
)
def test_python_that_does_not_parse(needle: str, first: str, last: str, signature: str) -> None:
    check("python", PYTHON + "\nbroken((", needle, first, last, signature)


@pytest.mark.parametrize(
    ("needle", "first", "last", "signature"),
    [
        pytest.param('return "}"', "// a comment { with a brace", "}", "", id="brace-in-a-string"),
        pytest.param("x + 1", "const g = (x) => {", "}", "export function foo(a, b = {})", id="arrow-function"),
        pytest.param("bar(i)", "// a comment { with a brace", "}", "", id="loops-are-no-definitions"),
        pytest.param("a: 1", "method(q) {", "}", "class C extends D", id="object-is-no-definition"),
        pytest.param("#p", "class C extends D {", "}", "", id="class-body"),
        pytest.param("const a", "const a = 3;", "const a = 3;", "", id="module-level-is-the-block"),
    ],
)
def test_javascript(needle: str, first: str, last: str, signature: str) -> None:
    check("javascript", SCRIPT, needle, first, last, signature)


@pytest.mark.parametrize(
    ("language", "text", "needle", "first", "last", "signature"),
    [
        pytest.param("go", GO, "y()", "func (s *Server) Run(ctx context.Context) error {", "}", "", id="go-method"),
        pytest.param("go", GO, "1, 2", "func (s *Server) Run(ctx context.Context) error {", "}", "", id="go-literal"),
        pytest.param("go", GO, "a int", "type T struct {", "}", "", id="go-struct"),
        pytest.param("go", GO, "package", "package main", "package main", "", id="go-package"),
        pytest.param("rust", RUST, "z()", "/// Goes.", "}", "impl<T: Foo> Bar for Baz<T> where T: X", id="rust-branch"),
        pytest.param("rust", RUST, "Goes", "/// Goes.", "}", "impl<T: Foo> Bar for Baz<T> where T: X", id="rust-docs"),
        pytest.param("ruby", RUBY, "y", "def c(x)", "end", "module A\nclass B", id="ruby-method"),
        pytest.param("ruby", RUBY, "def d", "def d; end", "def d; end", "module A\nclass B", id="ruby-one-line"),
        pytest.param("css", ".a {\n  color: red;\n}\n", "red", ".a {", "}", "", id="css-rule"),
        pytest.param(
            "css", "@media x {\n .c { top: 1 }\n}", "top", ".c { top: 1 }", ".c { top: 1 }", "@media x", id="css"
        ),
        pytest.param("markdown", MARKDOWN, "second", "first line", "second line", "", id="paragraph"),
        pytest.param("markdown", MARKDOWN, "second line\n\nl", "first line", "last", "", id="over-a-blank-line"),
    ],
)
def test_other_languages(language: str, text: str, needle: str, first: str, last: str, signature: str) -> None:
    check(language, text, needle, first, last, signature)


@pytest.mark.parametrize("language", ["python", "javascript", "ruby", "markdown"])
def test_an_edit_elsewhere_keeps_the_scope_and_one_inside_does_not(language: str) -> None:
    text = {"python": PYTHON, "javascript": SCRIPT, "ruby": RUBY, "markdown": MARKDOWN}[language]
    needle = {"python": "return 2", "javascript": "a: 1", "ruby": "y\n", "markdown": "second"}[language]
    before = around(language, text, needle)
    above = around(language, "x = 0\n\n" + text, needle)
    assert (above.definition, above.place) == (before.definition, before.place)
    inside = around(language, text.replace(needle, needle + " "), needle)
    assert inside.definition != before.definition


@pytest.mark.parametrize("size", [199_000, 201_000], ids=["parsed", "by-indentation"])
def test_long_python(size: int) -> None:
    text = "# x\n" * (size // 4) + "\n\ndef f():\n    return 1\n"
    check("python", text, "return 1", "def f():", "return 1")


EDGES = st.text(alphabet="def class{}()\n\r\t ;\"'`/*=>:@\\aé\U0001d4b3", max_size=120)


@given(EDGES, st.integers(-5, 130), st.integers(-5, 130), st.sampled_from(["python", "rust", "typescript", "lua", "c"]))
def test_any_text_has_a_scope_that_holds_the_selection(text: str, start: int, end: int, language: str) -> None:
    scope = scope_around(language, text, start, end)
    low = max(0, min(start, len(text)))
    high = max(low, min(end, len(text)))
    assert text[scope.start : scope.end] == scope.text
    assert (scope.start + scope.place[0], scope.start + scope.place[1]) == (low, high)


@given(st.text(alphabet="ab\r\n", max_size=40))
def test_lines_are_those_of_the_protocol(text: str) -> None:
    lines = Lines(text)
    assert [lines.line(n) for n in range(len(lines))] == text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for offset in range(len(text) + 1):
        line = lines.at(offset)
        assert lines.starts[line] <= offset
        assert line + 1 == len(lines) or offset < lines.starts[line + 1]


# --- dependencies


@pytest.mark.parametrize(
    ("definition", "names", "found"),
    [
        pytest.param("x = load(path)", ["load", "save"], {"load"}, id="called"),
        pytest.param("x = loader(path)", ["load"], set(), id="only-a-part-of-a-word"),
        pytest.param("np.zeros(3)", ["numpy.zeros", "numpy.ones"], {"numpy.zeros"}, id="last-part-of-a-dotted-name"),
        pytest.param("größe = 1", ["größe"], {"größe"}, id="not-ascii"),
        pytest.param("", ["load"], set(), id="nothing"),
    ],
)
def test_mentioned(definition: str, names: list[str], found: set[str]) -> None:
    assert mentioned(definition, names) == found


def test_digest_of_dependencies_takes_what_is_named_in_any_order() -> None:
    pieces = [("load", "def load(): 1"), ("save", "def save(): 2"), ("other", "def other(): 3")]
    base = dependencies_digest("load(); save()", pieces)
    assert base == dependencies_digest("load(); save()", reversed(pieces))
    assert base == dependencies_digest("load(); save()", [*pieces[:2], ("other", "changed")])
    assert base != dependencies_digest("load(); save()", [("load", "def load(): 9"), *pieces[1:]])
    assert dependencies_digest("nothing", pieces) == ""


def test_pieces_do_not_run_into_each_other() -> None:
    assert dependencies_digest("a b", [("a", "x"), ("b", "y")]) != dependencies_digest("a b", [("a", "xb"), ("b", "")])

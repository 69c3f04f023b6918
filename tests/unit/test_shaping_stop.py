from __future__ import annotations

import pytest

from cachewise.shaping.place import Place
from cachewise.shaping.stop import Multiline, Progress, Reason, StopRule, find_end

WRITTEN_AGAIN = ["def add(a):\n", "    total = a\n", "    b\n"]


def rule(
    before: str = "", after: str = "", *, multiline: Multiline = "auto", language: str = "python", max_lines: int = 40
) -> StopRule:
    return StopRule(before, after, multiline=multiline, language=language, max_lines=max_lines, max_chars=200)


def check_end(
    text: str, kept: str, reason: Reason | None, *, before: str, after: str, multiline: Multiline, language: str
) -> None:
    """`text`, streamed by the character, ends where `kept` ends, for `reason`."""
    stop = rule(before, after, multiline=multiline, language=language)
    for character in text:
        if stop.feed(character).done:
            break
    progress = stop.finish()
    assert (progress.text, progress.reason) == (kept, reason)


@pytest.mark.parametrize(
    ("before", "text", "kept", "reason"),
    [
        pytest.param("x = ", "1\ny = 2\nz", "1", "block", id="statement"),
        pytest.param("x = ", "1\n\n\n", "1\n\n\n", None, id="nothing follows"),
        pytest.param("x = ", "f(\n    a,\n)\ny = 2\n", "f(\n    a,\n)", "block", id="closing bracket belongs to it"),
        pytest.param("  if a", ":\n    b\n  c\n", ":\n    b", "block", id="block"),
        pytest.param("  if a", ":\n    b\n\n    c\n\n  d\n", ":\n    b\n\n    c\n", "block", id="empty lines inside"),
        pytest.param("  if a", ":\n    b\n  else:\n    c\n  d\n", ":\n    b\n  else:\n    c", "block", id="else"),
        pytest.param(
            "try",
            ":\n  a\nexcept E:\n  b\nfinally:\n  c\nd\n",
            ":\n  a\nexcept E:\n  b\nfinally:\n  c",
            "block",
            id="try",
        ),
        pytest.param("  if a", ":\n    b\nc\n", ":\n    b", "block", id="less indented"),
        pytest.param("  ", "a\n  b\n  c\nd\n", "a\n  b\n  c", "block", id="rest of a body"),
        pytest.param("  ", "a\n  b\n\n  c\n", "a\n  b\n", "block", id="paragraph of a body"),
        pytest.param("", "  a\n  b\nc\n", "  a\n  b", "block", id="body of a cursor at the margin"),
        pytest.param("", "def a():\n  b\n\n  c\ndef d():\n", "def a():\n  b\n\n  c", "block", id="definition"),
        pytest.param("", "a\nb\n\nc\n", "a\nb\n", "block", id="paragraph"),
        pytest.param("", "@a\n@b\ndef c():\n  d\ne\n", "@a\n@b\ndef c():\n  d", "block", id="decorators"),
        pytest.param("f(\n  ", "a,\n  b\n)\nc\n", "a,\n  b\n)", "block", id="bracket opened above"),
        pytest.param("f():\n  ", "a\n)\nc\n", "a", "block", id="bracket opened nowhere"),
        pytest.param("  x = 1", "\n  y = 2\n  z\n", "\n  y = 2", "block", id="next statement"),
        pytest.param(
            "  x = 1", "\n  if y:\n    z\n  a\n", "\n  if y:\n    z", "block", id="next statement with a block"
        ),
        pytest.param("  x = 1", "\ny = 2\n", "", "block", id="what follows a body"),
        pytest.param("if x:", "\ny = 2\n", "", "block", id="a body without its indentation"),
        pytest.param("x = 1", "\n\n# a\ny\nz\n", "\n\n# a", "block", id="next paragraph"),
        pytest.param("x", " = 1\nok_or()\n", " = 1", "block", id="a name that begins like a keyword"),
        pytest.param("x", " = 1\nthen(2)\n", " = 1", "block", id="a function named like a keyword"),
    ],
)
def test_auto_ends_with_the_block(before: str, text: str, kept: str, reason: Reason | None) -> None:
    check_end(text, kept, reason, before=before, after="", multiline="auto", language="python")


@pytest.mark.parametrize(
    ("language", "before", "text", "kept"),
    [
        pytest.param("c", "if (a)", " {\n  b;\n} else {\n  c;\n}\nd;\n", " {\n  b;\n} else {\n  c;\n}", id="C"),
        pytest.param("c", "if (a)", "\n{\n  b;\n}\nd;\n", "\n{\n  b;\n}", id="C, braces alone"),
        pytest.param("typescript", "f(", "() => {\n  a();\n});\nb();\n", "() => {\n  a();\n});", id="callback"),
        pytest.param("typescript", "a", "\n  .b()\n  .c();\nd();\n", "\n  .b()\n  .c();", id="chain"),
        pytest.param("typescript", "a", "\n.b()\n.c();\nd();\n", "\n.b()\n.c();", id="chain at the margin"),
        pytest.param("lua", "if a", " then\n  b()\nend\nc()\n", " then\n  b()\nend", id="Lua"),
        pytest.param("python", "x", " = 1\nend = 2\n", " = 1", id="end is a name"),
        pytest.param("html", "<p", ">\n  a\n</p>\n<p>\n", ">\n  a\n</p>", id="HTML"),
        pytest.param("shellscript", "if a", "; then\n  b\nfi\nc\n", "; then\n  b\nfi", id="shell"),
        pytest.param("typescript", "x()", ";\ndone();\n", ";", id="done is a name"),
        pytest.param("yaml", "a", ":\n- b\n- c\nd: 1\n", ":\n- b\n- c", id="list of YAML"),
        pytest.param("yaml", "- a", "\n- b\n- c\n", "\n- b", id="item of a list"),
        pytest.param("yaml", "  - a", "\nb: 1\n", "", id="what follows a list"),
        pytest.param("typescriptreact", "<", ">\n  <A />\n</>;\nb\n", ">\n  <A />\n</>;", id="fragment"),
        pytest.param("cpp", "A()", "\n: a(1)\n{}\nb\n", "\n: a(1)\n{}", id="initializers"),
        pytest.param("elixir", "a", "\n|> b()\n|> c()\nd\n", "\n|> b()\n|> c()", id="pipeline"),
        pytest.param("rust", "#[a", "]\nfn b() {\n  c\n}\nd\n", "]\nfn b() {\n  c\n}", id="attribute"),
        pytest.param(
            "go",
            "switch a",
            " {\ncase 1:\n\tb()\ndefault:\n\tc()\n}\nd()\n",
            " {\ncase 1:\n\tb()\ndefault:\n\tc()\n}",
            id="labels",
        ),
    ],
)
def test_auto_in_other_languages(language: str, before: str, text: str, kept: str) -> None:
    check_end(text, kept, "block", before=before, after="", multiline="auto", language=language)


@pytest.mark.parametrize(
    ("multiline", "before", "after", "text", "kept", "reason"),
    [
        pytest.param("never", "x", "", " = 1\ny", " = 1", "line", id="never: one line"),
        pytest.param("never", "x", "", "\n```\ny\n", "\n```\ny", "line", id="never: an empty line before a fence"),
        pytest.param("never", "x", "", "\ny\n", "", "line", id="never: the rest of the line is empty"),
        pytest.param("auto", "f(", ", key=b)", "a\n  c\n", "a", "line", id="words behind the cursor: one line"),
        pytest.param("auto", "f(", ")", "a,\n  c\n", "a,\n  c\n", None, id="a bracket behind the cursor: more"),
        pytest.param("always", "", "", "a\n\nb\nc\n\nd\n", "a\n\nb\nc\n\nd\n", None, id="always: all of it"),
        pytest.param("always", "", "", "x(1)\nx(1)\nx(1)\nx(1)\n", "x(1)", "repeated", id="a line three times"),
        pytest.param("always", "", "", "x\nx\ny\nx\nx\n", "x\nx\ny\nx\nx\n", None, id="a line twice"),
        pytest.param("always", "", "", "a\nx\ny\nx\ny\n\nx\ny\nz\n", "a\nx\ny", "repeated", id="two lines three times"),
        pytest.param("always", "", "", "{\n{\n{\n}\n}\n}\n", "{\n{\n{\n}\n}\n}\n", None, id="brackets may repeat"),
        pytest.param("always", "y", "", "x()\nyx()\nyx()\n", "x()", "repeated", id="with the line's beginning"),
        pytest.param("always", "", "\nreturn b\n", "a = 1\nreturn b\nc\n", "a = 1", "below", id="stands below"),
        pytest.param("always", "", "\nreturn b\n", "return b\n", "", "below", id="first line stands below"),
        pytest.param("always", "", "", "```\na\n```\nDone.\n", "```\na\n```\n", "fence", id="fence closed"),
        pytest.param("always", "", "", "x" * 250, "x" * 200, "length", id="too many characters in a line"),
        pytest.param("always", "", "", "a b\n" + "x" * 250, "a b", "length", id="too many characters"),
        pytest.param("always", "", "", "1\n2\n" * 25, "1\n2", "repeated", id="numbers repeat"),
    ],
)  # fmt: skip
def test_other_ends(multiline: Multiline, before: str, after: str, text: str, kept: str, reason: Reason | None) -> None:
    check_end(text, kept, reason, before=before, after=after, multiline=multiline, language="python")


def test_first_line_is_told_as_soon_as_it_is_complete() -> None:
    stop = rule("def add(a, b):\n    ")
    assert stop.feed("c = ") == Progress(text="c = ", complete="", first_line=False, done=False)
    assert stop.feed("a") == Progress(text="c = a", complete="", first_line=False, done=False)
    assert stop.feed("\n    re") == Progress(text="c = a\n    re", complete="c = a", first_line=True, done=False)
    assert stop.feed("turn") == Progress(text="c = a\n    return", complete="c = a", first_line=True, done=False)
    assert stop.feed(" c\n") == Progress(
        text="c = a\n    return c\n", complete="c = a\n    return c", first_line=True, done=False
    )
    assert stop.finish() == Progress(
        text="c = a\n    return c\n", complete="c = a\n    return c\n", first_line=True, done=True
    )


@pytest.mark.parametrize(
    ("before", "pieces", "told"),
    [
        pytest.param("", ["```py\n", "a\n"], [False, True], id="a fence is no line"),
        pytest.param("", ["Here is the code:\n", "\n", "a\n"], [False, False, True], id="a sentence is no line"),
        pytest.param("def a():", ["\n", "    b\n"], [False, True], id="an empty line is none"),
        pytest.param("", ["<|cursor|>\n", "a\n"], [False, True], id="a mark is no line"),
        pytest.param("".join(WRITTEN_AGAIN)[:-2], WRITTEN_AGAIN, [False, False, True], id="lines written again"),
        pytest.param("", ["a"], [False], id="a line without its end"),
        pytest.param("", ["a\r", "\nb"], [True, True], id="carriage return and line feed come apart"),
    ],
)  # fmt: skip
def test_what_is_no_first_line(before: str, pieces: list[str], told: list[bool]) -> None:
    stop = rule(before)
    assert [stop.feed(piece).first_line for piece in pieces] == told


def test_line_ends_that_come_apart_are_one() -> None:
    stop = rule(multiline="always")
    for piece in ("a\r", "\n", "b\r", "c"):
        stop.feed(piece)
    assert stop.finish().text == "a\nb\nc"


def test_nothing_changes_after_the_end() -> None:
    stop = rule("x = ", multiline="never")
    ended = stop.feed("1\n2\n")
    assert (ended.text, ended.done) == ("1", True)
    assert stop.feed("3\n") is ended
    assert stop.finish() is ended


def test_too_many_lines() -> None:
    stop = rule(multiline="always", max_lines=3)
    assert not stop.feed("1\n2\n").done
    ended = stop.feed("3\n4\n5")
    assert (ended.text, ended.done, ended.reason) == ("1\n2\n3", True, "length")


def test_an_empty_stream() -> None:
    assert rule().finish() == Progress(text="", complete="", first_line=True, done=True)


def test_feed_reports_the_end_with_the_delta_that_brings_it() -> None:
    stop = rule("if a")
    seen = [stop.feed(delta).done for delta in (":\n", "    b\n", "c", " = 1", "\n")]
    assert seen == [False, False, False, False, True]


def test_find_end_of_nothing() -> None:
    assert find_end([], Place.of("", "", "python"), "auto", complete=False) is None
    assert find_end([""], Place.of("", "", "python"), "auto", complete=False) is None

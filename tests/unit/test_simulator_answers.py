"""The simulator's answers: explanations from the code's outline, completions from the workspace's own text."""

from __future__ import annotations

import textwrap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cachewise.context.changes import Tracked
from cachewise.context.frames import frame
from cachewise.context.tail import CompletionTail, TailSpec, View, tail_of
from cachewise.simulator.answers import answer_to
from cachewise.simulator.continuation import continue_text
from cachewise.simulator.explanation import LABEL, explain_code
from cachewise.simulator.outline import Definition, outline
from cachewise.simulator.prompt import Prompt, PromptBlock
from cachewise.simulator.tails import Completion, Explanation, Nothing, read_tail, take_apart

MODULE = textwrap.dedent('''\
    """Reads settings."""

    import json


    class Settings:
        """What the user chose."""

        path: str
        depth: int = 3

        def load(self, name, *, strict=False):
            """Read one file. Then check it."""
            text = read_text(self.path, name)
            if not text:
                raise MissingFile(name)
            return json.loads(text)


    async def every(settings, /, *names, **more):
        for name in names:
            yield settings.load(name)
        return None
''')


def prompt(tail: str, *context: str) -> Prompt:
    blocks = [PromptBlock(role="system", text="Be brief.", opens_message=True)]
    blocks += [PromptBlock(role="user", text=text, opens_message=not i) for i, text in enumerate((*context, tail))]
    return Prompt(wire="openai", model="m", blocks=tuple(blocks), stream=True, max_tokens=None)


def view(text: str, start: int, end: int | None = None, *, frozen: str | None = None) -> View:
    tracked = Tracked(text if frozen is None else frozen)
    tracked.update(text)
    end = start if end is None else end
    lines = (0, len(tracked.told))
    return View(name="src/a.py", language="python", text=text, start=start, end=end, tracked=tracked, span=lines)


def asked(spec: CompletionTail | TailSpec, what: View, *context: str) -> str:
    return answer_to(prompt(tail_of(spec, what).text, *context))


def test_an_outline_of_python() -> None:
    load = Definition(
        kind="function",
        name="Settings.load",
        parameters=("name", "strict"),
        calls=("read_text", "json.loads"),
        raises=("MissingFile",),
        returns=("json.loads(text)",),
        summary="Read one file. Then check it.",
    )
    kept, method, every = outline(MODULE, "python")
    assert (kept.kind, kept.name, kept.parameters, kept.summary) == (
        "class",
        "Settings",
        ("path", "depth"),
        "What the user chose.",
    )
    assert method == load
    assert (every.name, every.parameters, every.calls) == ("every", ("settings", "names", "more"), ("settings.load",))


@pytest.mark.parametrize(
    ("language", "code", "name", "parameters", "calls", "raises", "returns"),
    [
        pytest.param(
            "python",
            "def broken(a, b: int = 1):\n    x = call(a)\n    raise Wrong(b)\n    return (x\n",
            "broken",
            ("a", "b"),
            ("call",),
            ("Wrong",),
            ("(x",),
            id="python-cut-off",
        ),
        pytest.param(
            "javascript",
            "export async function load(url, depth = 2) {\n  if (!url) throw new Missing(url);\n"
            "  return fetch(url);\n}",
            "load",
            ("url", "depth"),
            ("fetch",),
            ("Missing",),
            ("fetch(url)",),
            id="javascript",
        ),
        pytest.param(
            "typescript",
            "export const double = (n: number) => {\n  return twice(n);\n};",
            "double",
            ("n",),
            ("twice",),
            (),
            ("twice(n)",),
            id="arrow",
        ),
        pytest.param(
            "go",
            "func (s *Server) Run(port int) error {\n\treturn s.listen(port)\n}",
            "Run",
            ("port",),
            ("s.listen",),
            (),
            ("s.listen(port)",),
            id="go",
        ),
        pytest.param(
            "rust",
            "pub fn parse<T>(text: &str) -> T {\n    return text.trim();\n}",
            "parse",
            ("text",),
            ("text.trim",),
            (),
            ("text.trim()",),
            id="rust",
        ),
        pytest.param(
            "c",
            "static int add(int a, int b) {\n    return clamp(a + b);\n}",
            "add",
            ("a", "b"),
            ("clamp",),
            (),
            ("clamp(a + b)",),
            id="c",
        ),
        pytest.param("java", "public final class Point {\n  int x;\n}", "Point", (), (), (), (), id="java-class"),
    ],
)
def test_an_outline_of_other_code(
    language: str,
    code: str,
    name: str,
    parameters: tuple[str, ...],
    calls: tuple[str, ...],
    raises: tuple[str, ...],
    returns: tuple[str, ...],
) -> None:
    found = outline(code, language)[0]
    assert (found.name, found.parameters, found.calls, found.raises, found.returns) == (
        name,
        parameters,
        calls,
        raises,
        returns,
    )


def test_what_only_begins_at_the_end_of_a_selection_is_left_out() -> None:
    whole = 'class A:\n    """Kept."""\n\n    x: int\n'
    assert outline(whole + "\n\n@dataclass(frozen=True)\nclass B:\n", "python") == outline(whole, "python")
    assert outline(whole + "\n\n@dataclass\n", "python") == outline(whole, "python")


def test_an_explanation_reads_like_one() -> None:
    text = explain_code(MODULE, "python", "What does it\nraise?")
    assert text.startswith(LABEL + "\n\nYou asked: *What does it raise?*")
    assert f"These {MODULE.count(chr(10))} lines define 2 functions and 1 class." in text
    assert (
        "### `Settings.load(name, strict)`\n\nRead one file. Then check it. It takes `name` and `strict`. "
        "It calls `read_text` and `json.loads`. It raises `MissingFile` where that fails. "
        "It returns `json.loads(text)`." in text
    )


@pytest.mark.parametrize(
    ("code", "says"),
    [
        pytest.param("f = lambda: 1", "This is a piece of 1 line that defines nothing by itself.", id="no-definition"),
        pytest.param("def f(): g()", "This line defines 1 function.", id="one-line"),
        pytest.param("class A:\n  x: int\nclass B: pass", "These 3 lines define 2 classes.", id="classes"),
        pytest.param("\n".join(f"def f{n}(): g()" for n in range(20)), "8 more definitions follow.", id="many"),
        pytest.param("def f():\n" + "".join(f"  g{n}()\n" for n in range(9)), "`g5` and 3 more.", id="many-calls"),
        pytest.param("def f(): return '" + "x" * 99 + "'", "It returns `'" + "x" * 58 + "…`.", id="long"),
    ],
)
def test_an_overview(code: str, says: str) -> None:
    assert says in explain_code(code, "python", "")


@settings(deadline=None)
@given(st.text() | st.text(alphabet="def class(){}:=>\n\t returnx,`'\"\\"), st.sampled_from(["", "python", "go"]))
def test_any_code_is_explained_and_labelled(code: str, language: str) -> None:
    assert explain_code(code, language, "").startswith(LABEL)
    assert explain_code(code, language, "") == explain_code(code, language, "")


CONTEXT = frame("file", MODULE, {"name": "src/a.py", "lines": f"1-{MODULE.count(chr(10))}"})
LOAD = (MODULE.index("def load"), MODULE.index("async def") - 2)


@pytest.mark.parametrize(
    ("spec", "what", "says"),
    [
        pytest.param(TailSpec(), view(MODULE, *LOAD), "`load(name, strict)`", id="a-selection"),
        pytest.param(TailSpec(), view(MODULE, LOAD[0]), "`every(", id="a-cursor"),
        pytest.param(TailSpec(enclosing=LOAD), view(MODULE, LOAD[0] + 3), "`load(name, strict)`", id="a-definition"),
        pytest.param(
            TailSpec(kind="ask", question="Why json?"),
            view(MODULE, *LOAD),
            "You asked: *Why json?*",
            id="a-question",
        ),
        pytest.param(TailSpec(), view('x = "<|cursor|>"\n', 0, 16), LABEL, id="code-about-cursors"),
        pytest.param(TailSpec(kind="document"), view(MODULE, *LOAD), '"""Simulated doc', id="documentation"),
        pytest.param(TailSpec(kind="hover"), view(MODULE, *LOAD), "*Simulated.* `load", id="hover"),
    ],
)
def test_words_about_what_the_prompt_shows(spec: TailSpec, what: View, says: str) -> None:
    text = asked(spec, what, CONTEXT)
    assert says in text
    assert "imulated" in text.split("\n", 1)[0]


def test_a_long_selection_is_read_from_the_copy() -> None:
    body = "".join(f"    step_{n} = call_{n}(step_{n - 1})\n" for n in range(1, 80))
    text = f"def before():\n    pass\n\n\ndef long(step_0):\n{body}    return step_79\n"
    whole = frame("file", text, {"name": "src/a.py", "lines": f"1-{text.count(chr(10))}"})
    found = read_tail(prompt(tail_of(TailSpec(), view(text, text.index("def long"), len(text))).text, whole))
    assert isinstance(found, Explanation)
    assert found.code == text[text.index("def long") :]


def test_the_other_kinds_of_tail() -> None:
    warm = prompt(tail_of(TailSpec(kind="warm"), view(MODULE, 0)).text)
    assert read_tail(warm) == Nothing()
    assert answer_to(warm) == "ready"


@pytest.mark.parametrize(
    ("tail", "wanted"),
    [
        pytest.param("x = 1\ny = <|cursor|>\nz", Completion(before="x = 1\ny = ", after="\nz"), id="a-bare-cursor"),
        pytest.param(
            "<window>\nx = <|cursor|>\n</window>\nContinue.", Completion(before="x = ", after="\n"), id="in-a-frame"
        ),
        pytest.param(
            "Explain this.\n<code>\nx = '<|cursor|>'\n</code>\n",
            Explanation(task="explain", code="x = ''\n", language="", question=""),
            id="asked-for-words",
        ),
        pytest.param(
            "Question: why?\n```go\nfunc f() {}\n```\n",
            Explanation(task="explain", code="func f() {}\n", language="go", question="why?"),
            id="a-fence",
        ),
        pytest.param(
            "hello", Explanation(task="explain", code="hello", language="", question=""), id="a-bare-sentence"
        ),
    ],
)
def test_prompts_of_another_shape(tail: str, wanted: object) -> None:
    assert read_tail(prompt(tail)) == wanted


def test_a_completion_in_code_about_cursors() -> None:
    text = 'MARK = "<|cursor|>"\nother = MARK\n'
    found = read_tail(prompt(tail_of(CompletionTail(), view(text, text.index("other") + 5)).text))
    assert found == Completion(before='MARK = "<|cursor|>"\nother', after=" = MARK\n")


@pytest.mark.parametrize(
    ("before", "after", "context", "expected"),
    [
        pytest.param(
            "    if not text:\n        rai",
            "\n",
            [MODULE],
            "se MissingFile(name)",
            id="the-rest-of-a-statement",
        ),
        pytest.param(
            "def again(settings, *names):\n    for name in names:",
            "\n",
            [MODULE],
            "\n        yield settings.load(name)",
            id="the-block-that-a-line-opens",
        ),
        pytest.param(
            "result = call(",
            "",
            ["value = call(\n    one,\n    two,\n)\nrest = 1\n"],
            "\n    one,\n    two,\n)",
            id="to-the-closing-bracket",
        ),
        pytest.param(
            "function a() {\n  if (ready) {",
            "",
            ["function b() {\n  if (ready) {\n    go();\n  }\n  stop();\n}\n"],
            "\n    go();\n  }",
            id="to-the-closing-brace",
        ),
        pytest.param("total = su", "m(values)\n", ["first = sum(values)\n"], "\n", id="not-what-stands-there"),
        pytest.param("x = Sett", "", ["class Settings:\n    pass\n\nSettings()\n"], "ings", id="a-known-word"),
        pytest.param("def f(first, second):", "", [], "\n    return first", id="a-body"),
        pytest.param("value = 1\n", "", [], "print(value)", id="the-last-name"),
    ],
)
def test_completions(before: str, after: str, context: list[str], expected: str) -> None:
    assert continue_text(before, after, context) == expected


def test_a_completion_does_not_run_into_the_next_file() -> None:
    files = [frame("file", "import os\nvalue = compute(os)\n", {"name": n, "lines": "1-2"}) for n in ("a", "b")]
    text = "import os\nvalue = comp"
    found = asked(CompletionTail(), view(text, len(text), frozen=""), *files)
    assert found == "ute(os)"


@settings(deadline=None)
@given(st.text(), st.text(), st.lists(st.text(), max_size=3))
def test_there_is_always_a_completion(before: str, after: str, context: list[str]) -> None:
    found = continue_text(before, after, context)
    assert found
    assert found == continue_text(before, after, context)


@given(st.lists(st.tuples(st.sampled_from(["file", "change", "cursor"]), st.text()), max_size=4), st.text("abc \n"))
def test_frames_are_taken_apart_as_they_were_put_together(frames: list[tuple[str, str]], between: str) -> None:
    between = f"\n{between}\n"
    text = between + between.join(
        frame(kind, data, {"name": f'a "{i}"', "lines": "1-2"}) for i, (kind, data) in enumerate(frames)
    )
    found, outside = take_apart(text)
    assert [(each.kind, each.data) for each in found] == frames
    assert [each.attributes["name"] for each in found] == [f'a "{i}"' for i in range(len(frames))]
    assert "<" not in outside

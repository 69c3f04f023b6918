from __future__ import annotations

import pytest

from cachewise.shaping.fences import code_span
from cachewise.shaping.place import Place


def check(answer: str, code: str, *, before: str = "x = ", language: str = "python") -> None:
    start, end = code_span(answer, Place.of(before, "", language))
    assert answer[start:end] == code


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        pytest.param("a", "a", id="plain"),
        pytest.param("", "", id="empty"),
        pytest.param("\n\n  a\n", "\n\n  a\n", id="white space is kept"),
        pytest.param("```python\na\nb\n```", "a\nb", id="fence"),
        pytest.param("```\na\n```\n", "a", id="fence without a language"),
        pytest.param("~~~py\na\n~~~", "a", id="tildes"),
        pytest.param("````\na\n```\nb\n````", "a\n```\nb", id="longer fence"),
        pytest.param("```c++\na\n```", "a", id="language with signs"),
        pytest.param("\n\n  ```python\n  a\n  ```", "  a", id="indented fence"),
        pytest.param("```python\na\n```\nThat was it.\n```\nb\n```", "a", id="first fence of two"),
        pytest.param("```python\na\n", "a\n", id="open fence"),
        pytest.param("```python", "", id="only the opening"),
        pytest.param("```python\n```", "", id="empty fence"),
        pytest.param("a\n```\nThat was it.", "a", id="only the closing"),
        pytest.param("a\n    ```\nb", "a\n    ```\nb", id="indented mark in the code"),
        pytest.param("Sure!\na", "a", id="one word"),
        pytest.param("Here is the code:\n\n\na\n", "a\n", id="sentence"),
        pytest.param("Here\u2019s the rest.\n```py\na\n```", "a", id="typographic apostrophe"),
        pytest.param("Certainly! I'll do that.\nHere is the code:\n```py\na\n```", "a", id="two sentences"),
        pytest.param("Here is the code:\n", "", id="nothing but a sentence"),
        pytest.param("Here is", "Here is", id="half a sentence"),
        pytest.param("here = {1: 2}", "here = {1: 2}", id="code that begins with such a word"),
        pytest.param("Here is x = 1:", "Here is x = 1:", id="code in the sentence"),
        pytest.param('```py title="a.py"\na\n```', "a", id="fence with a title"),
        pytest.param("```py:src/a.py\na\n```", "a", id="fence with a path"),
        pytest.param("```py\na\n``` b\nc\n```", "a\n``` b\nc", id="text behind a mark does not close"),
        pytest.param("**Completion:**\n```py\na\n```", "a", id="bold"),
        pytest.param("I'm sorry, I can't do that.", "", id="excuse"),
        pytest.param("No completion needed.\n\nAsk again.\n", "", id="what follows an excuse"),
        pytest.param("It looks complete.\nOr so:\n```py\na\n```", "a", id="fence behind an excuse"),
        pytest.param("(no completion)", "", id="excuse in brackets"),
        pytest.param("[nothing, a]", "[nothing, a]", id="name in brackets"),
        pytest.param("it_looks = a", "it_looks = a", id="name that begins so"),
        pytest.param("nothing to.do()", "nothing to.do()", id="no sentence"),
        pytest.param("Here's the rest: `a`.", "a", id="sentence that ends with code"),
        pytest.param("`a`", "a", id="backticks"),
        pytest.param("```a```", "a", id="three backticks in one line"),
        pytest.param("`a` + `b`", "`a` + `b`", id="two pairs"),
        pytest.param("``", "``", id="only backticks"),
    ],
)
def test_in_code(answer: str, code: str) -> None:
    check(answer, code)


@pytest.mark.parametrize(
    ("answer", "code", "before", "language"),
    [
        pytest.param("`a`", "`a`", "x = ", "typescript", id="template literal"),
        pytest.param("`a`", "`a`", "See ", "markdown", id="code span of prose"),
        pytest.param("```sh\na\n```", "```sh\na\n```", "", "markdown", id="fence of prose"),
        pytest.param("```md\na\n```sh\nb\n```\nc\n```", "a\n```sh\nb\n```\nc", "", "markdown", id="nested fences"),
        pytest.param("```markdown\na\n```sh\nb\n```\n", "a\n```sh\nb\n```\n", "", "markdown", id="nested, still open"),
        pytest.param("```markdown\na", "a", "", "markdown", id="open wrapper"),
        pytest.param("```sh\na\n```", "a", "```sh\n", "markdown", id="in a code block"),
        pytest.param("Here is the list:\n- a", "Here is the list:\n- a", "", "markdown", id="sentence of prose"),
        pytest.param("Here is the list:", "Here is the list:", "# ", "python", id="sentence of a comment"),
        pytest.param("Here is it:\nx", "Here is it:\nx", '"""\n', "python", id="sentence of a docstring"),
        pytest.param("Of course.", "Of course.", 'x = "', "python", id="sentence of a string"),
        pytest.param("Here is it:\nx", "x", 'x = "', "python", id="sentence that is not all, in a string"),
        pytest.param("It looks up.", "It looks up.", "about: ", "yaml", id="sentence of a value"),
        pytest.param("Here is `a`", "Here is `a`", "<p>", "html", id="sentence of a text"),
    ],
)
def test_elsewhere(answer: str, code: str, before: str, language: str) -> None:
    check(answer, code, before=before, language=language)


@pytest.mark.parametrize(
    "answer",
    ["Here is the completion:\n\n```python\na = 1\nb = 2\n```\nDone.", "```\na = 1\nb = 2\n```", "a = 1\nb = 2"],
)
def test_complete_lines_of_a_growing_answer_are_only_added_to(answer: str) -> None:
    """What was recognised as code while streaming stays so."""
    place = Place.of("", "", "python")
    seen = ""
    for size in range(len(answer) + 1):
        start, end = code_span(answer[:size], place)
        if size and answer[size - 1] != "\n":
            continue
        code = answer[start:end]
        assert code.startswith(seen.rstrip("\n"))
        seen = code
    assert "a = 1" in seen or answer.endswith("b = 2")

from __future__ import annotations

import re

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from cachewise.shaping.fit import fit, inline_range
from cachewise.shaping.stop import Multiline, StopRule
from support.shaping_cases import all_cases

DOCUMENTS = sorted({(case.language, case.accepted.replace(case.eol, "\n")) for case in all_cases()})
LINES = [
    (language, text, start, start + len(line))
    for language, text in DOCUMENTS
    for line, start in ((found[0], found.start()) for found in re.finditer(r"[^\n]+", text))
    if line.strip()
]
modes = st.sampled_from(["auto", "never", "always"])
code_lines = st.sampled_from(
    ["a = 1", "    b()", "        c", "if a:", "    if b:", "else:", "}", ")", "end", "", "  ", "return a",
     "f(", "x)", "{", "```", "```python", "Here is the code:", "<|cursor|>", "- a", "😀 = 'e\u0301'", "\tb", "a",
     "a", "    return a"]
)  # fmt: skip


def ambiguous(before: str, middle: str, rest: str, below: str) -> bool:
    """Whether a line could also have been split by a model that writes something twice, or has white space alone.

    `fit` reads these as a model's mistakes, which they far more often are.
    """
    prefix = before.rpartition("\n")[2]
    typed = re.search(r"\w+\Z", prefix)
    body = middle.lstrip(" \t")
    line = prefix + middle + rest
    return (
        not body
        or "```" in line
        or bool(prefix.strip() and (middle + rest).lstrip(" \t").startswith(prefix.strip()))
        or bool(typed and middle.startswith(typed[0]))
        or (middle[0] in " \t" and (not prefix.strip() or prefix[-1] in " \t"))
        or (not rest.strip() and middle != middle.rstrip())
        or line.rstrip() == next((other.rstrip() for other in below.split("\n") if other.strip()), None)
    )


@settings(derandomize=True, max_examples=400)
@given(st.data(), st.sampled_from(LINES), modes)
def test_what_follows_the_cursor_is_never_written_twice(
    data: st.DataObject, line: tuple[str, str, int, int], multiline: Multiline
) -> None:
    """A real line, split in three: with the last part written again, the middle part is what is suggested."""
    language, text, start, end = line
    first = data.draw(st.integers(start, end - 1))
    second = data.draw(st.integers(first + 1, end))
    before, middle, rest, below = text[:first], text[first:second], text[second:end], text[end:]
    assume(not ambiguous(before, middle, rest, below))
    fitted = fit(middle + rest, before, rest + below, multiline=multiline, language=language, eol="\n")
    assert fitted == middle
    assert before + fitted + rest + below == text


def test_every_split_of_every_line_of_some_documents() -> None:
    wanted = refused = 0
    for language, text, start, end in LINES[::7]:
        for first in range(start, end):
            for second in range(first + 1, end + 1):
                before, middle, rest, below = text[:first], text[first:second], text[second:end], text[end:]
                if ambiguous(before, middle, rest, below):
                    refused += 1
                    continue
                wanted += 1
                fitted = fit(middle + rest, before, rest + below, multiline="auto", language=language, eol="\n")
                assert fitted == middle, (before, middle, rest)
    assert wanted > 3 * refused > 0


@settings(derandomize=True, max_examples=400)
@given(
    st.lists(code_lines, max_size=12),
    st.lists(code_lines, max_size=4),
    st.lists(code_lines, max_size=4),
    modes,
    st.data(),
)
@example(["a = 1", "```", "more"], [""], [""], "auto", None)
def test_reading_a_stream_gives_what_the_whole_answer_gives(
    answer: list[str], above: list[str], below: list[str], multiline: Multiline, data: st.DataObject | None
) -> None:
    raw, before, after = "\n".join(answer), "\n".join(above), "\n".join(["", *below])
    size = 3 if data is None else data.draw(st.integers(1, 30))
    stop = StopRule(before, after, multiline=multiline, language="python")
    for at in range(0, len(raw), size):
        if stop.feed(raw[at : at + size]).done:
            break
    text = stop.finish().text

    def fitted(answer_text: str) -> str:
        return fit(answer_text, before, after, multiline=multiline, language="python", eol="\n")

    assert fitted(text) == fitted(raw)


@given(
    st.text(alphabet="ab \t\n\r`<|>.:(){}\"'#-\u0301😀\u2028"),
    st.text(),
    st.text(),
    modes,
    st.sampled_from(["python", "c", "markdown", ""]),
)
def test_any_text_is_taken(raw: str, before: str, after: str, multiline: Multiline, language: str) -> None:
    fitted = fit(raw, before, after, multiline=multiline, language=language, eol="\r\n")
    assert fitted == "" or fitted.strip()
    assert not re.search(r"(?<!\r)\n|\r(?!\n)", fitted)
    assert 0 <= inline_range(fitted, before) <= len(before)
    if multiline == "never":
        assert "\n" not in fitted


@pytest.mark.parametrize(
    ("text", "before", "size"),
    [
        pytest.param("x", "", 0, id="nothing before"),
        pytest.param("me", "name", 0, id="goes on"),
        pytest.param("getName()", "x = getname", 7, id="other case"),
        pytest.param("getName()", "x = GET", 3, id="the beginning in other case"),
        pytest.param("GET", "x = get", 3, id="all of it"),
        pytest.param("getname()", "x = getname", 0, id="the same letters are for fit"),
        pytest.param("Xy", "x = x", 0, id="one letter is too little"),
        pytest.param("12", "x = 12", 0, id="digits"),
        pytest.param("__A", "__", 0, id="underscores"),
        pytest.param("café", "cafe", 4, id="accent in one character"),
        pytest.param("cafe\u0301", "cafe", 4, id="accent of its own"),
        pytest.param("cafe", "cafe\u0301", 5, id="without the accent"),
        pytest.param("other", "name", 0, id="another word"),
        pytest.param("nam", "name", 0, id="shorter"),
        pytest.param("name", "Name ", 0, id="a space between"),
        pytest.param("NAME", "a\nna", 2, id="never more than the line's word"),
    ],
)
def test_inline_range(text: str, before: str, size: int) -> None:
    assert inline_range(text, before) == size


@pytest.mark.parametrize(
    ("raw", "before", "after", "fitted"),
    [
        pytest.param("", "x = ", "", "", id="empty"),
        pytest.param(" \n\t\n", "x = ", "", "", id="white space"),
        pytest.param("x = ", "x = ", "", "", id="only the line again"),
        pytest.param(")", "f(", ")", "", id="only the rest again"),
        pytest.param("```\n```", "x = ", "", "", id="empty fence"),
        pytest.param("<|cursor|>", "x = ", "", "", id="only the mark"),
        pytest.param("Sure!", "x = ", "", "", id="only a sentence"),
        pytest.param("1\n2\n3", "x = ", "", "1", id="the statement"),
    ],
)
def test_nothing_is_left(raw: str, before: str, after: str, fitted: str) -> None:
    assert fit(raw, before, after, multiline="auto", language="python", eol="\n") == fitted


def test_max_lines() -> None:
    raw = "".join(f"f({n})\n" for n in range(9))
    assert fit(raw, "", "", multiline="always", language="python", eol="\r\n", max_lines=3) == "f(0)\r\nf(1)\r\nf(2)"


def test_a_long_document_is_no_more_work_than_its_window() -> None:
    before, after = "x = 1\n" * 50_000 + "y = ", "\nz = 2" * 50_000
    assert fit("3", before, after, multiline="auto", language="python", eol="\n") == "3"
    assert fit("3", before[-4000:], after[:4000], multiline="auto", language="python", eol="\n") == "3"

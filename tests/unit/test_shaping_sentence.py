"""The first sentence of what a model wrote: one line of plain text, whatever the model wrote."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cachewise.shaping.sentence import first_sentence


@pytest.mark.parametrize(
    ("markdown", "sentence"),
    [
        pytest.param("It adds two numbers. Then it ends.", "It adds two numbers.", id="sentence"),
        pytest.param("# Doubling\n\nIt **doubles** a `number`,\nby two.", "It doubles a number, by two.", id="markup"),
        pytest.param("## Doubling\nIt doubles.", "It doubles.", id="heading-without-a-gap"),
        pytest.param("Doubling\n========\n\nIt doubles.", "Doubling", id="underlined-heading"),
        pytest.param("It takes e.g. a number. It ends.", "It takes e.g. a number.", id="abbreviation"),
        pytest.param("Version 1.5 of it. Next.", "Version 1.5 of it.", id="number"),
        pytest.param("Is it old? Yes.", "Is it old?", id="question"),
        pytest.param("See [the docs](https://x.y/z) for more.", "See the docs for more.", id="link"),
        pytest.param("Calls __init__ and my_name * 2.", "Calls __init__ and my_name * 2.", id="names-stay"),
        pytest.param("A <b>bold</b> claim.", "A bold claim.", id="html"),
        pytest.param("no end", "no end", id="no-end"),
        pytest.param("\x1b[31mRed\x07 text.", "[31mRed text.", id="controls"),
        pytest.param("", "", id="empty"),
        pytest.param("***\n\n---\n\n```\n", "", id="only-marks"),
        pytest.param("word " * 40, " ".join(["word"] * 19) + "…", id="long"),
        pytest.param("x" * 300, "x" * 99 + "…", id="one-long-word"),
    ],
)
def test_first_sentence(markdown: str, sentence: str) -> None:
    assert first_sentence(markdown) == sentence


@given(st.text())
def test_it_is_one_short_printable_line(markdown: str) -> None:
    found = first_sentence(markdown)
    assert len(found) <= 100
    assert found == found.strip()
    assert found.isprintable()

"""Copies of one file: what their frames say, and how much of a new copy would begin as the old one did."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cachewise.context.copies import File
from cachewise.context.rent import Ratios
from cachewise.context.tail import CompletionTail
from cachewise.context.tokens import byte_length
from support.contexts import Desk, file_blocks, lines, snapshot, traits
from support.prompts import frames_of, rebuild

AUTOMATIC = traits("automatic", ttls=())


def held(text: str) -> File:
    file = File(key="main.py", name="main.py", path=None, text=text, open=True)
    file.freeze()
    return file


def now(file: File, text: str) -> None:
    """The file becomes this, and its copy follows."""
    file.text = text
    file.follow(is_current=True)


def test_only_a_part_names_its_lines() -> None:
    file = held(lines(20))
    assert frames_of(file.framed)[0][0].attributes == {"name": "main.py"}
    file.freeze((5, 9))
    assert frames_of(file.framed)[0][0].attributes == {"name": "main.py", "lines": "6-9"}


def test_the_id_of_a_frame_stays_until_it_stands_in_the_text() -> None:
    file = held(lines(20))
    first = file.identity
    now(file, lines(30))
    file.freeze()
    assert file.identity == first
    now(file, lines(30) + f"</file {first}>\n")
    file.freeze()
    assert file.identity != first
    assert frames_of(file.framed)[0][0].data == file.text


@pytest.mark.parametrize(
    ("text", "told", "expected"),
    [
        pytest.param(lines(20), 0, 1.0, id="nothing changed"),
        pytest.param(lines(20).replace("00015", "x"), 0, 0.75, id="one place"),
        pytest.param(lines(20).replace("00015", "x").replace("00005", "x"), 0, 0.25, id="the first of two"),
        pytest.param(lines(20).replace("00015", "x").replace("00005", "x"), 1, 0.25, id="the second is told"),
        pytest.param(lines(20).replace("00015", "x").replace("00005", "x"), 2, 0.25, id="both are told"),
        pytest.param(lines(20) + "more\n", 0, 1.0, id="lines at the end"),
        pytest.param("new\n" + lines(20), 1, 0.0, id="lines at the start"),
    ],
)
def test_what_a_new_copy_would_begin_with(text: str, told: int, expected: float) -> None:
    file = held(lines(20))
    now(file, text)
    assert file.copy is not None
    for region in file.copy.regions[::-1][:told]:
        file.tell(region)
    assert file.unchanged == expected


def test_of_a_part_nothing_is_sure_to_stay() -> None:
    file = held(lines(20))
    file.freeze((2, 9))
    assert file.unchanged == 0.0


@given(st.lists(st.tuples(st.integers(0, 25), st.sampled_from(("x\n", "", "y\ny\n"))), max_size=6), st.integers(0, 63))
def test_a_new_copy_begins_with_what_was_said(edits: list[tuple[int, str]], told: int) -> None:
    """After any edits, some of them told by the journal: the old copy and the new one share those lines at least."""
    file = held(lines(20))
    before = file.framed
    for number, (line, text) in enumerate(edits):
        rows = file.text.splitlines(keepends=True)
        now(file, "".join([*rows[:line], text, *rows[line + 1 :]]))
        if told & 1 << number and file.copy is not None and file.copy.regions:
            file.tell(file.copy.regions[-1])
    share = file.unchanged
    size = file.size_anew
    file.freeze()
    common = len(before.splitlines(keepends=True)[: 1 + round(share * 20)])
    assert file.framed.splitlines()[: common - 1] == before.splitlines()[: common - 1]
    assert 0 <= size - byte_length(file.framed) <= len(" noeol\n") + 8


def test_a_restated_copy_counts_from_the_edits_that_are_left() -> None:
    file = held(lines(20))
    now(file, lines(20).replace("00015", "x").replace("00005", "x"))
    assert file.copy is not None
    edits = [file.tell(region) for region in file.copy.regions[::-1]]
    file.restate(edits[:1])
    file.follow(is_current=True)
    assert file.unchanged == 0.25, "the other one is a change beyond the journal again"
    now(file, lines(20).replace("00015", "x"))
    assert file.unchanged == 0.75


@pytest.mark.parametrize(
    ("line", "sooner"),
    [
        pytest.param("00390", True, id="near the end: most of the new copy is read, so it is soon taken"),
        pytest.param("00002", False, id="at the start: all of it has to be written"),
    ],
)
def test_where_prefixes_are_found_by_tokens_a_copy_costs_what_is_behind_its_first_change(
    line: str, sooner: bool
) -> None:
    """A change of one line is read for nothing with each request until a new copy is worth its price."""
    ratios = Ratios(read=0.25, write=1.0)
    text = lines(400, "main")
    desk = Desk(style=AUTOMATIC)

    def ask(text: str) -> list[str]:
        plan = desk.context.plan(
            snapshot("main.py", text, len(text) // 2), [], CompletionTail(), desk.traits, 24_000, ratios=ratios
        )
        assert rebuild(plan, "main.py") == text
        return file_blocks(plan)

    assert ask(text) == ["file main.py"]
    edited = text.replace(line, "changed")
    assert ask(edited) == ["file main.py", "journal 1 of main.py"]
    after = next((n for n in range(60) if ask(edited) == ["file main.py"]), 60)
    assert (after < 60) is sooner

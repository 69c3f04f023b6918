"""Places that were visited: what of them is offered, and that it moves nothing."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import pytest

from cachewise.context.exclude import Exclusions
from cachewise.context.gather import Gatherer
from cachewise.context.pieces import Piece
from cachewise.context.visited import LONGEST, STEP, part_around
from cachewise.model.plan import PromptPlan
from cachewise.model.snapshot import Snapshot
from support.contexts import Desk, big, file_blocks, lines, piece, prefix_texts, snapshot

MAIN = lines(100, "main")
FILE = lines(200, "f")


@pytest.mark.parametrize(
    ("line", "first"), [(0, 0), (STEP - 1, 0), (STEP, 0), (2 * STEP, STEP), (100, 80), (199, 176), (10_000, 176)]
)
def test_the_part_around_a_line(line: int, first: int) -> None:
    start, part = part_around(FILE, line)
    assert start == first
    assert part == "".join(FILE.splitlines(keepends=True)[first : first + 3 * STEP])


@pytest.mark.parametrize("text", ["", "x", "\n\n", "a\r\nb", "long " * 1_000 + "\n" + "y\n"])
def test_parts_of_odd_texts(text: str) -> None:
    start, part = part_around(text, 1)
    assert start == 0
    assert text.startswith(part)
    assert len(part) <= LONGEST


def visited(name: str, first: int = 0) -> Piece:
    text = "".join(lines(200, name).splitlines(keepends=True)[first : first + 48])
    key = f"{name}.py\0{first}"
    return Piece(
        name=f"{name}.py (lines {first + 1}-{first + 48})", text=text, path=None, key=key, part_of=f"{name}.py"
    )


def ask(desk: Desk, *pieces: Piece, cold: bool = False, name: str = "main.py") -> PromptPlan:
    return desk.ask(snapshot(name, MAIN, 900), pieces, cold=cold)


def test_a_place_is_shared_context_behind_the_files() -> None:
    plan = ask(Desk(), big("a"), visited("b"), visited("c", 16))
    assert file_blocks(plan)[0] == "file a.py"
    assert "b.py (lines 1-48)" in file_blocks(plan)[1]
    assert "number 00016" in "".join(prefix_texts(plan))


@pytest.mark.parametrize("order", [0, 1])
def test_a_place_in_a_file_that_is_there_whole_is_left_out(order: int) -> None:
    pieces = [piece("a.py", lines(250, "a")), visited("a")]
    plan = ask(Desk(), *(pieces if order == 0 else [pieces[0], big("b"), pieces[1]]))
    assert not any("lines 1-48" in name for name in file_blocks(plan))
    later = Desk()
    ask(later, pieces[0])
    assert not any("lines 1-48" in name for name in file_blocks(ask(later, *pieces)))


def test_a_place_in_the_current_document_is_left_out() -> None:
    assert file_blocks(ask(Desk(), visited("main"))) == ["file main.py"]


def test_a_place_has_room_where_imports_have_none() -> None:
    imports = [replace(big(name), open=False) for name in "abcdef"]
    plan = ask(Desk(max_tokens=6_000), *imports, piece("w.py", lines(3_000, "w")), visited("w", 32))
    assert any("w.py (lines 33-80)" in name for name in file_blocks(plan))
    assert "f.py" not in "".join(file_blocks(plan))


def test_new_places_are_appended_and_old_ones_stay_until_it_is_cold() -> None:
    desk = Desk()
    plans = [ask(desk, big("a"), visited(name)) for name in "bcde"]
    for before, after in itertools.pairwise(plans):
        assert after.moved is None
        assert prefix_texts(after)[: len(before.prefix)] == prefix_texts(before)
    names = "".join(file_blocks(ask(desk, big("a"), visited("e"), cold=True)))
    assert "e.py (lines" in names
    assert "b.py (lines" not in names


def test_an_edit_at_a_place_is_told() -> None:
    desk = Desk()
    ask(desk, visited("b"))
    edited = visited("b")
    edited = replace(edited, text=edited.text.replace("b number 00003", "canary number 00003"))
    plan = ask(desk, edited)
    assert plan.moved is None
    assert "canary" in plan.blocks[-2].text


# Gathering


def shot(folder: Path, name: str, text: str) -> Snapshot:
    path = folder / name
    return replace(snapshot(name, text), path=str(path), folder=str(folder), uri=path.as_uri())


async def places(tmp_path: Path, at: list[tuple[str, int]], *opened: Snapshot) -> list[Piece]:
    gatherer = Gatherer(Exclusions(str(tmp_path)))
    here = [(str(tmp_path / name), line) for name, line in at]
    found = await gatherer.gather(shot(tmp_path, "main.py", MAIN), opened, visited=here)
    return [piece for piece in found if piece.part_of]


async def test_places_are_read_from_the_editor_or_the_disk(tmp_path: Path) -> None:
    for name in ("open.py", "closed.py"):
        (tmp_path / name).write_text(FILE)
    shown = shot(tmp_path, "open.py", FILE.replace("f number", "shown number"))
    first, second = await places(tmp_path, [("open.py", 100), ("closed.py", 3)], shown)
    assert (first.name, first.part_of, first.path) == ("open.py (lines 81-128)", "open.py", None)
    assert first.text.startswith("shown number 00080")
    assert (second.name, second.text) == ("closed.py (lines 1-48)", part_around(FILE, 3)[1])


async def test_what_may_not_be_read_is_no_place(tmp_path: Path) -> None:
    for name in (".env", "ignored.py", "main.py", "blank.py", "big.py"):
        (tmp_path / name).write_text(FILE)
    (tmp_path / ".gitignore").write_text("ignored.py\n")
    (tmp_path / "blank.py").write_text("\n \n")
    (tmp_path / "big.py").write_text("x = 1\n" * 100_000)
    (tmp_path.parent / "outside.py").write_text(FILE)
    names = [".env", "ignored.py", "main.py", "blank.py", "big.py", "missing.py", "../outside.py"]
    assert await places(tmp_path, [(name, 1) for name in names]) == []


async def test_three_places_at_most(tmp_path: Path) -> None:
    for number in range(6):
        (tmp_path / f"m{number}.py").write_text(FILE)
    found = await places(tmp_path, [(f"m{number}.py", 5) for number in range(6)])
    assert [piece.part_of for piece in found] == ["m0.py", "m1.py", "m2.py"]

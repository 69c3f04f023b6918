from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from cachewise.context import memory
from cachewise.context.exclude import Exclusions
from cachewise.context.gather import Gatherer
from cachewise.context.pieces import Piece
from cachewise.context.reading import read_text
from cachewise.faults import RequestFailed
from support.gathering import document, four_files, gatherer_for, names


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return four_files(tmp_path / "ws")


async def test_order_is_open_documents_then_imports_then_what_is_kept(folder: Path) -> None:
    current = document(folder, "main.py", "import two\nimport one\nimport two\n")
    tab = document(folder, "tab.py", "import three\nimport one\n")
    pieces = await gatherer_for(folder).gather(current, [current, tab], [str(folder / "four.py")])
    assert names(pieces) == ["tab.py", "two.py", "one.py", "three.py", "four.py"]
    assert [piece.open for piece in pieces] == [True, False, False, False, False]
    assert pieces[1] == Piece(name="two.py", text="# two\n", path=str(folder / "two.py"))


async def test_a_test_and_its_implementation_come_with_one_another(folder: Path) -> None:
    (folder / "tests").mkdir()
    (folder / "tests" / "test_one.py").write_text("# test of one\n")
    gatherer = gatherer_for(folder)
    one = document(folder, "one.py", "import two\n")
    assert names(await gatherer.gather(one, [])) == ["two.py", "tests/test_one.py"]
    tested = document(folder, "tests/test_one.py", "")
    assert names(await gatherer.gather(tested, [])) == ["one.py"]
    main = document(folder, "main.py", "import three\n")
    assert names(await gatherer.gather(main, [one])) == ["one.py", "three.py", "two.py", "tests/test_one.py"]
    assert names(await gatherer.direct().gather(one, [])) == ["two.py"], "an answer does not depend on it"
    assert names(await gatherer_for(folder, "tests/**").gather(one, [])) == ["two.py"]


async def test_of_an_open_document_the_editor_s_text_counts(folder: Path) -> None:
    current = document(folder, "main.py", "import one\n")
    tab = document(folder, "one.py", "# edited\n")
    pieces = await gatherer_for(folder).gather(current, [tab], [str(folder / "one.py")])
    assert [(piece.name, piece.text) for piece in pieces] == [("one.py", "# edited\n")]


async def test_the_current_document_is_no_piece(folder: Path) -> None:
    current = document(folder, "one.py", "import one\nimport two\n")
    pieces = await gatherer_for(folder).gather(current, [current], [str(folder / "one.py")])
    assert names(pieces) == ["two.py"]


async def test_what_is_excluded_stays_out_also_when_open(folder: Path, tmp_path: Path) -> None:
    (folder / ".gitignore").write_text("ignored.py\n")
    (folder / "ignored.py").write_text("# ignored\n")
    (tmp_path / "outside.py").write_text("# outside\n")
    current = document(folder, "main.py", "import ignored\nimport two\n")
    tabs = [
        document(folder, "ignored.py", "import three\n"),
        document(folder, "two.py", "# two\n"),
        document(tmp_path, "outside.py", "# outside\n"),
        document(folder, ".env", "KEY=1\n"),
        document(None, ".env", "KEY=1\n"),
        document(None, "Untitled-1", "scratch\n"),
    ]
    pieces = await gatherer_for(folder, "two.py").gather(current, tabs, [str(tmp_path / "outside.py"), "../outside.py"])
    assert names(pieces) == ["Untitled-1"]


async def test_outside_of_every_folder_nothing_is_read(folder: Path) -> None:
    current = document(None, "main.py", "import one\n")
    pieces = await Gatherer(None).gather(current, [document(None, "notes", "text")], [str(folder / "one.py")])
    assert names(pieces) == ["notes"]


async def test_a_minified_document_in_a_tab_is_no_context(folder: Path) -> None:
    tabs = [document(folder, "app.min.js", "x=1;" * 2_000, "javascript")]
    assert await gatherer_for(folder).gather(document(folder, "main.py", ""), tabs) == ()


async def test_a_slow_disk_is_not_waited_for(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last pieces serve, with open documents as they are now; the next request gets the fresh ones."""
    gatherer = Gatherer(Exclusions(str(folder)), deadline=0.05)
    current = document(folder, "main.py", "import one\n")
    tab = document(folder, "two.py", "# first\n")
    gate = threading.Event()
    gate.set()

    def slow(path: str) -> str | None:
        gate.wait(20)
        return read_text(path)

    monkeypatch.setattr(memory, "read_text", slow)
    monkeypatch.setattr(gatherer, "_deadline", 20.0)
    assert names(await gatherer.gather(current, [tab])) == ["two.py", "one.py"]

    gate.clear()
    (folder / "one.py").write_text("# one, longer\n")
    monkeypatch.setattr(gatherer, "_deadline", 0.05)
    late = await gatherer.gather(current, [document(folder, "two.py", "# second\n")])
    assert [(piece.name, piece.text) for piece in late] == [("two.py", "# second\n"), ("one.py", "# one\n")]
    later = await gatherer.gather(document(folder, "one.py", ""), [])
    assert later == (), "the current document and closed ones are no pieces"

    gate.set()
    monkeypatch.setattr(gatherer, "_deadline", 20.0)
    fresh = await gatherer.gather(current, [tab])
    assert [piece.text for piece in fresh] == ["# first\n", "# one, longer\n"]
    await gatherer.aclose()


async def test_requests_at_once_share_the_memory_safely(folder: Path) -> None:
    gatherer = gatherer_for(folder)
    wanted = [document(folder, f"m{n}.py", f"import {name}\n") for n, name in enumerate(["one", "two", "three"] * 5)]
    found = await asyncio.gather(*(gatherer.gather(current, []) for current in wanted))
    assert [names(pieces) for pieces in found] == [["one.py"], ["two.py"], ["three.py"]] * 5


async def test_a_cancelled_request_leaves_the_gatherer_working(folder: Path) -> None:
    gatherer = gatherer_for(folder)
    current = document(folder, "main.py", "import one\n")
    task = asyncio.create_task(gatherer.gather(current, []))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert names(await gatherer.gather(current, [])) == ["one.py"]
    await gatherer.aclose()


async def test_a_link_to_a_secret_is_refused_as_the_current_document(folder: Path) -> None:
    (folder / ".env").write_text("KEY=1\n")
    (folder / "notes.txt").symlink_to(folder / ".env")
    gatherer = gatherer_for(folder)
    with pytest.raises(RequestFailed, match="secrets"):
        await gatherer.gather(document(folder, "notes.txt", "KEY=1\n"), [])
    assert names(await gatherer.gather(document(folder, "main.py", "import one\n"), [])) == ["one.py"]


async def test_files_beside_fill_up_what_is_missing(folder: Path) -> None:
    (folder / "deep").mkdir()
    (folder / "deep" / "other.py").write_text("# other\n")
    (folder / "deep" / "note.txt").write_text("no Python\n")
    (folder / "deep" / ".gitignore").write_text("ignored.py\n")
    (folder / "deep" / "ignored.py").write_text("# ignored\n")
    (folder / "deep" / "link.py").symlink_to(folder / "one.py")
    current = document(folder, "deep/main.py", "import other\n")
    gatherer = gatherer_for(folder)
    assert names(await gatherer.gather(current, [])) == ["deep/other.py"]
    (folder / "deep" / "main.py").write_text("import other\n")
    some = await gatherer.gather(current, [], [str(folder / "three.py")], fill=1)
    assert [(p.name, p.beside, p.kept) for p in some] == [
        ("deep/other.py", False, False),
        ("four.py", True, False),
        ("three.py", False, True),
    ]
    every = await gatherer.gather(current, [], [str(folder / "three.py")], fill=10_000)
    assert names(every) == ["deep/other.py", "four.py", "one.py", "three.py", "two.py"]


async def test_nothing_lies_beside_a_document_that_is_no_file_of_the_folder(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere.py").write_text("# elsewhere\n")
    for current in (document(None, "new.py", "x = 1\n"), document(tmp_path, "main.py", "x = 1\n")):
        assert await gatherer_for(folder).gather(current, [], fill=10_000) == ()
    bare = document(folder, "Makefile", "all:\n")
    assert await gatherer_for(folder).gather(bare, [], fill=10_000) == ()

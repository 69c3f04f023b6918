"""Reading files, and what is remembered of them from request to request."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from cachewise.context import memory
from cachewise.context.imports import imported_files
from cachewise.context.reading import LARGEST_FILE, fit, read_text
from cachewise.context.statements import Statements
from cachewise.syntax import imports, trees
from support.gathering import document, four_files, gatherer_for, names


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return four_files(tmp_path / "ws")


@pytest.mark.parametrize(
    ("data", "text"),
    [
        pytest.param(b"plain\r\nlines\r", "plain\r\nlines\r", id="line ends stay"),
        pytest.param("é\n".encode(), "é\n", id="UTF-8"),
        pytest.param(b"\xef\xbb\xbfa\n", "a\n", id="byte order mark goes"),
        pytest.param(b"", "", id="empty"),
        pytest.param(b"a\0b", None, id="binary"),
        pytest.param(b"\xff\xfea", None, id="not UTF-8"),
        pytest.param(b"x" * LARGEST_FILE + b"\n", None, id="too large"),
        pytest.param(b"x=1;" * 2_000, None, id="minified"),
        pytest.param(b"x=1;\n" * 2_000, "x=1;\n" * 2_000, id="long but not minified"),
    ],
)
def test_read_text(tmp_path: Path, data: bytes, text: str | None) -> None:
    path = tmp_path / "file"
    path.write_bytes(data)
    assert read_text(str(path)) == text


def test_reads_only_regular_files(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    os.mkfifo(tmp_path / "pipe")
    assert [read_text(str(tmp_path / name)) for name in ("link", "pipe", ".", "missing")] == [None] * 4


@pytest.mark.parametrize(
    ("text", "useful"),
    [("", True), ("a" * 1_999, True), ("a" * 2_001, False), ("a\0", False), ("a\n" * LARGEST_FILE, False)],
    ids=["empty", "one line", "one long line", "binary", "huge"],
)
def test_fit(text: str, useful: bool) -> None:
    assert fit(text) is useful


async def test_unchanged_files_are_not_read_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def counted(path: str) -> str | None:
        read.append(os.path.basename(path))
        return read_text(path)

    monkeypatch.setattr(memory, "read_text", counted)
    current = document(folder, "main.py", "import one\nimport two\n")
    gatherer = gatherer_for(folder)
    first = await gatherer.gather(current, [])
    assert await gatherer.gather(current, []) == first
    assert read == ["one.py", "two.py"]
    (folder / "one.py").write_text("# one, longer\n")
    assert (await gatherer.gather(current, []))[0].text == "# one, longer\n"
    assert read == ["one.py", "two.py", "one.py"]
    (folder / "one.py").unlink()
    assert names(await gatherer.gather(current, [])) == ["two.py"]


async def test_imports_of_other_documents_are_looked_for_again_only_when_they_changed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched: list[str] = []

    def counted(path: str, language: str, text: str, root: str, statements: Statements) -> tuple[str, ...]:
        searched.append(os.path.basename(path))
        return imported_files(path, language, text, root, statements)

    monkeypatch.setattr(memory, "imported_files", counted)
    gatherer = gatherer_for(folder)
    current, tab = document(folder, "main.py", "import one\n"), document(folder, "tab.py", "import two\n")
    for _ in range(3):
        assert names(await gatherer.gather(current, [tab])) == ["tab.py", "one.py", "two.py"]
    assert searched == ["main.py", "tab.py", "main.py", "main.py"]
    tab = document(folder, "tab.py", "import two\nimport three\n")
    assert names(await gatherer.gather(current, [tab]))[-1] == "three.py"
    monkeypatch.setattr(memory, "_IMPORTS_KEPT", 0.0)
    await gatherer.gather(current, [tab])
    assert searched[4:] == ["main.py", "tab.py", "main.py", "tab.py"]


async def test_texts_are_parsed_in_a_thread_and_again_only_for_an_import(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed: list[threading.Thread] = []
    parse = trees.parse

    def counted(data: bytes, language: str) -> object:
        parsed.append(threading.current_thread())
        return parse(data, language)

    monkeypatch.setattr(imports, "parse", counted)
    gatherer, text = gatherer_for(folder), "import one  # only here\n" + "x = 1\n" * 1_000
    for typed in ("", "y", "y =", "y = (", "y = (2"):
        assert names(await gatherer.gather(document(folder, "main.py", text + typed), [])) == ["one.py"]
    assert len(parsed) == 1
    text = "import two\n" + text
    assert names(await gatherer.gather(document(folder, "main.py", text), [])) == ["two.py", "one.py"]
    assert len(parsed) == 2
    assert threading.main_thread() not in parsed


async def test_what_changed_outside_is_read_again_whatever_its_age_says(folder: Path) -> None:
    gatherer, current = gatherer_for(folder), document(folder, "main.py", "import one\nimport two\n")
    await gatherer.gather(current, [])
    for name in ("one", "two"):
        path = folder / f"{name}.py"
        age = path.stat()
        path.write_text(path.read_text().upper())
        os.utime(path, ns=(age.st_atime_ns, age.st_mtime_ns))
    assert [piece.text for piece in await gatherer.gather(current, [])] == ["# one\n", "# two\n"]
    (folder.parent / "linked").symlink_to(folder)
    gatherer.changed_outside([str(folder.parent / "linked" / "one.py"), str(folder / "no.py")], names=False)
    assert [piece.text for piece in await gatherer.gather(current, [])] == ["# ONE\n", "# two\n"]
    for start in range(0, 100_000, 50):  # a build that makes files, and nobody asks for anything meanwhile
        gatherer.changed_outside([str(folder / f"branch{n}.py") for n in range(start, start + 50)], names=True)
    assert [piece.text for piece in await gatherer.gather(current, [])] == ["# ONE\n", "# TWO\n"]


async def test_a_file_that_came_is_an_import_of_a_quiet_document_at_once(folder: Path) -> None:
    gatherer, current = gatherer_for(folder), document(folder, "main.py", "")
    tab = document(folder, "tab.py", "import late\n")
    assert names(await gatherer.gather(current, [tab])) == ["tab.py"]
    late = folder / "late.py"
    late.write_text("# late\n")
    gatherer.changed_outside([str(late)], names=False)
    assert names(await gatherer.gather(current, [tab])) == ["tab.py"]
    gatherer.changed_outside([str(late)], names=True)
    assert names(await gatherer.gather(current, [tab])) == ["tab.py", "late.py"]

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest

from cachewise.faults import UnknownDocument
from cachewise.session.documents import Change, Documents
from cachewise.session.lines import Encoding, Position

URI = "file:///w/src/a.py"


def opened(text: str = "one\ntwo\n", *, encoding: Encoding = "utf-16") -> Documents:
    documents = Documents(encoding, windows=False)
    documents.open(URI, "python", 1, text)
    return documents


def test_open_change_close() -> None:
    documents = opened()
    documents.change(
        URI, 2, [Change(((0, 0), (0, 3)), "uno"), Change(((1, 3), (1, 3)), "!"), Change(((2, 0), (2, 0)), "x")]
    )
    document = documents.get(URI)
    assert (document.text, document.version, document.language) == ("uno\ntwo!\nx", 2, "python")
    assert (document.line_count, document.line(1)) == (3, "two!\n")
    assert document.offset_at(1, 1) == 5
    assert document.position_at(5) == (1, 1)
    documents.change(URI, 3, [Change(None, "new"), Change(((0, 3), (0, 3)), "er")])
    assert document.text == "newer"
    assert documents.close(URI)
    assert URI not in documents


@pytest.mark.parametrize("call", ["get", "change", "snapshot"])
def test_unknown_document_is_a_sentence(call: str) -> None:
    documents = Documents()
    calls: dict[str, Callable[[], object]] = {
        "get": lambda: documents.get(URI),
        "change": lambda: documents.change(URI, 2, []),
        "snapshot": lambda: documents.snapshot(URI, (0, 0)),
    }
    with pytest.raises(UnknownDocument) as caught:
        calls[call]()
    assert caught.value.sentence == f"The document {URI!r} is not open. Open it in the editor and try again."
    assert caught.value.code == -32602
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("version", "change", "text", "warned"),
    [
        pytest.param(2, Change(((0, 2), (0, 0)), "X"), "Xe\ntwo\n", True, id="reversed range"),
        pytest.param(2, Change(((-1, -1), (0, 1)), "X"), "Xne\ntwo\n", True, id="negative"),
        pytest.param(2, Change(((8, 0), (9, 0)), "X"), "one\ntwo\nX", True, id="past the end"),
        pytest.param(2, Change(((0, 1), (0, 99)), "X"), "oX\ntwo\n", False, id="past the line end is ordinary"),
        pytest.param(0, Change(((0, 0), (0, 0)), "X"), "Xone\ntwo\n", True, id="version goes back"),
        pytest.param(1, Change(((0, 0), (0, 0)), "X"), "Xone\ntwo\n", True, id="version stands still"),
        pytest.param(None, Change(((0, 0), (0, 0)), "X"), "Xone\ntwo\n", False, id="no version"),
    ],
)
def test_what_does_not_fit_is_taken_and_logged_without_content(
    version: int | None, change: Change, text: str, warned: bool, caplog: pytest.LogCaptureFixture
) -> None:
    documents = opened()
    with caplog.at_level(logging.DEBUG):
        documents.change(URI, version, [change])
    assert documents.get(URI).text == text
    assert documents.get(URI).version == (1 if version is None else version)
    assert bool(caplog.records) is warned
    assert "two" not in caplog.text


def test_twice_opened_and_never_opened(caplog: pytest.LogCaptureFixture) -> None:
    documents = opened("secret old text")
    documents.open(URI, "rust", 7, "new")
    assert (documents.get(URI).text, documents.get(URI).version, documents.get(URI).language) == ("new", 7, "rust")
    assert len(documents.open_documents()) == 1
    assert not documents.close("file:///w/other.py")
    assert len(caplog.records) == 2
    assert "secret" not in caplog.text


def test_order_of_last_use() -> None:
    documents = Documents()
    for name in "abc":
        documents.open(name, "python", 1, "")
    assert documents.recent() == ("a", "b", "c")
    documents.change("a", 2, [Change(None, "x")])
    assert documents.recent() == ("b", "c", "a")
    documents.touch("b")
    documents.touch("never opened")
    assert documents.recent() == ("c", "a", "b")
    assert [document.uri for document in documents.open_documents()] == ["c", "a", "b"]
    documents.snapshot("c", (0, 0))
    assert documents.recent() == ("c", "a", "b")


def test_the_encoding_is_settled_before_the_first_document() -> None:
    documents = Documents()
    documents.encoding = "utf-8"
    documents.open(URI, "python", 1, "é!")
    assert documents.get(URI).offset_at(0, 2) == 1
    with pytest.raises(RuntimeError):
        documents.encoding = "utf-16"
    documents.encoding = "utf-8"


@pytest.mark.parametrize(
    ("encoding", "start", "end", "selection", "offsets"),
    [
        pytest.param("utf-16", (0, 3), None, "", (2, 2), id="cursor"),
        pytest.param("utf-16", (0, 1), (0, 3), "😀", (1, 2), id="selection"),
        pytest.param("utf-16", (1, 1), (0, 3), "b\nc", (2, 5), id="selection backwards"),
        pytest.param("utf-8", (0, 5), (0, 6), "b", (2, 3), id="bytes"),
        pytest.param("utf-32", (0, 2), (9, 9), "b\nc\n", (2, 6), id="past the end"),
    ],
)
def test_snapshot(
    encoding: Encoding, start: Position, end: Position | None, selection: str, offsets: tuple[int, int]
) -> None:
    documents = opened("a😀b\nc\n", encoding=encoding)
    documents.folders.add("file:///w")
    snapshot = documents.snapshot(URI, start, end)
    assert (snapshot.start, snapshot.end, snapshot.selection) == (*offsets, selection)
    assert (snapshot.path, snapshot.folder, snapshot.name) == ("/w/src/a.py", "/w", "src/a.py")
    assert (snapshot.uri, snapshot.version, snapshot.language) == (URI, 1, "python")
    documents.change(URI, 2, [Change(None, "changed")])
    assert snapshot.text == "a😀b\nc\n"


@pytest.mark.parametrize(
    ("uri", "windows", "path", "folder", "name"),
    [
        pytest.param("file:///x/b.py", False, "/x/b.py", None, "b.py", id="in no folder"),
        pytest.param("file:///w/%ff.py", False, "/w/\udcff.py", "/w", "\ufffd.py", id="bytes that are no UTF-8"),
        pytest.param("file:///w", False, "/w", "/w", "w", id="a folder's own path"),
        pytest.param("untitled:Untitled-3", False, None, None, "Untitled-3", id="no file"),
        pytest.param("vscode-notebook-cell:/w/n.ipynb#1", False, None, None, "n.ipynb", id="a notebook's cell"),
        pytest.param("file:///c%3A/w/s/b.py", True, "C:\\w\\s\\b.py", "C:\\w", "s/b.py", id="windows"),
        pytest.param("file:///d%3A/s/b.py", True, "D:\\s\\b.py", None, "b.py", id="windows, in no folder"),
    ],
)
def test_names(uri: str, windows: bool, path: str | None, folder: str | None, name: str) -> None:
    documents = Documents(windows=windows)
    documents.folders.add("file:///c%3A/w" if windows else "file:///w")
    documents.open(uri, "python", 1, "")
    snapshot = documents.snapshot(uri, (0, 0))
    assert (snapshot.path, snapshot.folder, snapshot.name) == (path, folder, name)
    snapshot.name.encode()


def test_cells_of_a_notebook_are_documents_of_their_own() -> None:
    documents = Documents()
    documents.open("vscode-notebook-cell:/w/n.ipynb#1", "python", 1, "one")
    documents.open("vscode-notebook-cell:/w/n.ipynb#2", "markdown", 1, "two")
    documents.change("vscode-notebook-cell:/w/n.ipynb#2", 2, [Change(((0, 3), (0, 3)), "!")])
    assert [document.text for document in documents.open_documents()] == ["one", "two!"]

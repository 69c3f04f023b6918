"""Notebooks: completions inside cells, with the other cells as context."""

from __future__ import annotations

from typing import Any

import pytest

from cachewise.simulator.script import Script
from support.lsp_client import RpcError
from support.server import Desk, desk

pytestmark = pytest.mark.asyncio(loop_scope="module")

CELLS = ("import widgets\n\ncanary_of_the_first = 1\n", "# A heading\n\nWords about canaries.\n", "total = canary_\n")


def cell(notebook: str, number: int, text: str) -> dict[str, Any]:
    language = "markdown" if text.startswith("#") else "python"
    return {"uri": f"{notebook}#C{number}", "languageId": language, "version": 1, "text": text}


class Book:
    """A notebook in an editor."""

    def __init__(self, d: Desk, name: str = "book.ipynb") -> None:
        self.d = d
        self.uri = (d.workspace / name).as_uri().replace("file:", "vscode-notebook-cell:")
        self.file = (d.workspace / name).as_uri()

    def open(self, *texts: str) -> None:
        items = [cell(self.uri, number, text) for number, text in enumerate(texts)]
        kinds = [{"kind": 1 if i["languageId"] == "markdown" else 2, "document": i["uri"]} for i in items]
        document = {"uri": self.file, "notebookType": "jupyter-notebook", "version": 1, "cells": kinds}
        self.d.lsp.notify("notebookDocument/didOpen", {"notebookDocument": document, "cellTextDocuments": items})

    def change(self, cells: dict[str, Any] | None) -> None:
        change = {} if cells is None else {"cells": cells}
        params = {"notebookDocument": {"uri": self.file, "version": 2}, "change": change}
        self.d.lsp.notify("notebookDocument/didChange", params)

    def close(self, count: int) -> None:
        identifiers = [{"uri": f"{self.uri}#C{number}"} for number in range(count)]
        params = {"notebookDocument": {"uri": self.file}, "cellTextDocuments": identifiers}
        self.d.lsp.notify("notebookDocument/didClose", params)

    async def complete(self, number: int, line: int, character: int) -> str | None:
        items = await self.d.complete(f"{self.uri}#C{number}", line, character)
        return items[0]["insertText"] if items else None

    def prompt(self) -> str:
        prompt = self.d.records[-1].prompt
        assert prompt is not None
        return "\n".join(block.text for block in prompt.blocks)


async def test_a_cell_is_completed_with_the_others_as_context() -> None:
    capabilities = {"notebookDocument": {"synchronization": {"dynamicRegistration": False}}}
    async with desk(Script(answer="of_the_first\n"), capabilities=capabilities) as d:
        assert d.announced["capabilities"]["notebookDocumentSync"]["notebookSelector"] == [{"notebook": "*"}]
        (d.workspace / "widgets.py").write_text("def canary_widget() -> int: ...\n")
        book, other = Book(d), Book(d, "other.ipynb")
        book.open(*CELLS)
        other.open("canary_of_another_notebook = 2\n")
        assert await book.complete(2, 0, 15) == "of_the_first"
        sent = book.prompt()
        assert "canary_of_the_first" in sent
        assert "Words about canaries." in sent
        assert "book.ipynb#C0" in sent
        assert "canary_widget" in sent, "what another cell imports"
        assert "canary_of_another_notebook" not in sent
        assert "total = canary_<|cursor|>" in sent


async def test_cells_change_come_and_go(shared: Desk) -> None:
    async with shared.elsewhere(Script(answer="one\n")) as d:
        book = Book(d)
        book.open(*CELLS)
        end = {"line": 0, "character": 15}
        edit = {"range": {"start": end, "end": end}, "text": "w"}
        identifier = {"uri": f"{book.uri}#C2", "version": 2}
        book.change({"textContent": [{"document": identifier, "changes": [edit]}]})
        assert await book.complete(2, 0, 16) == "one"
        assert "total = canary_w<|cursor|>" in book.prompt()
        array = {"start": 0, "deleteCount": 1, "cells": [{"kind": 2, "document": f"{book.uri}#C3"}]}
        new = cell(book.uri, 3, "canary_that_came = 1\n")
        gone = {"uri": f"{book.uri}#C0"}
        book.change({"structure": {"array": array, "didOpen": [new], "didClose": [gone]}})
        book.change(None)
        with pytest.raises(RpcError) as refused:
            await book.complete(0, 0, 0)
        assert refused.value.code == -32602
        assert await book.complete(3, 0, 6) == "one"
        book.close(4)
        with pytest.raises(RpcError):
            await book.complete(3, 0, 6)


async def test_a_notebook_with_secrets_is_not_sent(shared: Desk) -> None:
    async with shared.elsewhere(Script(answer="one\n")) as d:
        book = Book(d, "secrets/book.ipynb")
        book.open(*CELLS)
        assert await book.complete(2, 0, 15) is None
        assert d.records == []

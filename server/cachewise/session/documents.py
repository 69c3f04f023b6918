"""The documents that the editor has open, kept in step with it change by change.

Notebook cells are documents like any other: each has its own URI and its own text.
Not here: the protocol's own types (`lsp/convert.py` turns them into `Change`), and files that nobody opened
(`context/` reads those).
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass

from cachewise.faults import UnknownDocument
from cachewise.model.snapshot import Snapshot
from cachewise.session.folders import Folders
from cachewise.session.lines import Encoding, LineIndex, Position
from cachewise.session.uris import WINDOWS, last_segment, path_of, printable

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Change:
    """One content change as the editor sent it. Positions count code units of the client's encoding."""

    range: tuple[Position, Position] | None
    """Start and end of what is replaced; None where `text` is the whole new document."""
    text: str


class Document:
    """One open document. Changed only through `apply`; offsets count code points of `text`."""

    __slots__ = ("_index", "language", "notebook", "path", "uri", "version")

    def __init__(
        self,
        *,
        uri: str,
        language: str,
        version: int,
        text: str,
        encoding: Encoding,
        path: str | None = None,
        notebook: str | None = None,
    ) -> None:
        self.uri = uri
        self.language = language
        self.version = version
        self.path = path
        """Absolute path of the file; None where the URI names none."""
        self.notebook = notebook
        """The same of the notebook that this is a cell of; None for any other document."""
        self._index = LineIndex(text, encoding)

    @property
    def text(self) -> str:
        """The whole text, joined on the first read after a change."""
        return self._index.text

    @property
    def line_count(self) -> int:
        """Number of lines, at least 1."""
        return self._index.line_count

    def line(self, number: int) -> str:
        """One line with its line end. Raises IndexError where there is none."""
        return self._index.line(number)

    def apply(self, changes: Iterable[Change], version: int | None = None) -> None:
        """Take changes over, each one meant for the text that the one before it left.

        What does not fit is never refused, because the editor's text has changed all the same: reversed ranges are
        turned round, positions outside of the text mean its nearest place, a version that goes backwards is kept.
        """
        if version is not None:
            if version <= self.version:
                logger.warning("version of %s went from %d to %d", self.uri, self.version, version)
            self.version = version
        index = self._index
        for change in changes:
            if change.range is None:
                index.replace_all(change.text)
                continue
            start, end = change.range
            if end < start or min(start) < 0 or end[0] > index.line_count:
                logger.warning("range %s to %s does not fit %d lines of %s", start, end, index.line_count, self.uri)
            index.replace(start, end, change.text)

    def offset_at(self, line: int, character: int) -> int:
        """The offset of a position in the client's encoding; one outside of the text means its nearest place."""
        return self._index.offset_at(line, character)

    def position_at(self, offset: int) -> Position:
        """The line and character, in the client's encoding, of an offset."""
        return self._index.position_at(offset)


class Documents:
    """All open documents and workspace folders of one client."""

    def __init__(self, encoding: Encoding = "utf-16", *, windows: bool = WINDOWS) -> None:
        self._encoding: Encoding = encoding
        self._windows = windows
        self._documents: dict[str, Document] = {}  # in order of last use
        self.folders = Folders(windows=windows)

    @property
    def encoding(self) -> Encoding:
        """What the client's positions count. Set once, when `initialize` settles it."""
        return self._encoding

    @encoding.setter
    def encoding(self, encoding: Encoding) -> None:
        if self._documents and encoding != self._encoding:
            raise RuntimeError("the position encoding is settled before the first document is opened")
        self._encoding = encoding

    def open(self, uri: str, language: str, version: int, text: str, notebook: str | None = None) -> Document:
        """Take a document in, or a cell of a `notebook`, by its URI; one that was open already is replaced."""
        if self._documents.pop(uri, None) is not None:
            logger.warning("%s was opened twice", uri)
        path = path_of(uri, windows=self._windows)
        document = Document(
            uri=uri,
            language=language,
            version=version,
            text=text,
            encoding=self._encoding,
            path=None if notebook else path,
            notebook=path_of(notebook, windows=self._windows) if notebook else None,
        )
        self._documents[uri] = document
        return document

    def change(self, uri: str, version: int | None, changes: Iterable[Change]) -> Document:
        """Take an editor's changes over.

        Raises:
            UnknownDocument: it is not open.
        """
        document = self.get(uri)
        document.apply(changes, version)
        self.touch(uri)
        return document

    def close(self, uri: str) -> bool:
        """Forget a document. False, and nothing else, if it was not open."""
        if self._documents.pop(uri, None) is None:
            logger.warning("%s was closed and was not open", uri)
            return False
        return True

    def get(self, uri: str) -> Document:
        """The open document of a URI.

        Raises:
            UnknownDocument: it is not open.
        """
        try:
            return self._documents[uri]
        except KeyError:
            raise UnknownDocument(f"The document {uri!r} is not open. Open it in the editor and try again.") from None

    def __contains__(self, uri: object) -> bool:
        return uri in self._documents

    def shows(self, snapshot: Snapshot) -> bool:
        """Whether a document is open and still the one that a snapshot was taken of."""
        document = self._documents.get(snapshot.uri)
        return document is not None and (document.version == snapshot.version or document.text == snapshot.text)

    def open_documents(self) -> tuple[Document, ...]:
        """All open documents, the one used last at the end."""
        return tuple(self._documents.values())

    def recent(self) -> tuple[str, ...]:
        """The URIs of all open documents, the one opened, edited or touched last at the end."""
        return tuple(self._documents)

    def touch(self, uri: str) -> None:
        """Count a document as the one used last, for instance because a request was about it."""
        document = self._documents.pop(uri, None)
        if document is not None:
            self._documents[uri] = document

    def name_of(self, document: Document) -> str:
        """How prompts and keys name a document: see `Snapshot.name`."""
        if document.notebook is not None:
            book = self.folders.relative(document.notebook) or last_segment(document.notebook.replace("\\", "/"))
            return printable(f"{book}#{document.uri.rpartition('#')[2][-40:]}")
        if document.path is None:
            return last_segment(document.uri)
        below = self.folders.relative(document.path)
        if not below:
            below = document.path.replace("\\", "/") if self._windows else document.path
            below = below.rstrip("/").rpartition("/")[2] or below
        return printable(below)

    def snapshot(self, uri: str, start: Position, end: Position | None = None) -> Snapshot:
        """Freeze a document with a cursor (`end` is None) or a selection, given in either direction.

        Raises:
            UnknownDocument: it is not open.
        """
        document = self.get(uri)
        first = document.offset_at(*start)
        last = first if end is None else document.offset_at(*end)
        return Snapshot(
            uri=uri,
            version=document.version,
            language=document.language,
            text=document.text,
            start=min(first, last),
            end=max(first, last),
            path=document.path,
            folder=None if (place := document.path or document.notebook) is None else self.folders.folder_of(place),
            name=self.name_of(document),
        )

"""The files of a request, made of its document and its pieces: known ones brought up to date, secret ones left out.

Not here: gathering pieces (`gather.py`), whether a file may be sent where links are involved (`secrets.is_secret` asks
the file system; here only names are looked at), and which files come into the prefix (`layout.py`, `prefix.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

from cachewise.context.copies import File
from cachewise.context.pieces import Piece, document_key
from cachewise.context.prefix import Prefix
from cachewise.context.secrets import names_secret
from cachewise.faults import RequestFailed
from cachewise.model.snapshot import Snapshot

_SIGNATURES = "\0signatures"
"""Behind the key of a file: that of its signatures."""


class Intake:
    """Takes files in for one prefix, whose files it knows again."""

    def __init__(self, prefix: Prefix) -> None:
        self._prefix = prefix
        self._request = 0
        self._secrets: dict[str, bool] = {}
        """Which of the names seen so far are those of secret files."""

    def take_in(self, snapshot: Snapshot, pieces: Sequence[Piece]) -> tuple[File, list[File]]:
        """The files of the next request, as they are now: the current document, and the others in order.

        Raises:
            RequestFailed: the document's name is that of a secret file.
        """
        if self._secret(snapshot.name) or self._secret(snapshot.path or snapshot.uri):
            raise RequestFailed(f"{snapshot.name!r} looks like a file with secrets, so it is not sent to a model.")
        self._request += 1
        names = {file.name: key for key, file in self._prefix.files.items()}
        key = document_key(snapshot)
        own = Piece(name=snapshot.name, text=snapshot.text, path=snapshot.path, open=True, key=key)
        current = self._seen(own, names)
        others: dict[str, File] = {}
        for piece in pieces:
            other = piece.key or piece.name
            if other == key or other in others or self._secret(piece.name) or self._secret(piece.path or piece.name):
                continue
            others[other] = self._seen(piece, names)
        return current, list(others.values())

    @property
    def holds_signatures(self) -> bool:
        """Whether the signatures of any file stand in for it in the prefix."""
        return any(file.key.endswith(_SIGNATURES) for file in self._prefix.files.values())

    def _secret(self, name: str) -> bool:
        found = self._secrets.get(name)
        if found is None:
            found = self._secrets[name] = names_secret(name)
        return found

    def _seen(self, piece: Piece, names: dict[str, str]) -> File:
        """The file that a piece is, new or brought up to date. A name that another file has gets a number."""
        key = piece.key or piece.name
        file = self._prefix.files.get(key)
        if file is None:
            number, name = 2, piece.name
            while names.setdefault(name, key) != key:
                number, name = number + 1, f"{piece.name} ({number})"
            file = File(key=key, name=name, path=piece.path, text=piece.text, open=piece.open)
        file.path, file.open, file.kept, file.beside = piece.path, piece.open, piece.kept, piece.beside
        if file.text != piece.text:
            file.text, file.edited = piece.text, self._request
        file.part_of, file.brief = piece.part_of, self._brief(file, piece)
        return file

    def _brief(self, file: File, piece: Piece) -> File | None:
        """The signatures of a file as a file of its own, so that they are followed and told like any other."""
        key = f"{file.key}{_SIGNATURES}"
        brief = self._prefix.files.get(key)
        if brief is None and piece.signatures:
            brief = File(key=key, name=f"{file.name} (signatures)", path=file.path, text=piece.signatures, open=False)
        elif brief is not None and piece.signatures and piece.signatures != brief.text:
            brief.text, brief.edited = piece.signatures, self._request
        return brief

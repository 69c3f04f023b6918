"""The workspace folders, and which of them a file belongs to.

Not here: reading them, and links between them: two paths are compared as text.
"""

from __future__ import annotations

import ntpath

from cachewise.session.uris import WINDOWS, path_of


class Folders:
    """The folders that the editor has open, by absolute path."""

    def __init__(self, *, windows: bool = WINDOWS) -> None:
        self._windows = windows
        self._paths: dict[str, str] = {}

    def add(self, uri: str) -> bool:
        """Take a folder in. False if its URI names no path, so that nothing can belong to it."""
        path = path_of(uri, windows=self._windows)
        if path is None:
            return False
        self._paths[self._key(path)] = path
        return True

    def remove(self, uri: str) -> bool:
        """Take a folder out. False if it was not there."""
        path = path_of(uri, windows=self._windows)
        return path is not None and self._paths.pop(self._key(path), None) is not None

    @property
    def paths(self) -> tuple[str, ...]:
        """The folders in the order in which they were added."""
        return tuple(self._paths.values())

    def folder_of(self, path: str) -> str | None:
        """The longest of the folders that hold `path`, or that `path` is; None where none does."""
        wanted = self._key(path)
        holders = [key for key in self._paths if wanted == key or wanted.startswith(self._below(key))]
        return self._paths[max(holders, key=len)] if holders else None

    def relative(self, path: str) -> str | None:
        """`path` below its folder, with forward slashes; None where no folder holds it."""
        folder = self.folder_of(path)
        if folder is None:
            return None
        below = path[len(self._below(folder)) :]
        return below.replace("\\", "/") if self._windows else below

    def _key(self, path: str) -> str:
        return ntpath.normcase(path) if self._windows else path

    def _below(self, folder: str) -> str:
        separator = "\\" if self._windows else "/"
        return folder if folder.endswith(separator) else folder + separator

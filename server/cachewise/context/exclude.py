"""Which files of a workspace folder may become context: inside the folder, not secret, not ignored, not excluded.

Not here: the list of secret names (`secrets.py`) and the reading of files (`reading.py`).
"""

from __future__ import annotations

import os
import stat
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cachewise.context.secrets import is_secret, names_secret

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

__all__ = ["Exclusions", "is_secret", "names_secret"]

_OWN_FOLDERS = frozenset({".git", ".hg", ".svn", ".jj"})
_LARGEST_IGNORE_FILE = 1 << 20


@dataclass(frozen=True, slots=True)
class _IgnoreFile:
    stamp: tuple[int, int]
    spec: GitIgnoreSpec


class Exclusions:
    """Decides about the files of one workspace folder. It asks the file system: use it in a thread.

    Args:
        folder: Absolute path of the workspace folder.
        extra_globs: The setting `context.exclude`, in the syntax of .gitignore; it can only exclude more.
    """

    def __init__(self, folder: str, extra_globs: Sequence[str] = ()) -> None:
        self._folder = os.path.realpath(folder)
        self._extra_globs = tuple(extra_globs)
        self._extra: GitIgnoreSpec | None = None
        self._ignore_files: dict[str, _IgnoreFile] = {}

    @property
    def folder(self) -> str:
        """The workspace folder with symbolic links resolved."""
        return self._folder

    def allows(self, path: str) -> bool:
        """Whether the file may become context. A relative path is taken below the folder."""
        return self.resolve(path) is not None

    def resolve(self, path: str) -> str | None:
        """The real path of a file that may become context; None for any other.

        Open exactly this path: a link that is changed afterwards is then not followed.
        """
        return Look(self).resolve(path)

    def files(self) -> Iterator[str]:
        """The real paths of all files that may become context, those of upper folders first; links are not followed.

        Yields an empty string after each folder, so that whoever reads may stop for a moment in large trees.
        """
        folders: deque[tuple[str, ...]] = deque([()])
        while folders:
            parts = folders.popleft()
            for name, is_folder in _entries(os.path.join(self._folder, *parts)):
                below = (*parts, name)
                if is_folder:
                    if name.casefold() not in _OWN_FOLDERS and not self._is_ignored(below, is_folder=True):
                        folders.append(below)
                elif not names_secret(path := os.path.join(self._folder, *below)) and not self._is_ignored(below):
                    yield path
            yield ""

    def _is_ignored(self, parts: Sequence[str], *, is_folder: bool = False, look: Look | None = None) -> bool:
        """Git's rule: a file below an ignored folder is ignored, whatever else matches; else the last match counts."""
        extra, whole = self._extra_spec(), is_folder
        specs: list[tuple[int, GitIgnoreSpec]] = []
        for depth in range(len(parts)):
            here = self._specs_in(parts[:depth]) if look is None else look.specs(tuple(parts[:depth]))
            specs.extend((depth, spec) for spec in here)
            is_folder = whole or depth < len(parts) - 1
            verdict: bool | None = None
            for level, spec in specs:
                found = spec.check_file("/".join(parts[level : depth + 1]) + ("/" if is_folder else "")).include
                verdict = verdict if found is None else found
            if verdict or extra.match_file("/".join(parts[: depth + 1]) + ("/" if is_folder else "")):
                return True
        return False

    def _extra_spec(self) -> GitIgnoreSpec:
        if self._extra is None:
            self._extra = _spec(self._extra_globs)
        return self._extra

    def _specs_in(self, folders: Sequence[str]) -> Iterator[GitIgnoreSpec]:
        """What the folder's own ignore file says; at the top also what the repository excludes privately."""
        names = [".gitignore"] if folders else [os.path.join(".git", "info", "exclude"), ".gitignore"]
        for name in names:
            path = os.path.join(self._folder, *folders, name)
            try:
                status = os.stat(path)
            except OSError:
                self._ignore_files.pop(path, None)
                continue
            stamp = (status.st_mtime_ns, status.st_size)
            known = self._ignore_files.get(path)
            if known is None or known.stamp != stamp:
                if status.st_size > _LARGEST_IGNORE_FILE or not os.path.isfile(path):
                    continue
                known = _IgnoreFile(stamp, _spec(_lines_of(path)))
                self._ignore_files[path] = known
            yield known.spec


class Look:
    """One look at the files of a folder, for many paths at a time: each folder and ignore file is asked for once.

    What it has found out is not looked at again, so it is for one moment, such as the gathering for one request.
    """

    def __init__(self, exclusions: Exclusions) -> None:
        self._exclusions = exclusions
        self._folders: dict[str, str] = {}
        self._real: dict[str, str] = {}
        self._resolved: dict[str, str | None] = {}
        self._specs: dict[tuple[str, ...], tuple[GitIgnoreSpec, ...]] = {}

    def resolve(self, path: str) -> str | None:
        """As `Exclusions.resolve`."""
        if path not in self._resolved:
            self._resolved[path] = self._resolve(path)
        return self._resolved[path]

    def real(self, path: str) -> str:
        """`os.path.realpath`, with one question for each further file of a folder."""
        found = self._real.get(path)
        if found is None:
            found = self._real[path] = self._ask(path)
        return found

    def specs(self, parts: tuple[str, ...]) -> tuple[GitIgnoreSpec, ...]:
        """What the ignore files of a folder say."""
        found = self._specs.get(parts)
        if found is None:
            found = self._specs[parts] = tuple(self._exclusions._specs_in(parts))
        return found

    def _ask(self, path: str) -> str:
        folder, name = os.path.split(path)
        if name in ("", os.curdir, os.pardir) or not os.path.isabs(path) or os.name == "nt":
            return os.path.realpath(path)
        real = self._folders.get(folder)
        if real is None:
            real = self._folders[folder] = os.path.realpath(folder)
        at = os.path.join(real, name)
        try:
            linked = stat.S_ISLNK(os.lstat(at).st_mode)
        except FileNotFoundError:
            linked = False
        except (OSError, ValueError):
            linked = True
        return os.path.realpath(path) if linked else at

    def _resolve(self, path: str) -> str | None:
        top = self._exclusions.folder
        path = os.path.join(top, path)
        if names_secret(path):
            return None
        try:
            real = self.real(path)
            start = top.rstrip(os.sep) + os.sep
            below = real[len(start) :] if real.startswith(start) else os.path.relpath(real, top)
        except (OSError, ValueError):
            return None
        parts = below.split(os.sep)
        if parts[0] in (os.pardir, os.curdir) or os.path.isabs(below) or names_secret(real):
            return None
        if not _OWN_FOLDERS.isdisjoint(part.casefold() for part in parts):
            return None
        return None if self._exclusions._is_ignored(parts, look=self) else real


def _entries(folder: str) -> list[tuple[str, bool]]:
    """Names of a folder's files and folders in order, and which of them are folders; no links, none if unreadable."""
    try:
        with os.scandir(folder) as found:
            return sorted(
                (entry.name, entry.is_dir(follow_symlinks=False))
                for entry in found
                if entry.is_dir(follow_symlinks=False) or entry.is_file(follow_symlinks=False)
            )
    except OSError:
        return []


def _lines_of(path: str) -> list[str]:
    try:
        with open(path, encoding="utf-8-sig", errors="replace") as file:
            return file.read().splitlines()
    except OSError:
        return []


def _spec(lines: Sequence[str]) -> GitIgnoreSpec:
    """A spec of the lines that are patterns; a malformed line is skipped, as git does."""
    from pathspec import GitIgnoreSpec

    try:
        return GitIgnoreSpec.from_lines(lines)
    except ValueError:
        return GitIgnoreSpec.from_lines([line for line in lines if _is_pattern(line)])


def _is_pattern(line: str) -> bool:
    from pathspec import GitIgnoreSpec

    try:
        GitIgnoreSpec.from_lines([line])
    except ValueError:
        return False
    return True

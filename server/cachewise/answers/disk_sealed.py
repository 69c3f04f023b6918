"""How diskcache turns keys and values into rows and files, without pickle and without leaving the folder.

diskcache 5.6.3 unpickles rows that say so (CVE-2025-69872; its JSONDisk does too), and joins the file name of a row
unchecked, both to read and to delete. What the bytes say is checked one level up, by `envelope.py`.

Imported in the disk tier's own thread only, because diskcache loads sqlite3. Not here: the database (`disk_cache.py`)
and what has to be checked before a folder is opened (`disk_vet.py`).
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import diskcache
from diskcache.core import MODE_BINARY, MODE_RAW, UNKNOWN

from cachewise.answers.store import MAX_VALUE_BYTES

_VALUE_FILE = re.compile(r"[0-9a-f]{2}[\\/][0-9a-f]{2}[\\/][0-9a-f]{28}\.val")


class Refused(OSError):
    """A row that no well-behaved writer made."""


class SealedDisk(diskcache.Disk):  # type: ignore[misc]  # diskcache has no types
    """Text keys and byte values, nothing else, in both directions."""

    def put(self, key: object) -> tuple[str, bool]:
        if type(key) is not str:
            raise TypeError("keys are text")
        return key, True

    def get(self, key: object, raw: object) -> str:
        if raw != 1 or type(key) is not str:
            raise Refused("not a key of ours")
        return key

    def store(self, value: object, read: bool, key: object = UNKNOWN) -> tuple[int, int, str | None, Any]:
        if read or type(value) is not bytes:
            raise TypeError("values are bytes")
        stored: tuple[int, int, str | None, Any] = super().store(value, False, key=key)
        return stored

    def fetch(self, mode: object, filename: object, value: object, read: bool) -> bytes:
        if read:
            raise Refused("values are read whole")
        if mode == MODE_RAW and filename is None and type(value) is bytes:
            return value
        if mode == MODE_BINARY and value is None and type(filename) is str and _VALUE_FILE.fullmatch(filename):
            return _read_inside(Path(self._directory), Path(filename.replace("\\", "/")))
        raise Refused("not a value of ours")

    def remove(self, file_path: object) -> None:
        """Called with the file name of any row that is replaced or evicted, so it needs the same check."""
        if type(file_path) is str and _VALUE_FILE.fullmatch(file_path):
            root = os.path.realpath(self._directory)
            if os.path.realpath(os.path.join(root, os.path.dirname(file_path))).startswith(root + os.sep):
                super().remove(file_path)

    def _write(self, full_path: str, iterator: Iterator[bytes], mode: str, encoding: str | None = None) -> int:
        """As diskcache does it, but readable by the owner only."""
        os.makedirs(os.path.dirname(full_path), mode=0o700, exist_ok=True)
        os.chmod(os.path.dirname(os.path.dirname(full_path)), 0o700)  # makedirs gives parents the umask's rights
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        size = 0
        with open(os.open(full_path, flags, 0o600), "wb") as writer:
            try:
                for chunk in iterator:
                    size += writer.write(chunk)
            except OSError:
                os.unlink(full_path)  # a full disk leaves no half of a value behind
                raise
        return size


def _read_inside(root: Path, name: Path) -> bytes:
    """Read `root/name` without following a link on the way and without waiting for a pipe."""
    if os.open not in os.supports_dir_fd:
        whole = os.path.realpath(root / name)
        if not whole.startswith(os.path.realpath(root) + os.sep):
            raise Refused("a link out of the folder")
        with open(whole, "rb") as reader:
            return _bounded(reader.read(MAX_VALUE_BYTES + 1))
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for part in name.parts[:-1]:
            inner = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
            os.close(folder)
            folder = inner
        file = os.open(name.parts[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    finally:
        os.close(folder)
    with open(file, "rb") as reader:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise Refused("not a file")
        return _bounded(reader.read(MAX_VALUE_BYTES + 1))


def _bounded(value: bytes) -> bytes:
    if len(value) > MAX_VALUE_BYTES:
        raise Refused("too long for a value")
    return value

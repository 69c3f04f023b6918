"""Removing value files that no row names: what a killed process leaves behind.

A writer makes the file first and the row second, so a file without a row is either an orphan or a few microseconds
old; only files that have been there for a while go. Works beside the tier's thread, on a read-only connection, and
only ever looks at names that diskcache makes. Not here: rows without a file, which are misses and get evicted.
"""

from __future__ import annotations

import os
import re
import sqlite3
from contextlib import suppress
from pathlib import Path

from cachewise.answers.disk_vet import DATABASE

_FOLDER = re.compile(r"[0-9a-f]{2}")
_FILE = re.compile(r"[0-9a-f]{28}\.val")
MINIMUM_AGE = 600.0
"""Seconds since its last change before a file without a row counts as left behind."""


def sweep(folder: Path, *, now: float, minimum_age: float = MINIMUM_AGE) -> int:
    """Remove orphans and the folders they leave empty. Returns how many files went.

    Raises:
        sqlite3.Error: the rows can't be read; nothing was removed.
        OSError: the folder can't be read.
    """
    old = [name for name in _value_files(folder) if now - _changed(folder / name, now) >= minimum_age]
    if not old:
        return 0
    connection = sqlite3.connect(f"{(folder / DATABASE).as_uri()}?mode=ro", uri=True, timeout=0.25)
    try:
        rows = connection.execute("SELECT filename FROM Cache WHERE filename IS NOT NULL").fetchall()
    finally:
        connection.close()
    named = {str(row[0]).replace("\\", "/") for row in rows}
    removed = 0
    for name in old:
        if name in named:
            continue
        with suppress(OSError):
            (folder / name).unlink()
            removed += 1
        with suppress(OSError):
            os.removedirs((folder / name).parent)
    return removed


def _value_files(folder: Path) -> list[str]:
    """Relative names of everything that looks like a value file; links are not followed."""
    found: list[str] = []
    for outer in _folders(folder):
        for inner in _folders(folder / outer):
            with suppress(OSError), os.scandir(folder / outer / inner) as entries:
                found += [f"{outer}/{inner}/{e.name}" for e in entries if _FILE.fullmatch(e.name)]
    return found


def _folders(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [e.name for e in entries if _FOLDER.fullmatch(e.name) and e.is_dir(follow_symlinks=False)]
    except FileNotFoundError:
        return []


def _changed(path: Path, now: float) -> float:
    try:
        return path.lstat().st_mtime
    except OSError:
        return now

"""What is checked before an answer folder is opened, and where a broken one goes.

A database is a program of sorts: its triggers run on our writes, and diskcache turns the rows of its Settings table
into pragmas and attributes. So a folder is opened only if it is ours alone and its schema is the one diskcache makes.
Runs in the disk tier's own thread. Not here: what is checked with each value (`disk_sealed.py`, `envelope.py`).
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import stat
import time
from pathlib import Path

from cachewise.answers.disk_cache import PRAGMAS

DATABASE = "cache.db"
_TABLES = {
    "Settings": ("key", "value"),
    "Cache": (
        "rowid",
        "key",
        "raw",
        "store_time",
        "expire_time",
        "access_time",
        "access_count",
        "tag",
        "size",
        "mode",
        "filename",
        "value",
    ),
}
_INDEX = re.compile(r"CREATE (UNIQUE )?INDEX Cache_\w+ ON Cache ?\([\w, ]+\)")
_TRIGGER = re.compile(
    r"CREATE TRIGGER Settings_(count|size)_(insert|update|delete) AFTER (INSERT|UPDATE|DELETE) ON Cache"
    r" FOR EACH ROW BEGIN UPDATE Settings SET value = value [-+] (1|(NEW|OLD)\.size)( - OLD\.size)?"
    r' WHERE key = "(count|size)"; END'
)
_COUNTERS = ("count", "size", "hits", "misses")
_SETTINGS = {
    *_COUNTERS,
    *(f"sqlite_{name}" for name in PRAGMAS),
    "cull_limit",
    "disk_min_file_size",
    "disk_pickle_protocol",
    "eviction_policy",
    "size_limit",
    "statistics",
    "tag_index",
}


class Damaged(Exception):
    """The folder holds something that diskcache did not make; it has to go."""


class NotOurs(Exception):
    """The folder is none that answers may be kept in. The message is a sentence for people."""


def vet(folder: Path, timeout: float) -> None:
    """Make the folder and its database, or check the ones that are there.

    Raises:
        NotOurs: another user owns the folder or may write to it.
        Damaged: the database is not as diskcache makes it.
        sqlite3.Error: it is locked, unreadable or no database.
        OSError: the folder can't be made.
    """
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)  # `parents` alone would leave it open to others
    folder.mkdir(mode=0o700, exist_ok=True)
    _check_rights(folder)
    database = folder / DATABASE
    try:
        os.close(os.open(database, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        _check_files(folder)
    connection = sqlite3.connect(database, timeout=timeout, isolation_level=None)
    try:
        connection.execute("PRAGMA trusted_schema = OFF")
        if connection.execute("PRAGMA schema_version").fetchall() == [(0,)]:
            connection.execute("PRAGMA auto_vacuum = FULL")
        connection.execute("PRAGMA journal_mode = WAL").fetchall()
        connection.execute("BEGIN IMMEDIATE")
        _check_schema(connection)
        connection.execute("COMMIT")
    finally:
        connection.close()


def set_aside(folder: Path, now: float) -> Path | None:
    """Rename a broken folder so that people can look at it, and drop the one set aside before it.

    Returns:
        Where it went; None if there was nothing to rename.
    """
    for old in sorted(folder.parent.glob(f"{folder.name}.broken-*"))[:-1]:
        shutil.rmtree(old, ignore_errors=True)
    stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime(now))
    for attempt in range(100):
        target = folder.with_name(f"{folder.name}.broken-{stamp}-{attempt:02}")
        if target.exists():
            continue
        try:
            folder.rename(target)
        except FileNotFoundError:
            return None
        return target
    return None


def _check_rights(folder: Path) -> None:
    if not hasattr(os, "geteuid"):
        return
    info = folder.stat()
    if info.st_uid != os.geteuid():
        raise NotOurs(f"Answers are not kept on disk, because {str(folder)!r} belongs to another user.")
    if info.st_mode & 0o022:
        raise NotOurs(
            f"Answers are not kept on disk, because others may write to {str(folder)!r}. Run chmod 700 on it, "
            "after a look at what is inside."
        )
    if info.st_mode & 0o077:
        folder.chmod(0o700)


def _check_files(folder: Path) -> None:
    for name in (DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", f"{DATABASE}-journal"):
        path = folder / name
        try:
            info = path.lstat()
        except FileNotFoundError:
            continue
        if not stat.S_ISREG(info.st_mode) or info.st_nlink != 1:
            raise Damaged(f"{name} is no plain file")
        if hasattr(os, "geteuid"):
            if info.st_uid != os.geteuid() or info.st_mode & 0o022:
                raise NotOurs(f"Answers are not kept on disk, because others may write to {str(path)!r}.")
            if info.st_mode & 0o077:
                path.chmod(0o600)


def _check_schema(connection: sqlite3.Connection) -> None:
    objects = connection.execute("SELECT type, name, sql FROM sqlite_master").fetchall()
    for kind, name, sql in objects:
        if sql is None and kind == "index" and str(name).startswith("sqlite_autoindex_Settings"):
            continue
        text = " ".join(str(sql).split())
        fits = (
            (kind == "table" and name in _TABLES)
            or (kind == "index" and _INDEX.fullmatch(text))
            or (kind == "trigger" and _TRIGGER.fullmatch(text))
        )
        if not fits:
            raise Damaged(f"{kind} {name!r} is not diskcache's")
    tables = {name for kind, name, _ in objects if kind == "table"}
    for table in tables:
        columns = tuple(row[1] for row in connection.execute(f"PRAGMA table_xinfo({table})"))
        if columns != _TABLES[table]:
            raise Damaged(f"table {table} has other columns")
    if "Settings" in tables:
        for key, value in connection.execute("SELECT key, value FROM Settings").fetchall():
            if key not in _SETTINGS:
                raise Damaged("a setting that is not diskcache's")
            if key in _COUNTERS and type(value) is not int:
                raise Damaged("a counter that does not count")

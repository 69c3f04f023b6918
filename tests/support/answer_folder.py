"""A folder of answers on disk, to be damaged by tests."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from cachewise.answers.disk import DiskStore

SMALL, LARGE = b"small", b"x" * 100_000
PATIENT = 10.0
"""Seconds for a lookup that a busy machine must not make a miss."""


async def filled(folder: Path) -> None:
    """Four answers in the database `small0` to `small3`, and four in files of their own `large0` to `large3`."""
    store = DiskStore(folder)
    for number in range(4):
        assert await store.set(f"small{number}", SMALL, ttl_seconds=1000, task="ask")
        assert await store.set(f"large{number}", LARGE, ttl_seconds=1000, task="ask")
    await store.aclose()


def change(folder: Path, statement: str, *values: object) -> None:
    """Execute a statement on the database."""
    connection = sqlite3.connect(folder / "cache.db")
    with connection:
        connection.execute(statement, values)
    connection.close()

"""The disk tier in trouble: broken, removed, locked, read-only or full. A miss each, one sentence each."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cachewise.answers.disk import DiskStore
from cachewise.answers.disk_worker import BROKEN, FULL, LOCKED, READ_ONLY
from support.answer_folder import LARGE, PATIENT, SMALL, change, filled

pytestmark = pytest.mark.usefixtures("patient")


def overwrite(path: Path, at: int, data: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(data)


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda f: overwrite(f / "cache.db", 0, bytes(100)), id="header-zeroed"),
        pytest.param(lambda f: (f / "cache.db").write_bytes(b"not a database" * 999), id="no-database"),
        pytest.param(lambda f: change(f, "ALTER TABLE Cache RENAME TO Other"), id="table-renamed"),
        pytest.param(lambda f: change(f, "ALTER TABLE Cache DROP COLUMN filename"), id="column-gone"),
        pytest.param(lambda f: change(f, "ALTER TABLE Cache ADD COLUMN extra"), id="column-too-many"),
        pytest.param(lambda f: change(f, "CREATE TABLE Extra (x)"), id="table-too-many"),
        pytest.param(lambda f: change(f, "CREATE VIEW Extra AS SELECT 1"), id="view"),
        pytest.param(
            lambda f: change(f, "CREATE TRIGGER Evil AFTER INSERT ON Cache BEGIN DELETE FROM Cache; END"), id="trigger"
        ),
        pytest.param(
            lambda f: change(f, "INSERT OR REPLACE INTO Settings VALUES ('disk__directory', '/etc')"), id="folder-moved"
        ),
        pytest.param(lambda f: change(f, "INSERT INTO Settings VALUES ('fetch', 1)"), id="method-replaced"),
        pytest.param(
            lambda f: change(f, "INSERT INTO Settings VALUES ('sqlite_temp_store_directory', '''/tmp''')"), id="pragma"
        ),
        pytest.param(lambda f: change(f, "UPDATE Settings SET value = 'x' WHERE key = 'size'"), id="counter-as-text"),
    ],
)
async def test_a_broken_database_is_set_aside(tmp_path: Path, damage: Callable[[Path], object]) -> None:
    folder = tmp_path / "answers"
    await filled(folder)
    damage(folder)
    told: list[str] = []
    store = DiskStore(folder, tell=told.append)
    assert await store.get("small0", deadline=PATIENT) is None
    assert told == [BROKEN]
    assert len(list(tmp_path.glob("answers.broken-*"))) == 1
    assert await store.get("small0", deadline=PATIENT) is None
    assert await store.set("new", SMALL, ttl_seconds=100, task="ask")
    assert await store.get("new", deadline=PATIENT) == SMALL
    assert store.problem is None
    await store.aclose()


async def test_a_table_that_is_gone_is_made_again(tmp_path: Path) -> None:
    await filled(tmp_path / "answers")
    change(tmp_path / "answers", "DROP TABLE Cache")
    store = DiskStore(tmp_path / "answers")
    assert await store.get("small0", deadline=PATIENT) is None
    assert await store.set("k", SMALL, ttl_seconds=100, task="ask")
    assert await store.get("k", deadline=PATIENT) == SMALL
    await store.aclose()


async def test_only_the_last_two_broken_folders_are_kept(tmp_path: Path) -> None:
    folder = tmp_path / "answers"
    for _ in range(5):
        store = DiskStore(folder)
        assert await store.set("k", SMALL, ttl_seconds=100, task="ask")
        await store.aclose()
        (folder / "cache.db").write_bytes(b"broken" * 1000)
        store = DiskStore(folder)
        assert await store.get("k", deadline=PATIENT) is None
        await store.aclose()
    assert len(list(tmp_path.glob("answers.broken-*"))) <= 2


async def test_a_folder_that_is_removed_or_replaced_is_made_again(tmp_path: Path) -> None:
    folder = tmp_path / "answers"
    store = DiskStore(folder)
    assert await store.set("k", SMALL, ttl_seconds=100, task="ask")
    shutil.rmtree(folder)
    assert await store.get("k", deadline=PATIENT) is None
    assert await store.set("k", LARGE, ttl_seconds=100, task="ask")
    assert await store.get("k", deadline=PATIENT) == LARGE
    assert store.problem is None
    await store.aclose()


async def test_a_place_where_no_folder_can_be_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    told: list[str] = []
    store = DiskStore(tmp_path / "file" / "answers", tell=told.append)
    for _ in range(5):
        assert await store.get("k", deadline=PATIENT) is None
        assert not await store.set("k", SMALL, ttl_seconds=100, task="ask")
    assert len(told) == 1
    await store.aclose()


async def test_locked_by_another_process(tmp_path: Path) -> None:
    folder = tmp_path / "answers"
    told: list[str] = []
    store = DiskStore(folder, tell=told.append, cooldown=0)
    assert await store.set("k", SMALL, ttl_seconds=100, task="ask")
    other = sqlite3.connect(folder / "cache.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert await store.get("k", deadline=PATIENT) == SMALL, "reading needs no lock"
    assert not await store.set("l", SMALL, ttl_seconds=100, task="ask")
    assert told == [LOCKED]
    other.execute("ROLLBACK")
    other.close()
    assert await store.set("l", SMALL, ttl_seconds=100, task="ask")
    assert store.problem is None
    await store.aclose()


async def test_locked_before_it_was_opened(tmp_path: Path) -> None:
    folder = tmp_path / "answers"
    await filled(folder)
    other = sqlite3.connect(folder / "cache.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    told: list[str] = []
    store = DiskStore(folder, tell=told.append, cooldown=0)
    assert await store.get("small0", deadline=PATIENT) is None
    assert told == [LOCKED]
    other.execute("ROLLBACK")
    other.close()
    assert await store.get("small0", deadline=PATIENT) == SMALL
    assert not list(tmp_path.glob("answers.broken-*")), "a locked database is not a broken one"
    await store.aclose()


async def pragma(store: DiskStore, statement: str) -> None:
    def execute(cache: object) -> bool:
        cache._sql(statement)  # type: ignore[attr-defined]
        return True

    assert await store._run("read", execute, False, PATIENT)


@pytest.mark.parametrize(
    ("break_it", "mend_it", "sentence"),
    [
        pytest.param("PRAGMA query_only = ON", "PRAGMA query_only = OFF", READ_ONLY, id="read-only"),
        pytest.param("PRAGMA max_page_count = 1", "PRAGMA max_page_count = 1000000", FULL, id="full"),
    ],
)
async def test_read_only_and_full(tmp_path: Path, break_it: str, mend_it: str, sentence: str) -> None:
    told: list[str] = []
    store = DiskStore(tmp_path / "answers", tell=told.append, cooldown=0)
    assert await store.set("k", SMALL, ttl_seconds=100, task="ask")
    await pragma(store, break_it)
    outcomes = [await store.set(f"k{n}", SMALL * 1000, ttl_seconds=100, task="ask") for n in range(20)]
    assert outcomes[-1] is False
    assert told == [sentence]
    assert await store.get("k", deadline=PATIENT) == SMALL
    await pragma(store, mend_it)
    assert await store.set("k", SMALL, ttl_seconds=100, task="ask")
    assert store.problem is None
    await store.aclose()


async def test_a_file_that_can_not_be_written_whole_leaves_nothing(tmp_path: Path) -> None:
    """A limit on the size of files stands in for a full disk."""
    code = """
import asyncio, resource, signal, sys
from pathlib import Path
from cachewise.answers.disk import DiskStore
async def main():
    store = DiskStore(Path(sys.argv[1]))
    assert await store.set("k", b"small", ttl_seconds=100, task="ask")
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000))
    assert not await store.set("large", b"x" * 1_000_000, ttl_seconds=100, task="ask")
    assert store.problem, store.problem
    assert await store.get("k", deadline=10) == b"small"
    await store.aclose()
asyncio.run(main())
"""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, str(tmp_path / "answers"))
    assert await process.wait() == 0
    assert list((tmp_path / "answers").rglob("*.val")) == []

"""The disk tier when things go wrong: a fault each, a miss each, one sentence each, and nothing outside the folder."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cachewise.answers.disk import DiskStore
from cachewise.answers.disk_worker import BROKEN, FULL, LOCKED, READ_ONLY

SMALL, LARGE = b"small", b"x" * 100_000
PATIENT = 10.0
FUZZ = int(os.environ.get("CACHEWISE_FUZZ", "300"))
KILLS = int(os.environ.get("CACHEWISE_KILLS", "20"))
EVIL = b"cos\nmkdir\n(S'%s'\ntR."
"""A pickle that makes a folder when it is loaded."""

pytestmark = pytest.mark.usefixtures("patient")


async def filled(folder: Path) -> None:
    store = DiskStore(folder)
    for number in range(4):
        assert await store.set(f"small{number}", SMALL, ttl_seconds=1000, task="ask")
        assert await store.set(f"large{number}", LARGE, ttl_seconds=1000, task="ask")
    await store.aclose()


def change(folder: Path, statement: str, *values: object) -> None:
    connection = sqlite3.connect(folder / "cache.db")
    with connection:
        connection.execute(statement, values)
    connection.close()


def overwrite(path: Path, at: int, data: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(data)


def link_out(folder: Path) -> None:
    (value,) = list(folder.rglob("*.val"))[:1]
    secret = folder.parent / "secret"
    secret.write_bytes(LARGE)
    value.unlink()
    value.symlink_to(secret)


def pipe(folder: Path) -> None:
    for value in folder.rglob("*.val"):
        value.unlink()
        os.mkfifo(value)


def link_folder_out(folder: Path) -> None:
    value = next(folder.rglob("*.val"))
    outside = folder.parent / "outside"
    shutil.move(value.parent, outside)
    value.parent.symlink_to(outside)


def everything(folder: Path) -> dict[str, bytes | None]:
    found: dict[str, bytes | None] = {}
    for path in sorted(folder.rglob("*")):
        found[str(path)] = path.read_bytes() if path.is_file() and not path.is_symlink() else None
    return found


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


@pytest.mark.parametrize(
    ("statement", "value"),
    [
        pytest.param("UPDATE Cache SET mode = 4, value = ?, filename = NULL", EVIL, id="pickled-value"),
        pytest.param("UPDATE Cache SET mode = 4, filename = 'pickle.val', value = NULL", None, id="pickled-file"),
        pytest.param("UPDATE Cache SET mode = 2, value = NULL, filename = '/etc/hostname'", None, id="absolute-path"),
        pytest.param("UPDATE Cache SET mode = 2, value = NULL, filename = '../secret'", None, id="parent"),
        pytest.param(
            "UPDATE Cache SET mode = 2, value = NULL, filename = 'aa/bb/../../../secret'",
            None,
            id="parent-inside",
        ),
        pytest.param("UPDATE Cache SET mode = 3, value = NULL, filename = '../secret'", None, id="text-file"),
        pytest.param("UPDATE Cache SET mode = 2, value = NULL, filename = 7", None, id="number-for-a-name"),
        pytest.param("UPDATE Cache SET mode = 2, value = NULL, filename = NULL", None, id="no-name"),
        pytest.param("UPDATE Cache SET value = 'text', mode = 1, filename = NULL", None, id="text-for-bytes"),
        pytest.param("UPDATE Cache SET value = 5, mode = 1, filename = NULL", None, id="number-for-bytes"),
        pytest.param("UPDATE Cache SET mode = 'x'", None, id="mode-no-number"),
        pytest.param("UPDATE Cache SET expire_time = 1", None, id="expired"),
        pytest.param("UPDATE Cache SET key = key || 'x'", None, id="other-key"),
    ],
)
async def test_a_hostile_row_is_a_miss_and_touches_nothing_else(
    tmp_path: Path, statement: str, value: bytes | None
) -> None:
    folder = tmp_path / "answers"
    await filled(folder)
    secret, made = tmp_path / "secret", tmp_path / "made"
    secret.write_bytes(b"private")
    evil = EVIL % str(made).encode()
    (folder / "pickle.val").write_bytes(evil)
    change(folder, statement, *([evil] if value else []))
    store = DiskStore(folder)
    for key in ("small0", "large0"):
        assert await store.get(key, deadline=PATIENT) is None
        assert await store.set(key, LARGE, ttl_seconds=100, task="ask"), "the row is replaced, its file name unheeded"
        assert await store.get(key, deadline=PATIENT) == LARGE
    await store.clear()
    await store.aclose()
    assert secret.read_bytes() == b"private"
    assert (folder / "pickle.val").exists()
    assert not made.exists()


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(link_out, id="value-is-a-link"),
        pytest.param(link_folder_out, id="its-folder-is-a-link"),
        pytest.param(pipe, id="value-is-a-pipe"),
        pytest.param(lambda f: [p.unlink() for p in f.rglob("*.val")], id="value-gone"),
        pytest.param(lambda f: [(p.unlink(), p.mkdir()) for p in list(f.rglob("*.val"))], id="value-is-a-folder"),
        pytest.param(lambda f: [p.write_bytes(bytes(5_000_000)) for p in f.rglob("*.val")], id="value-is-enormous"),
    ],
)
async def test_a_value_file_that_is_none_is_a_miss(tmp_path: Path, damage: Callable[[Path], object]) -> None:
    folder = tmp_path / "answers"
    await filled(folder)
    damage(folder)
    store = DiskStore(folder)
    found = [await store.get(f"large{number}", deadline=PATIENT) for number in range(4)]
    assert None in found
    for number in range(4):
        assert await store.set(f"large{number}", LARGE, ttl_seconds=100, task="ask")
    await store.aclose()
    outside = [p for p in tmp_path.rglob("*") if "outside" in p.parts or p.name == "secret"]
    assert all(p.read_bytes() == LARGE for p in outside if p.is_file())


@pytest.mark.parametrize("name", ["cache.db", "cache.db-wal", "cache.db-shm"])
async def test_a_database_that_is_a_link_is_not_followed(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "answers"
    await filled(folder)
    outside = tmp_path / "outside"
    outside.write_bytes(b"private")
    (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to(outside)
    store = DiskStore(folder)
    assert await store.get("small0", deadline=PATIENT) is None
    assert await store.set("k", SMALL, ttl_seconds=100, task="ask")
    await store.aclose()
    assert outside.read_bytes() == b"private"


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


async def mutated(folder: Path, *arguments: str) -> tuple[int | None, str]:
    """In a process of its own, because an audit hook can't be taken off again."""
    script = Path(__file__).parent.parent / "support" / "mutate_disk.py"
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(script), str(folder), *arguments, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    return process.returncode, out.decode()


@pytest.mark.timeout(60 + FUZZ)
async def test_mutated_rows_and_files_run_no_code_and_open_nothing_outside(tmp_path: Path) -> None:
    assert await mutated(tmp_path, str(FUZZ)) == (0, f"{FUZZ} rounds, 0 violations\n")


async def test_the_watch_would_notice_diskcache_as_it_comes(tmp_path: Path) -> None:
    code, out = await mutated(tmp_path, "100", "weak")
    assert code == 1
    assert "round" in out


@pytest.mark.timeout(60 + 2 * KILLS)
async def test_killed_writers_lose_no_acknowledged_entry_and_leave_none_wrong(tmp_path: Path) -> None:
    """Two processes write to one folder; one of them is killed in mid-write, again and again."""
    folder = tmp_path / "answers"
    script = Path(__file__).parent.parent / "support" / "write_answers.py"
    acknowledged: dict[str, int] = {}

    async def writer(name: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable, str(script), str(folder), name, stdout=asyncio.subprocess.PIPE
        )

    async def read(process: asyncio.subprocess.Process, lines: int) -> None:
        assert process.stdout is not None
        seen = 0
        while line := await process.stdout.readline():
            if line.endswith(b"\n"):
                key, size = line.split()
                acknowledged[key.decode()] = int(size)
            seen += 1
            if seen == lines:
                process.kill()
        await process.wait()

    steady = await writer("steady")
    background = asyncio.create_task(read(steady, -1))
    for number in range(KILLS):
        await read(await writer(f"w{number}"), 3 + number % 17)
    steady.kill()
    await background
    store = DiskStore(folder)
    assert len(acknowledged) > KILLS * 3
    for key, size in acknowledged.items():
        value = await store.get(key, deadline=PATIENT)
        assert value == (key.encode() * (size // len(key) + 1))[:size], key
    await store.sweep(minimum_age=0)
    rows = sum(1 for size in acknowledged.values() if size >= 32 * 1024)
    files = len(list(folder.rglob("*.val")))
    assert files >= rows
    assert await store.sweep(minimum_age=0) == 0
    assert not list(tmp_path.glob("answers.broken-*"))
    await store.aclose()

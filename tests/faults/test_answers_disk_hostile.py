"""The disk tier when somebody else wrote into its folder: a miss each, no code run, and nothing touched outside of it.

`CACHEWISE_FUZZ` sets how many folders are damaged by chance; 10,000 and more for the long run.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cachewise.answers.disk import DiskStore
from support.answer_folder import LARGE, PATIENT, SMALL, change, filled

FUZZ = int(os.environ.get("CACHEWISE_FUZZ", "300"))
EVIL = b"cos\nmkdir\n(S'%s'\ntR."
"""A pickle that makes a folder when it is loaded."""

pytestmark = pytest.mark.usefixtures("patient")


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

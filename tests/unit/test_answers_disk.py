"""The disk tier while all is well: what is kept, for how long, in whose sight, and what goes when space runs out."""

from __future__ import annotations

import asyncio
import os
import stat
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cachewise.answers.disk import DiskStore
from cachewise.answers.envelope import Envelope, seal

SMALL, LARGE = b"small", b"x" * 100_000
PATIENT = 10.0

pytestmark = pytest.mark.usefixtures("patient")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[DiskStore]:
    store = DiskStore(tmp_path / "answers", size_limit=2_000_000)
    await store.info()
    yield store
    await store.aclose()


@pytest.mark.parametrize("value", [SMALL, LARGE, b""], ids=["row", "file", "empty"])
async def test_what_was_kept_is_found_by_every_process(store: DiskStore, tmp_path: Path, value: bytes) -> None:
    assert await store.set("k", value, ttl_seconds=100, task="ask")
    other = DiskStore(tmp_path / "answers")
    assert await other.get("k", deadline=PATIENT) == value
    await other.delete("k")
    assert await store.get("k", deadline=PATIENT) is None
    assert store.problem is None
    await other.aclose()


async def test_a_value_takes_the_place_of_the_old_and_leaves_no_file(store: DiskStore, tmp_path: Path) -> None:
    for value in (LARGE, LARGE + b"2", SMALL):
        assert await store.set("k", value, ttl_seconds=100, task="ask")
    assert await store.get("k", deadline=PATIENT) == SMALL
    assert list((tmp_path / "answers").rglob("*.val")) == []
    assert (await store.info()).entries == store.entries == 1


async def test_ttl(store: DiskStore, monkeypatch: pytest.MonkeyPatch) -> None:
    assert await store.set("k", SMALL, ttl_seconds=100, task="ask")
    assert not await store.set("never", SMALL, ttl_seconds=0, task="ask")
    later = time.time() + 101
    monkeypatch.setattr("cachewise.answers.disk_cache.time.time", lambda: later)
    assert await store.get("k", deadline=PATIENT) is None


async def test_the_least_recently_used_goes_first(store: DiskStore) -> None:
    for number in range(15):
        assert await store.set(f"k{number}", LARGE, ttl_seconds=1000, task="ask")
    for number in range(15, 40):
        assert await store.get("k0", deadline=PATIENT) == LARGE
        assert await store.set(f"k{number}", LARGE, ttl_seconds=1000, task="ask")
    assert await store.get("k0", deadline=PATIENT) == LARGE
    assert await store.get("k1", deadline=PATIENT) is None
    assert await store.get("k39", deadline=PATIENT) == LARGE
    used = (await store.info()).bytes
    assert used is not None
    assert used < 2_500_000


async def test_clear_takes_one_task_or_all_and_leaves_locks(store: DiskStore) -> None:
    for number in range(250):
        await store.set(f"a{number}", SMALL, ttl_seconds=100, task="ask")
    await store.set("h", LARGE, ttl_seconds=100, task="hover")
    assert await store.acquire("k", "me", 100)
    assert await store.clear("ask") == 250
    assert await store.get("h", deadline=PATIENT) == LARGE
    assert await store.clear("ask") == 0
    assert await store.clear() == 1
    assert await store.acquire("k", "you", 100) is False
    assert (await store.info()).entries == 0


async def test_a_value_beyond_all_bounds_is_refused(store: DiskStore) -> None:
    assert not await store.set("k", bytes(5_000_000), ttl_seconds=100, task="ask")


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077], ids=oct)
async def test_nobody_else_can_read_it_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        store = DiskStore(tmp_path / "a" / "answers")
        await store.set("small", SMALL, ttl_seconds=100, task="ask")
        await store.set("large", LARGE, ttl_seconds=100, task="ask")
        folder = tmp_path / "a" / "answers"
        modes = {p: stat.S_IMODE(p.lstat().st_mode) for p in [folder, *folder.rglob("*")]}
        await store.aclose()
    finally:
        os.umask(before)
    assert len(modes) >= 5
    assert {oct(mode) for path, mode in modes.items() if path.suffix != ".val" and path.is_dir()} == {"0o700"}
    assert {oct(mode) for path, mode in modes.items() if "." in path.name} == {"0o600"}


async def test_a_readable_folder_is_closed_and_a_writable_one_refused(tmp_path: Path) -> None:
    folder = tmp_path / "answers"
    folder.mkdir(mode=0o755)
    store = DiskStore(folder)
    assert await store.set("k", SMALL, ttl_seconds=100, task="ask")
    await store.aclose()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700

    folder.chmod(0o770)
    told: list[str] = []
    store = DiskStore(folder, tell=told.append)
    assert await store.get("k", deadline=PATIENT) is None
    assert await store.get("k", deadline=PATIENT) is None
    assert len(told) == 1
    assert "chmod 700" in told[0]
    assert store.problem == told[0]
    await store.aclose()


async def test_a_writable_or_foreign_database_is_refused(store: DiskStore, tmp_path: Path) -> None:
    await store.aclose()
    database = tmp_path / "answers" / "cache.db"
    database.chmod(0o666)
    again = DiskStore(tmp_path / "answers")
    assert not await again.set("k", SMALL, ttl_seconds=100, task="ask")
    assert again.problem is not None
    await again.aclose()
    database.chmod(0o644)
    again = DiskStore(tmp_path / "answers")
    assert await again.set("k", SMALL, ttl_seconds=100, task="ask")
    assert stat.S_IMODE(database.stat().st_mode) == 0o600
    await again.aclose()


async def test_mmap_is_off_and_waits_are_short(store: DiskStore) -> None:
    def look(cache: object) -> tuple[int, float]:
        sql = cache._sql  # type: ignore[attr-defined]
        ((mapped,),) = sql("PRAGMA mmap_size").fetchall()
        ((wait,),) = sql("PRAGMA busy_timeout").fetchall()
        return mapped, wait / 1000

    mapped, wait = await store._run("read", look, (-1, -1.0), PATIENT)
    assert mapped == 0
    assert 0 < wait <= 0.25


async def test_locks(store: DiskStore, monkeypatch: pytest.MonkeyPatch) -> None:
    assert await store.acquire("k", "me", 100) is True
    assert await store.acquire("k", "you", 100) is False
    assert await store.acquire("other", "you", 100) is True
    assert await store.renew("k", "me", 100) is True
    assert await store.renew("k", "you", 100) is False
    await store.release("k", "you")
    assert await store.acquire("k", "you", 100) is False
    await store.release("k", "me")
    assert await store.acquire("k", "you", 100) is True
    later = time.time() + 101
    monkeypatch.setattr("cachewise.answers.disk_cache.time.time", lambda: later)
    monkeypatch.setattr("diskcache.core.time.time", lambda: later)
    assert await store.renew("k", "you", 100) is False
    assert await store.acquire("k", "me", 100) is True


async def test_check_finds_what_can_not_be_read(store: DiskStore) -> None:
    envelope = Envelope(key="good", task="ask", stored_at=1.0, ttl_seconds=1.0, answer={})
    await store.set("good", seal(envelope), ttl_seconds=100, task="ask")
    assert await store.check() == ()
    await store.set("bad", seal(envelope), ttl_seconds=100, task="ask")
    (finding,) = await store.check()
    assert finding.startswith("1 of 2 entries")


async def test_sweep_takes_old_orphans_and_nothing_else(store: DiskStore, tmp_path: Path) -> None:
    folder = tmp_path / "answers"
    await store.set("k", LARGE, ttl_seconds=100, task="ask")
    (owned,) = folder.rglob("*.val")
    outside = tmp_path / "outside.val"
    outside.write_bytes(b"keep me")
    orphans = [folder / "ab" / "cd" / f"{number:028x}.val" for number in range(3)]
    (folder / "ab" / "cd").mkdir(parents=True)
    for path in orphans:
        path.write_bytes(LARGE)
    strange = folder / "ab" / "cd" / "notes.txt"
    strange.write_text("not ours to remove")
    (folder / "ee").symlink_to(tmp_path)
    old = time.time() - 3600
    for path in (owned, orphans[0], orphans[1], strange, outside):
        os.utime(path, (old, old))
    assert await store.sweep() == 2
    assert [path.exists() for path in orphans] == [False, False, True]
    assert owned.exists()
    assert strange.exists()
    assert outside.exists()
    assert await store.get("k", deadline=PATIENT) == LARGE
    assert await store.sweep(minimum_age=0) == 1


async def test_hundred_lookups_at_once_and_none_after_closing(store: DiskStore) -> None:
    await store.set("k", SMALL, ttl_seconds=100, task="ask")
    assert await asyncio.gather(*(store.get("k", deadline=PATIENT) for _ in range(100))) == [SMALL] * 100
    await store.aclose()
    await store.aclose()
    assert await store.get("k") is None
    assert not await store.set("k", SMALL, ttl_seconds=100, task="ask")


async def test_a_cancelled_lookup_is_just_cancelled(store: DiskStore) -> None:
    await store.set("k", SMALL, ttl_seconds=100, task="ask")
    for _ in range(50):
        task = asyncio.create_task(store.get("k", deadline=PATIENT))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert await store.get("k", deadline=PATIENT) == SMALL
    assert store.problem is None

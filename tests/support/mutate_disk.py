"""`mutate_disk.py FOLDER ROUNDS [weak]`: damages an answer folder in as many ways and watches what reading it does.

Each round takes a fresh copy of a filled folder, changes bytes of its files or fields of its rows (the seed is the
number of the round), and then looks up, stores and clears. An audit hook watches for code that runs and for files
that are opened outside the folder. With `weak` it does so to diskcache as it comes, which shows that it would notice.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import sqlite3
import sys
from pathlib import Path

from cachewise.answers.disk import DiskStore
from cachewise.answers.memory import MemoryStore
from cachewise.answers.tiers import Tiers

COLUMNS = ("key", "raw", "expire_time", "access_time", "tag", "size", "mode", "filename", "value")
NAMES = (None, "../../outside", "/etc/hostname", "aa/../../../outside", f"aa/bb/{'c' * 28}.val")
USED = ("k1", "k2", "k5", "k6")
RAN = {"os.system", "subprocess.Popen", "os.exec", "os.posix_spawn", "os.spawn", "pickle.find_class", "compile", "exec"}
OPENED = {"open", "os.mkdir", "os.remove", "os.rmdir", "os.rename", "sqlite3.connect", "os.truncate", "os.chmod"}


class Watch:
    """Collects what the audit hook sees while `active`."""

    def __init__(self, inside: Path) -> None:
        self.inside = os.fspath(inside)
        self.active = False
        self.violations: list[str] = []

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        if not self.active:
            return
        if event in RAN:
            self.violations.append(event)
        elif event in OPENED and isinstance(arguments[0], str | bytes):
            path = os.fsdecode(arguments[0]).removeprefix("file://").partition("?")[0]
            if os.path.isabs(path) and not os.path.realpath(path).startswith(self.inside):
                self.violations.append(f"{event} {path}")


def wild(chance: random.Random, evil: bytes) -> object:
    """A value that nobody expects."""
    numbers = (None, 0, 1, 2, 3, 4, -1, 2**62, 1e308)
    return chance.choice([*numbers, *NAMES, "", "text", "k1", "x" * 1000, evil, b"", bytes(10)])


def mutate(folder: Path, chance: random.Random, evil: bytes) -> None:
    """Damage a few places."""
    for _ in range(chance.randint(1, 4)):
        if chance.random() < 0.5:
            path = chance.choice([p for p in sorted(folder.rglob("*")) if p.is_file()])
            data = bytearray(path.read_bytes())
            for _ in range(chance.choice([1, 3, 50])):
                if data:
                    data[chance.randrange(len(data))] = chance.randrange(256)
            if chance.random() < 0.3:
                del data[chance.randrange(len(data) + 1) :]
            path.write_bytes(data)
            continue
        connection = sqlite3.connect(folder / "cache.db")
        try:
            with connection:
                if chance.random() < 0.4:
                    row = (chance.randint(0, 5), chance.choice(NAMES), chance.choice([None, evil, b"x"]))
                    where = chance.choice(USED)
                    connection.execute(
                        "UPDATE Cache SET mode = ?, filename = ?, value = ? WHERE key = ?", (*row, where)
                    )
                elif chance.random() < 0.3:
                    names = [row[0] for row in connection.execute("SELECT key FROM Settings")]
                    name = chance.choice([*names, "disk__directory", "sqlite_mmap_size", "_disk", "fetch"])
                    setting = (name, wild(chance, evil))
                    connection.execute("INSERT OR REPLACE INTO Settings VALUES (?, ?)", setting)
                else:
                    update = f"UPDATE Cache SET {chance.choice(COLUMNS)} = ? WHERE rowid = ?"
                    connection.execute(update, (wild(chance, evil), chance.randint(1, 8)))
        except (sqlite3.Error, UnicodeDecodeError):
            continue
        finally:
            connection.close()


async def use(folder: Path) -> None:
    """What a server does with its cache."""
    tiers = Tiers(MemoryStore(), (DiskStore(folder, cooldown=0),))
    for key in USED:
        found = await tiers.get(key, deadline=10)
        assert found is None or found.envelope.answer["text"] == f"answer {key}", key
    tiers.put("k1", task="ask", answer={"text": "answer k1"}, ttl_seconds=100)
    await tiers.settle(deadline=10)
    found = await tiers.get("k1", deadline=10)
    assert found is not None
    await tiers.info()
    (disk,) = tiers.stores[1:]
    assert isinstance(disk, DiskStore)
    await disk.check()
    await disk.sweep(minimum_age=0)
    await tiers.clear("ask")
    await tiers.aclose()


async def main(root: Path, rounds: int) -> int:
    root = root.resolve()
    inside = root / "inside"
    pristine, work = root / "pristine", inside / "answers"
    outside = root / "outside"
    outside.write_bytes(b"private")
    evil = b"cos\nmkdir\n(S'%s'\ntR." % str(root / "ran").encode()
    watch = Watch(inside)
    sys.addaudithook(watch)
    tiers = Tiers(MemoryStore(), (DiskStore(pristine),))
    for number in range(1, 9):
        text = {"text": f"answer k{number}"} | ({"more": "x" * 50_000} if number > 4 else {})
        tiers.put(f"k{number}", task="ask", answer=text, ttl_seconds=10_000)
    await tiers.aclose()
    shutil.copytree(pristine, work)
    await use(work)  # loads every module before the watch begins
    for seed in range(rounds):
        shutil.rmtree(inside)
        shutil.copytree(pristine, work)
        mutate(work, random.Random(seed), evil)
        watch.active = True
        try:
            await use(work)
        finally:
            watch.active = False
        if watch.violations or (root / "ran").exists() or outside.read_bytes() != b"private":
            print(f"round {seed}: {watch.violations}")  # noqa: T201
            return 1
    print(f"{rounds} rounds, {len(watch.violations)} violations")  # noqa: T201
    return 0


def weaken() -> None:
    """Take the seal off."""
    import diskcache

    from cachewise.answers import disk_cache

    vars(disk_cache)["SealedDisk"] = diskcache.Disk


if __name__ == "__main__":
    if sys.argv[3:] == ["weak"]:
        weaken()
    sys.exit(asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]))))

"""A process that writes answers until it is killed: `write_answers.py FOLDER NAME`. Says what is safely stored."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from cachewise.answers.disk import DiskStore


async def main(folder: Path, name: str) -> None:
    store = DiskStore(folder, size_limit=1 << 34, cooldown=0)
    number = 0
    while True:
        key = f"{name}-{number}"
        size = 50_000 if number % 2 else 500
        value = (key.encode() * (size // len(key) + 1))[:size]
        if await store.set(key, value, ttl_seconds=100_000, task="ask"):
            print(key, size, flush=True)  # noqa: T201
        number += 1


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))

"""A process that answers and books as fast as it can, and prints what it was told is safe. Then somebody kills it.

`python -m support.writer HOME NAME` does to the folders of a home what a server does: answers into `cache/answers`,
entries into `state/ledger.sqlite3`, both at once. Its lines are `answer KEY` and `entry ID DOLLARS`.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
from pathlib import Path

from cachewise.answers.disk import DiskStore
from cachewise.answers.envelope import Envelope, seal
from cachewise.ledger.journal import FILE_NAME
from support.ledger_writer import write

TTL = 100_000.0


def folders(home: Path) -> tuple[Path, Path]:
    """Where the answers are, and the ledger."""
    return home / "cache" / "answers", home / "state" / FILE_NAME


def text(key: str) -> str:
    """The answer under a key: one in two is so long that it goes into a file of its own."""
    return (key + " ") * (4000 if key.endswith("odd") else 20)


async def answer(folder: Path, name: str) -> None:
    """Store one answer after another. A lock that another process holds too long is no acknowledgement."""
    store = DiskStore(folder, size_limit=1 << 34, cooldown=0)
    number = 0
    while True:
        key = f"{name}-{number}-{'odd' if number % 2 else 'even'}"
        envelope = Envelope(key=key, task="ask", stored_at=time.time(), ttl_seconds=TTL, answer={"text": text(key)})
        if await store.set(key, seal(envelope), ttl_seconds=TTL, task="ask"):
            print(f"answer {key}", flush=True)  # noqa: T201
        number += 1


async def main(home: Path, name: str) -> None:
    answers, ledger = folders(home)
    seed = random.Random(name).getrandbits(32)
    await asyncio.gather(answer(answers, name), write(ledger, seed, None))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))

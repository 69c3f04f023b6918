"""A process of its own that writes to a ledger as fast as it can, and prints what it was told is committed.

Run as `python -m support.ledger_writer PATH SEED [COUNT]`; without a count it goes on until it is killed. Its lines are
`entry ID DOLLARS`.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
import uuid
from decimal import Decimal
from pathlib import Path

from cachewise.ledger.journal import Journal
from cachewise.ledger.meter import Entry
from support.ledger import usage


async def write(path: Path, seed: int, count: int | None) -> None:
    chance = random.Random(seed)
    journal = Journal(path)
    written = 0
    while count is None or written < count:
        batch = []
        for _ in range(chance.randint(1, 4)):
            cost = str(Decimal(chance.randint(1, 10**9)).scaleb(-9))
            batch.append(Entry(id=uuid.uuid4().hex, time=time.time(), usage=usage(cost=cost, model=f"openai:{seed}")))
        for entry in batch:
            journal.append(entry)
        if await journal.sync(10):
            for entry in batch:
                sys.stdout.write(f"entry {entry.id} {entry.usage.cost.usd}\n")
            sys.stdout.flush()
            written += len(batch)
    await journal.aclose(5)


if __name__ == "__main__":
    limit = int(sys.argv[3]) if len(sys.argv) > 3 else None
    asyncio.run(write(Path(sys.argv[1]), int(sys.argv[2]), limit))

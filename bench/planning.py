"""How long it takes to plan a prompt, in processor time, and to gather what goes into it in a large repository."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench.figures import Figure, Spread

from cachewise.context.exclude import Exclusions
from cachewise.context.gather import Gatherer
from cachewise.context.layout import SharedContext
from cachewise.context.pieces import Piece
from cachewise.context.tail import CompletionTail
from cachewise.context.tokens import TokenEstimator
from cachewise.model.names import ModelName
from cachewise.model.snapshot import Snapshot
from cachewise.providers.traits import traits

GOAL_MS = 5.0
_TOKENS = 100_000
_PACKAGES, _MODULES = 40, 50
_OPEN = 20
_TICK = 0.001
"""Seconds between two looks at whether the event loop is free."""


async def measure(edits: int = 300) -> tuple[Figure, ...]:
    """Edit at random places of a document and plan after each edit."""
    usual = _plan(_files(180), _text(2_000), edits)
    quarter = _plan(_files(45), _text(2_000), edits)
    large = _plan(_files(40), _text(150_000), edits)
    many = _plan(_files(50, 3_000), _text(3_000), edits)
    return (
        _figure("plan, 100,000 tokens of context", usual[1:], GOAL_MS),
        _figure("  the same with a quarter of it", quarter[1:], None),
        _figure("  first plan of 100,000 tokens", usual[:1], None),
        _figure("plan, a document of 5 MB", large[1:], GOAL_MS),
        _figure("plan, 5 MB of open documents", many[1:], GOAL_MS),
        *await _gathering(),
    )


def _figure(name: str, values: Sequence[float], goal: float | None) -> Figure:
    spread = Spread.of(values, 1000)
    return Figure(name=name, value=spread.at(0.95), unit="ms", goal=goal, spread=spread, note="95th percentile")


def _plan(pieces: Sequence[Piece], text: str, edits: int) -> list[float]:
    chance = random.Random(5)
    model = traits(ModelName("openrouter", "anthropic/claude-sonnet-4.5"))
    context = SharedContext("bench", TokenEstimator(model.tokens_per_byte))
    seconds = []
    at = len(text) // 2
    for number in range(edits):
        if number % 20 == 0:
            at = chance.randrange(len(text))
        text = text[:at] + "x" + text[at:]
        at += 1
        snapshot = Snapshot(
            uri="file:///main.py", version=number, language="python", text=text, start=at, end=at, path=None,
            folder=None, name="main.py",
        )  # fmt: skip
        began = time.thread_time()
        context.plan(snapshot, pieces, CompletionTail(), model, _TOKENS)
        seconds.append(time.thread_time() - began)
    return seconds


async def _gathering(rounds: int = 30) -> tuple[Figure, ...]:
    """Gather for documents of a repository of 2,000 files, and see how long the event loop is held up meanwhile."""
    with tempfile.TemporaryDirectory(prefix="cachewise-bench-") as place:
        documents = await asyncio.to_thread(_repository, Path(place))
        gatherer = Gatherer(Exclusions(place), deadline=60.0)
        stalls: list[float] = []
        watch = asyncio.create_task(_stalls(stalls))
        seconds: list[float] = []
        pieces: tuple[Piece, ...] = ()
        for number in range(rounds):
            began = time.perf_counter()
            pieces = await gatherer.gather(documents[number % _OPEN], documents)
            seconds.append(time.perf_counter() - began)
        watch.cancel()
    if len(pieces) < _OPEN:
        raise RuntimeError(f"only {len(pieces)} files were gathered")
    count = f"{_PACKAGES * _MODULES:,} files, {_OPEN} of them open, {len(pieces)} gathered"
    again, held = Spread.of(seconds[1:], 1000), Spread.of(stalls, 1000)
    return (
        Figure(name="  gather for the first time, in a thread", value=seconds[0] * 1000, unit="ms", note=count),
        Figure(name="  gather again, in a thread, median", value=again.median, unit="ms", spread=again),
        Figure(name="  event loop held up meanwhile, p99", value=held.p99, unit="ms", spread=held),
    )


async def _stalls(found: list[float]) -> None:
    while True:
        began = time.perf_counter()
        await asyncio.sleep(_TICK)
        found.append(max(0.0, time.perf_counter() - began - _TICK))


def _repository(folder: Path) -> list[Snapshot]:
    """Write the files; return those that are open."""
    documents: list[Snapshot] = []
    for package in range(_PACKAGES):
        (folder / f"package{package}").mkdir()
        for module in range(_MODULES):
            near = [(package, (module + step) % _MODULES) for step in (1, 2, 3)]
            far = [((package + step) % _PACKAGES, module) for step in (1, 2)]
            head = "".join(f"from package{p} import module{m}\n" for p, m in (*near, *far))
            path = folder / f"package{package}" / f"module{module}.py"
            text = head + _text(60)
            path.write_text(text)
            if module == 0 and len(documents) < _OPEN:
                documents.append(
                    Snapshot(
                        uri=path.as_uri(), version=1, language="python", text=text, start=0, end=0, path=str(path),
                        folder=str(folder), name=path.relative_to(folder).as_posix(),
                    )
                )  # fmt: skip
    return documents


def _files(count: int, lines: int = 60) -> list[Piece]:
    return [Piece(name=f"lib/{n}.py", text=_text(lines), path=f"/lib/{n}.py", open=True) for n in range(count)]


def _text(lines: int) -> str:
    return "".join(f"    value_{number} = compute({number})\n" for number in range(lines))

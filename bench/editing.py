"""Typing: how long a change of a document takes, alone and while twenty answers stream.

The round trip is that of a request sent right behind the change. It can only be answered once the change was applied,
so it holds the change, its way there, and whatever kept the server busy. The server's own share is measured in it by
`timed_server.py`.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import tempfile
import time
from pathlib import Path

from bench.figures import Figure, Spread
from bench.processes import explanation, first_delta, open_source, provider, server

from cachewise.session.documents import Change, Document
from cachewise.simulator.script import Script
from support.lsp_client import LspProcess, RpcError

STREAMS = 20
PACE = 0.02
"""Seconds between two tokens of a stream: 50 a second, as a fast model streams."""
GOAL_MS = 5.0
GOAL_LARGE_MS = 0.1
_FILE = "lsp/server.py"
_PAUSE = 0.012
"""Seconds between two changes: faster than anybody types, so that there are enough of them."""
_ANSWER = "word " * 1400
_LOADING = "the provider's library loads meanwhile"


async def measure(edits: int = 400) -> tuple[Figure, ...]:
    """Edit without streams, with them, and in a document of 1 MB without a server around it."""
    script = Script(token_delay=PACE, answer=_ANSWER)
    with tempfile.TemporaryDirectory(prefix="cachewise-bench-") as folder:
        times = Path(folder) / "times.json"
        timed = str(Path(__file__).with_name("timed_server.py"))
        async with provider(script) as upstream, server(upstream.base_url, (sys.executable, timed, str(times))) as lsp:
            uri = open_source(lsp, _FILE)
            loading = await _edit(lsp, uri, edits // 4, 2)
            number, future = lsp.start_request("cachewise/explain", explanation(uri, "loaded"))
            await first_delta(lsp, "loaded")
            lsp.cancel(number)
            await asyncio.wait((future,))
            quiet = await _edit(lsp, uri, edits // 2, 2 + edits)
            tokens = [f"stream-{number}" for number in range(STREAMS)]
            phase = random.Random(7)
            asked = []
            for token in tokens:  # not all at once: streams of real people don't tick together
                asked.append(lsp.start_request("cachewise/explain", explanation(uri, token)))
                await asyncio.sleep(phase.uniform(0.0, PACE))
            for token in tokens:
                await first_delta(lsp, token)
            before = sum(len(lsp.progress(token)) for token in tokens)
            began = time.perf_counter()
            busy = await _edit(lsp, uri, edits, 2 + 2 * edits)
            rate = (sum(len(lsp.progress(token)) for token in tokens) - before) / (time.perf_counter() - began)
            running = sum(not future.done() for _id, future in asked)
            for number, _future in asked:
                lsp.cancel(number)
            await asyncio.gather(*(future for _id, future in asked), return_exceptions=True)
        handled = json.loads(times.read_text())
    if running != STREAMS:
        raise RuntimeError(f"only {running} of {STREAMS} streams ran to the end of the measurement")
    trip, alone, early = (Spread.of(values, 1000.0) for values in (busy, quiet, loading))
    inside = Spread.of(handled[-edits:], 1000.0)
    large = Spread.of(_edit_large(), 1000.0)
    note = f"{rate:.0f} deltas/s reach the client meanwhile"
    return (
        Figure(
            name=f"didChange, {STREAMS} streams, p99", value=trip.p99, unit="ms", goal=GOAL_MS, spread=trip, note=note
        ),
        Figure(name="  the same without streams, p99", value=alone.p99, unit="ms", spread=alone),
        Figure(name="  the same just after opening, p99", value=early.p99, unit="ms", spread=early, note=_LOADING),
        Figure(name="  handling in the server, 20 streams, p99", value=inside.p99, unit="ms", spread=inside),
        Figure(
            name="one edit in a 1 MB file, median",
            value=large.median,
            unit="ms",
            goal=GOAL_LARGE_MS,
            spread=large,
            note="in this process, text not joined",
        ),
    )


async def _edit(lsp: LspProcess, uri: str, count: int, version: int) -> list[float]:
    """Seconds that each of so many changes took, until the request behind it was answered."""
    seconds = []
    for number in range(count):
        line = 20 + number % 40
        at = {"line": line, "character": 0}
        text, end = ("x", at) if number % 2 == 0 else ("", {"line": line - 1, "character": 1})
        start = at if number % 2 == 0 else {"line": line - 1, "character": 0}
        document = {"uri": uri, "version": version + number}
        changes = [{"range": {"start": start, "end": end}, "text": text}]
        lsp.notify("textDocument/didChange", {"textDocument": document, "contentChanges": changes})
        _id, future = lsp.start_request("bench/probe")
        began = time.perf_counter()
        try:
            await asyncio.wait_for(future, 10.0)
        except RpcError:
            seconds.append(time.perf_counter() - began)
        await asyncio.sleep(_PAUSE)
    return seconds


def _edit_large(edits: int = 3000) -> list[float]:
    """Seconds of single edits all over a document of 1 MB: typed characters, a few line ends, and deletions."""
    line = "    total = first + second  # a line like any other\n"
    document = Document(uri="file:///large.py", language="python", version=0, text="", encoding="utf-16")
    document.apply([Change(None, line * (1_000_000 // len(line)))])
    chance = random.Random(7)
    seconds = []
    for version in range(edits):
        at = (chance.randrange(document.line_count - 2), chance.randrange(20))
        end = (at[0], at[1] + 1) if version % 3 == 0 else at
        change = Change((at, end), "\n" if version % 10 == 1 else "x")
        began = time.perf_counter()
        document.apply([change], version + 1)
        seconds.append(time.perf_counter() - began)
    return seconds

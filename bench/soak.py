"""Eight hours of typing as fast as it goes, against a real server: does anything grow that should not?

    python bench/soak.py [--completions 50000]        (make soak)

50,000 completions are what somebody who types all day may ask for. They are a mixture: asked by hand, asked while
typing, typed through, cancelled, superseded, deleted, with documents opened and closed meanwhile. What the server holds
after the first tenth is compared with what it holds at the end. Exit status 1 where memory grew by 20 MB or more, or a
descriptor or a task is left over; never for being slow.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.peers import document, loopback
from bench.processes import DEADLINE, server_env

from support.lsp_client import LspProcess, RpcError

GROWTH = 20e6
"""Bytes that the server may grow by."""
DOCUMENTS = 6
LINES = 400
"""A document that has grown by so many lines is written anew, as somebody goes on to another file."""
QUIET = 30.0
"""Seconds that what runs in the background may take to end before things are counted: bills are asked for later."""
IDLE_TASKS = 2
"""Tasks of a server that has nothing to do."""
POOLED = 4
"""Connections that the provider's client may keep open more or less."""


@dataclass(frozen=True, slots=True)
class Held:
    """What a server holds at one moment."""

    done: int
    memory: int
    descriptors: int
    threads: int
    tasks: int
    objects: int

    def __str__(self) -> str:
        return (
            f"{self.done:>7,} completions  {self.memory / 1e6:7.1f} MB  {self.descriptors:3} descriptors  "
            f"{self.threads:3} threads  {self.tasks:3} tasks  {self.objects:>9,} objects"
        )


class Typist:
    """Asks for completions in every way that there is."""

    def __init__(self, lsp: LspProcess, root: Path) -> None:
        self._lsp = lsp
        self._chance = random.Random(8)
        self._root = root
        self._versions: dict[str, int] = {}
        self._line: dict[str, int] = {}
        self.done = 0
        self.answered = 0
        for number in range(DOCUMENTS):
            self._open(number)

    async def one(self) -> None:
        """A few completions at a new place of some document."""
        number = self._chance.randrange(DOCUMENTS)
        uri = self._uri(number)
        if self._line[uri] > LINES:
            self._lsp.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
            self._open(number)
        line = self._line[uri] = self._line[uri] + 1
        self._insert(uri, line, 0, f"    answer_{line} = \n")
        column = len(f"    answer_{line} = ")
        match self._chance.randrange(5):
            case 0:  # asked by hand, then typed through and deleted back into
                text = await self._ask(uri, line, column, invoked=True)
                for at, key in enumerate(text[:8]):
                    self._insert(uri, line, column + at, key)
                    await self._ask(uri, line, column + at + 1)
                if text:
                    self._delete(uri, line, column + min(8, len(text)) - 1)
                    await self._ask(uri, line, column + min(8, len(text)) - 1)
            case 1:  # typed on before the answer came: each question supersedes the one before
                asked = []
                for at, key in enumerate("value"):
                    self._insert(uri, line, column + at, key)
                    asked.append(asyncio.ensure_future(self._ask(uri, line, column + at + 1)))
                await asyncio.gather(*asked)
            case 2:  # cancelled
                id_, future = self._request(uri, line, column, invoked=True)
                await asyncio.sleep(self._chance.choice((0.0, 0.001, 0.01)))
                self._lsp.cancel(id_)
                await asyncio.gather(future, return_exceptions=True)
                self.done += 1
            case 3:  # closed while it is asked for
                asked = [asyncio.ensure_future(self._ask(uri, line, column, invoked=True))]
                await asyncio.sleep(0)
                self._line[uri] = LINES + 1
                await asyncio.gather(*asked)
            case _:
                await self._ask(uri, line, column)
        del self._lsp.messages[:], self._lsp.times[:]
        self._lsp.replies.clear()

    async def _ask(self, uri: str, line: int, column: int, *, invoked: bool = False) -> str:
        _, future = self._request(uri, line, column, invoked=invoked)
        try:
            result = await asyncio.wait_for(future, DEADLINE)
        finally:
            self.done += 1
        text: str = result["items"][0]["insertText"] if result["items"] else ""
        self.answered += bool(text)
        return text

    def _request(self, uri: str, line: int, column: int, *, invoked: bool) -> tuple[int, asyncio.Future[Any]]:
        where = {"textDocument": {"uri": uri}, "position": {"line": line, "character": column}}
        params = {**where, "context": {"triggerKind": 1 if invoked else 2}}
        return self._lsp.start_request("textDocument/inlineCompletion", params)

    def _open(self, number: int) -> None:
        uri = self._uri(number)
        self._versions[uri], self._line[uri] = 1, 1
        self._lsp.open(uri, document(8_000))

    def _uri(self, number: int) -> str:
        return (self._root / f"soak_{number}.py").as_uri()

    def _insert(self, uri: str, line: int, column: int, text: str) -> None:
        self._change(uri, (line, column), (line, column), text)

    def _delete(self, uri: str, line: int, column: int) -> None:
        self._change(uri, (line, column), (line, column + 1), "")

    def _change(self, uri: str, start: tuple[int, int], end: tuple[int, int], text: str) -> None:
        self._versions[uri] += 1
        span = {name: {"line": at[0], "character": at[1]} for name, at in (("start", start), ("end", end))}
        document = {"uri": uri, "version": self._versions[uri]}
        params = {"textDocument": document, "contentChanges": [{"range": span, "text": text}]}
        self._lsp.notify("textDocument/didChange", params)


async def held(lsp: LspProcess, done: int) -> Held:
    """Wait for quiet, and look."""
    end = time.perf_counter() + QUIET
    counts = await lsp.request("bench/counts", None, DEADLINE)
    while counts["tasks"] > IDLE_TASKS and time.perf_counter() < end:
        await asyncio.sleep(0.5)
        counts = await lsp.request("bench/counts", None, DEADLINE)
    process = Path(f"/proc/{lsp.pid}")
    return Held(
        done,
        lsp.memory,
        len(os.listdir(process / "fd")),
        len(os.listdir(process / "task")),
        counts["tasks"],
        counts["objects"],
    )


async def soak(completions: int) -> list[Held]:
    """What the server held after each tenth."""
    looks: list[Held] = []
    with tempfile.TemporaryDirectory(prefix="cachewise-bench-") as folder:
        home = Path(folder)
        (root := home / "project").mkdir()
        program = str(Path(__file__).with_name("counted_server.py"))
        async with loopback() as origin:
            env = server_env(home, f"{origin}/api/v1")
            async with await LspProcess.start((sys.executable, program), env) as lsp:
                await lsp.initialize(root=root, options={"completion": {"debounceMs": 0, "offline": "off"}})
                typist = Typist(lsp, root)
                began = time.perf_counter()
                for tenth in range(1, 11):
                    while typist.done < completions * tenth // 10:
                        await typist.one()
                    looks.append(await held(lsp, typist.done))
                    print(looks[-1], flush=True)
                seconds = time.perf_counter() - began
                print(f"{typist.answered:,} of {typist.done:,} brought a suggestion; {seconds:.0f} s")
    return looks


def leaks(first: Held, last: Held) -> list[str]:
    """What was left over, as sentences."""
    found = []
    if last.memory - first.memory >= GROWTH:
        found.append(f"memory grew by {(last.memory - first.memory) / 1e6:.1f} MB")
    if last.descriptors > first.descriptors + POOLED:
        found.append(f"descriptors went from {first.descriptors} to {last.descriptors}")
    if last.tasks > max(first.tasks, IDLE_TASKS):
        found.append(f"tasks went from {first.tasks} to {last.tasks}")
    return found


def main() -> int:
    """Soak, and say what leaked."""
    parser = argparse.ArgumentParser(description="Eight hours of typing as fast as it goes.")
    parser.add_argument("--completions", type=int, default=50_000)
    options = parser.parse_args()
    try:
        looks = asyncio.run(soak(options.completions))
    except (RpcError, ConnectionError, TimeoutError) as error:
        print(f"the server broke: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    found = leaks(looks[0], looks[-1])
    grown = (looks[-1].memory - looks[0].memory) / 1e6
    print(f"memory {grown:+.1f} MB since the first tenth; {'; '.join(found) or 'nothing leaked'}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

"""What a completion costs in time beside the provider's own: cachewise and tabby-agent, in turns, in one run.

    python bench/peers.py [--rounds 100] [--json]

Each server asks the same loopback provider (`loopback.py`), which answers at once and tells its own time. A round is an
edit at a new place and a completion asked for by hand right behind it; what is told is the time from asking to the
answer, less the provider's own. Twice: with 30,000 tokens of context, and beside that in a document of 1 MB. Hits are
the keys of a suggestion typed one by one, each with a request. tabby-agent is told not to debounce; by default it does.
Installs tabby-agent by `tools/peers.sh`. Exit status 0 whatever the figures are.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import sys
import tempfile
import time
import urllib.request
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.figures import Spread
from bench.processes import DEADLINE, SERVE, server_env

from cachewise.simulator.tokens import count_tokens
from support.lsp_client import LspProcess

ROOT = Path(__file__).resolve().parent.parent
CONTEXT = 30_000
"""Tokens of other open files."""
GOALS = {"30k tokens": 10.0, "30k tokens, 1 MB document": 15.0, "typed through": 3.0}
"""Milliseconds: the 95th percentile of the first two, the median of the last."""
QUIET = 0.0005
"""Seconds of the processor in the last 20 ms that a server which rests may have used."""


@dataclass(slots=True)
class Peer:
    """One server with its documents, and what was measured of it."""

    name: str
    lsp: LspProcess
    origin: str
    inline: bool
    """Whether it has `textDocument/inlineCompletion`; else `textDocument/completion`."""
    texts: dict[str, str] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, list[float]] = field(default_factory=dict)
    processor: dict[str, list[float]] = field(default_factory=dict)
    """Seconds of the processor for each round, also for what the server does behind its answer."""

    def open(self, uri: str, text: str) -> None:
        """Open a document."""
        self.texts[uri], self.versions[uri] = text, 1
        self.lsp.open(uri, text)

    def insert(self, uri: str, line: int, character: int, new: str) -> None:
        """Type at a place."""
        self.versions[uri] += 1
        at = {"line": line, "character": character}
        change = {"range": {"start": at, "end": at}, "text": new}
        document = {"uri": uri, "version": self.versions[uri]}
        self.lsp.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [change]})

    async def complete(self, uri: str, line: int, character: int) -> tuple[str, float]:
        """The text that is suggested, and the seconds until it came."""
        where = {"textDocument": {"uri": uri}, "position": {"line": line, "character": character}}
        method = "textDocument/inlineCompletion" if self.inline else "textDocument/completion"
        began = time.perf_counter()
        result = await self.lsp.request(method, {**where, "context": {"triggerKind": 1}}, DEADLINE)
        seconds = time.perf_counter() - began
        items = result["items"] if isinstance(result, dict) else result or []
        if not items:
            return "", seconds
        item = items[0]
        return item.get("insertText") or item.get("textEdit", {}).get("newText") or "", seconds

    def processor_seconds(self) -> float:
        """What all threads of the server have used of the processor; hardly moved by what else the machine does."""
        pids, nanoseconds = [str(self.lsp.pid)], 0
        for pid in pids:  # a launcher's child is the server, too
            for task in Path(f"/proc/{pid}/task").iterdir():
                pids += (task / "children").read_text().split()
                nanoseconds += int((task / "schedstat").read_text().split()[0])
        return nanoseconds / 1e9

    async def provider_seconds(self) -> list[float]:
        """What the provider took for each completion since the last look."""

        def look() -> list[float]:
            with urllib.request.urlopen(f"{self.origin}/times", timeout=DEADLINE) as answer:
                found: list[float] = json.load(answer)
                return found

        return await asyncio.to_thread(look)


async def quiet(peers: Sequence[Peer]) -> None:
    """Wait until no server works any more behind its last answer, so that none is measured beside another's rest."""
    used = -1.0
    async with asyncio.timeout(DEADLINE):
        while (now := sum(peer.processor_seconds() for peer in peers)) - used > QUIET:
            used = now
            await asyncio.sleep(0.02)


@asynccontextmanager
async def loopback() -> AsyncIterator[str]:
    """The origin of a provider in a process of its own."""
    program = str(Path(__file__).with_name("loopback.py"))
    process = await asyncio.create_subprocess_exec(sys.executable, program, stdin=PIPE, stdout=PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield json.loads(await asyncio.wait_for(process.stdout.readline(), DEADLINE))["origin"]
    finally:
        process.stdin.close()
        await asyncio.wait_for(process.wait(), 5)


@asynccontextmanager
async def cachewise(origin: str, home: Path, root: Path) -> AsyncIterator[Peer]:
    """This server."""
    env = server_env(home, f"{origin}/api/v1")
    async with await LspProcess.start(SERVE, env) as lsp:
        options = {"context": {"maxTokens": 2 * CONTEXT}, "completion": {"offline": "off"}}
        await lsp.initialize(root=root, options=options)
        yield Peer("cachewise", lsp, origin, inline=True)


@asynccontextmanager
async def tabby(origin: str, home: Path, root: Path, folder: Path) -> AsyncIterator[Peer]:
    """tabby-agent 1.5.0."""
    config = home / ".tabby-client" / "agent"
    config.mkdir(parents=True)
    (config / "config.toml").write_text(
        f'[server]\nendpoint = "{origin}"\ntoken = "made-up"\n'
        '[completion.debounce]\nmode = "fixed"\ninterval = 0\n'
        "[anonymousUsageTracking]\ndisable = true\n"
    )
    program = folder / "node_modules" / "tabby-agent" / "dist" / "cli.js"
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    async with await LspProcess.start(("node", program, "--lsp", "--stdio"), {"HOME": str(home), "PATH": path}) as lsp:
        await lsp.initialize(root=root)
        yield Peer("tabby-agent", lsp, origin, inline=False)


def context_files() -> list[str]:
    """Texts of so many tokens together."""
    files: list[str] = []
    left = CONTEXT
    while left > 0:
        number = len(files)
        text = "".join(f"    value_{number}_{line} = compute_something(first, {line})\n" for line in range(150))
        files.append(f"def function_{number}(first):\n{text}")
        left -= count_tokens(files[-1])
    return files


def document(size: int) -> str:
    """A document of so many characters."""
    part = "".join(f"    total_{n} = first + second_{n}  # a line\n" for n in range(20))
    piece = f"def work(first):\n{part}    return first\n\n\n"
    return piece * (size // len(piece) + 1)


async def miss(peer: Peer, uri: str, case: str, line: int) -> None:
    """One round: a new line with a few letters, and a completion behind them."""
    used = peer.processor_seconds()
    peer.insert(uri, line, 0, f"    answer_{line} = \n")
    text, seconds = await peer.complete(uri, line, len(f"    answer_{line} = "))
    asked = await peer.provider_seconds()
    peer.processor.setdefault(case, []).append(peer.processor_seconds() - used)
    if not text or len(asked) != 1:
        raise RuntimeError(f"{peer.name} gave {text!r} after {len(asked)} requests to the provider")
    peer.seconds.setdefault(case, []).append(seconds - asked[0])


async def through(peer: Peer, uri: str, line: int) -> None:
    """A suggestion, typed key by key."""
    case, column = "typed through", len(f"    through_{line} = ")
    peer.insert(uri, line, 0, f"    through_{line} = \n")
    text, _ = await peer.complete(uri, line, column)
    await peer.provider_seconds()
    for key in text[:20]:
        peer.insert(uri, line, column, key)
        column += 1
        left, seconds = await peer.complete(uri, line, column)
        if left:
            peer.seconds.setdefault(case, []).append(seconds)
    asked = await peer.provider_seconds()
    peer.seconds.setdefault("requests while typing through", []).append(float(len(asked)))


async def measure(rounds: int) -> list[Peer]:
    """All servers, in turns."""
    process = await asyncio.create_subprocess_exec(str(ROOT / "tools" / "peers.sh"), stdout=PIPE)
    out, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError("tools/peers.sh could not install tabby-agent")
    chance = random.Random(3)
    async with AsyncExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cachewise-bench-")))
        root = home / "project"
        for name in ("project", "one", "two"):
            (home / name).mkdir()
        origins = [await stack.enter_async_context(loopback()) for _ in range(2)]
        peers = [
            await stack.enter_async_context(cachewise(origins[0], home / "one", root)),
            await stack.enter_async_context(tabby(origins[1], home / "two", root, Path(out.decode().strip()))),
        ]
        small, large = (root / "small.py").as_uri(), (root / "large.py").as_uri()
        for peer in peers:
            for number, text in enumerate(context_files()):
                peer.open((root / f"lib_{number}.py").as_uri(), text)
            peer.open(small, document(20_000))
            await miss(peer, small, "the first", 3)
        for turn in range(rounds):
            line = chance.randrange(20, 300)
            for peer in peers:
                await quiet(peers)
                await miss(peer, small, "30k tokens", line)
            if turn % 10 == 9:
                print(f"{turn + 1} of {rounds} rounds ...", file=sys.stderr, flush=True)
        for turn in range(max(1, rounds // 10)):
            for peer in peers:
                await through(peer, small, 40 + turn)
        for peer in peers:
            peer.open(large, document(1_000_000))
            await miss(peer, large, "the first, 1 MB document", 3)
        for _ in range(rounds):
            line = chance.randrange(20, 15_000)
            for peer in peers:
                await quiet(peers)
                await miss(peer, large, "30k tokens, 1 MB document", line)
        return peers


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Completions beside the provider's own time.")
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    peers = asyncio.run(measure(options.rounds))
    shapes = []
    for case in peers[0].seconds:
        scale = 1.0 if case.startswith("requests") else 1000.0
        for peer in peers:
            spread = Spread.of(peer.seconds.get(case) or [float("nan")], scale)
            used = Spread.of(peer.processor.get(case) or [float("nan")], 1000.0).median
            shapes.append({"case": case, "server": peer.name, "least": spread.least, "p50": spread.median,
                           "p95": spread.at(0.95), "processor": used, "count": len(spread.values),
                           "goal": GOALS.get(case)})  # fmt: skip
    if options.json:
        print(json.dumps({"load": os.getloadavg()[0], "figures": shapes}, indent=2))
        return 0
    print(f"{'milliseconds':30}{'':12}{'least':>9}{'p50':>9}{'p95':>9}{'processor':>11}{'n':>5}  goal")
    for shape in shapes:
        numbers: list[Any] = [shape[name] for name in ("case", "server", "least", "p50", "p95", "processor", "count")]
        print("{:30}{:12}{:9.2f}{:9.2f}{:9.2f}{:11.2f}{:5}".format(*numbers) + f"  {shape['goal'] or ''}")
    print(f"load {os.getloadavg()[0]:.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

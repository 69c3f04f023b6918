"""A real server process beside a simulated provider, in folders of their own: what end-to-end tests work at.

`async with desk() as d:` starts both and shakes hands. The server sees no variable of this process but those named
here, so that nobody's key or settings get in. Where a test fails, the server's log is printed.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cachewise.simulator.records import Record
from cachewise.simulator.script import Script
from cachewise.simulator.server import Simulator
from support.lsp_client import DEADLINE, LspProcess
from support.prefixes import check_prefixes

KEY = "test-key-0123456789abcdef"
MODEL = "openrouter:anthropic/claude-haiku-4.5"
VIRTUAL: dict[str, Any] = {
    "workspace": {"textDocumentContent": {"dynamicRegistration": False}, "configuration": False},
    "window": {"workDoneProgress": True, "showDocument": {"support": True}},
    "textDocument": {"codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["", "quickfix"]}}}},
}
"""Capabilities of a client that knows virtual documents."""
USAGE_KEYS = {
    "feature", "model", "source", "inputTokens", "cacheReadTokens", "cacheWriteTokens", "outputTokens", "costUsd",
    "costSource", "savedUsd", "firstTokenMs", "totalMs", "outcome", "cacheMiss", "predicted",
}  # fmt: skip
TOTALS_KEYS = {
    "requests", "inputTokens", "cacheReadTokens", "cacheWriteTokens", "outputTokens", "costUsd", "costIsComplete",
    "savedUsd", "answersHits", "answersSavedUsd", "hitRatio", "accepted", "shown",
}  # fmt: skip
_INHERITED = ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH")


@dataclass(frozen=True)
class Moment:
    """What was known at some time."""

    mark: int
    last: dict[str, Any] | None
    """The usage of the request that ended last."""


@dataclass
class Desk:
    """A server, its provider and its folders, with the gestures of an editor."""

    lsp: LspProcess
    simulator: Simulator
    home: Path
    workspace: Path
    clock: Path | None = None
    announced: dict[str, Any] = field(default_factory=dict)
    """The result of `initialize`."""
    _versions: dict[str, int] = field(default_factory=dict)
    _tokens: int = 0
    _seen: int = 0
    """Requests that the provider had received before."""

    # Documents

    def open(self, name: str, text: str, language: str = "python", *, on_disk: bool = True) -> str:
        """Open a document of the workspace and return its URI."""
        path = self.workspace / name
        if on_disk:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
        self.lsp.open(path.as_uri(), text, language)
        self._versions[path.as_uri()] = 1
        return path.as_uri()

    def edit(self, uri: str, line: int, character: int, text: str, *, end: tuple[int, int] | None = None) -> None:
        """Type a text at a place, or over the text up to `end`."""
        self._versions[uri] += 1
        start = {"line": line, "character": character}
        stop = start if end is None else {"line": end[0], "character": end[1]}
        self.lsp.notify(
            "textDocument/didChange",
            {
                "textDocument": {"uri": uri, "version": self._versions[uri]},
                "contentChanges": [{"range": {"start": start, "end": stop}, "text": text}],
            },
        )

    def close(self, uri: str) -> None:
        self.lsp.notify("textDocument/didClose", {"textDocument": {"uri": uri}})

    # Questions

    def token(self, kind: str) -> str:
        """A progress token that was not used before."""
        self._tokens += 1
        return f"{kind}-{self._tokens}"

    def explain_params(self, uri: str, first: int = 0, last: int = 5, **more: Any) -> dict[str, Any]:
        return {"textDocument": {"uri": uri}, "range": lines(first, last), **more}

    async def explain(self, uri: str, first: int = 0, last: int = 5, **more: Any) -> dict[str, Any]:
        """The result of `cachewise/explain` over some lines."""
        result: dict[str, Any] = await self.lsp.request(
            "cachewise/explain", self.explain_params(uri, first, last, **more)
        )
        return result

    async def ask(self, uri: str, question: str, **more: Any) -> dict[str, Any]:
        params = {"textDocument": {"uri": uri}, "question": question, **more}
        result: dict[str, Any] = await self.lsp.request("cachewise/ask", params)
        return result

    def completion_params(self, uri: str, line: int, character: int, kind: int = 1) -> dict[str, Any]:
        return {
            "textDocument": {"uri": uri},
            "position": {"line": line, "character": character},
            "context": {"triggerKind": kind},
        }

    async def complete(self, uri: str, line: int, character: int, *, kind: int = 1) -> list[dict[str, Any]]:
        """The items of an inline completion."""
        params = self.completion_params(uri, line, character, kind)
        result = await self.lsp.request("textDocument/inlineCompletion", params)
        assert set(result) == {"items"}
        items: list[dict[str, Any]] = result["items"]
        return items

    async def command(self, name: str, *arguments: Any, token: str | None = None) -> Any:
        params: dict[str, Any] = {"command": name, "arguments": list(arguments)}
        return await self.lsp.request(
            "workspace/executeCommand", params if token is None else {**params, "workDoneToken": token}
        )

    async def usage(self) -> dict[str, Any]:
        """The result of `cachewise.usage`."""
        result: dict[str, Any] = await self.command("cachewise.usage")
        return result

    @asynccontextmanager
    async def elsewhere(self, script: Script | None = None) -> AsyncIterator[Desk]:
        """The same server and provider at work in another folder of the workspace, as if nothing had been before.

        Each folder has a prefix of its own. The session's sums and health go on from where they are. What was received
        is forgotten at the end.
        """
        count = sum(path.is_dir() for path in self.workspace.parent.iterdir())
        folder = self.workspace.with_name(f"project-{count}")
        folder.mkdir()
        self._folders(added=[folder])
        await self.quiet()
        self.simulator.follow(script or Script())
        there = replace(self, workspace=folder, _versions={}, _seen=len(self.simulator.requests))
        yield there
        for uri in there._versions:
            there.close(uri)
        self._folders(removed=[folder])
        await there.quiet()
        check_conduct(self.lsp)
        self.lsp.forget()

    def _folders(self, *, added: Sequence[Path] = (), removed: Sequence[Path] = ()) -> None:
        """Tell of other workspace folders."""
        came, went = ([{"uri": path.as_uri(), "name": path.name} for path in paths] for paths in (added, removed))
        self.lsp.notify("workspace/didChangeWorkspaceFolders", {"event": {"added": came, "removed": went}})

    def advance(self, seconds: float) -> None:
        """Let time pass, for the server and for the provider's caches."""
        assert self.clock is not None, "the desk has to be `clocked`"
        later = self.clock.with_suffix(".new")
        later.write_text(str(float(self.clock.read_text()) + seconds))
        later.replace(self.clock)  # at once: the server reads it at any moment
        self.simulator.advance(seconds)

    # What came of them

    @property
    def records(self) -> list[Record]:
        return self.simulator.requests[self._seen :]

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait for something at the provider, as long as a busy machine may need."""
        await self.simulator.until(holds, DEADLINE)

    async def quiet(self) -> None:
        """Wait until the provider has no request in work."""
        await self.until(lambda: all(record.ended_at is not None for record in self.records))

    @property
    def statuses(self) -> list[dict[str, Any]]:
        return self.lsp.notifications("cachewise/status")

    async def status(self, fits: Callable[[dict[str, Any]], bool], *, since: int = 0) -> dict[str, Any]:
        """The first status, from message number `since`, that fits."""
        found: dict[str, Any] = await self.lsp.wait_for("cachewise/status", fits, since=since)
        return found

    async def now(self) -> Moment:
        """This moment, for `used`."""
        recent = (await self.usage())["recent"]
        return Moment(self.lsp.mark(), recent[-1] if recent else None)

    async def used(self, since: Moment) -> dict[str, Any]:
        """The usage of the one request that was made since that moment, once its status is in."""
        status = await self.status(lambda s: s["quiescent"] and s["last"] != since.last, since=since.mark)
        last: dict[str, Any] = status["last"]
        return last

    async def bill_arrives(self, count: int = 1) -> list[dict[str, Any]]:
        """The newest `count` usages, once all of them are billed. Asked again after each status that comes."""
        while True:
            mark = self.lsp.mark()
            recent: list[dict[str, Any]] = (await self.usage())["recent"][-count:]
            if len(recent) == count and all(usage["costSource"] == "billed" for usage in recent):
                return recent
            await self.lsp.wait_for("cachewise/status", since=mark)

    @property
    def descriptors(self) -> int:
        """Open file descriptors of the server process (Linux)."""
        return len(os.listdir(f"/proc/{self.lsp.pid}/fd"))

    @property
    def files(self) -> list[Path]:
        """All files below the server's private folders."""
        return [path for path in self.home.rglob("*") if path.is_file()]


def lines(first: int, last: int) -> dict[str, Any]:
    """A range of whole lines."""
    return {"start": {"line": first, "character": 0}, "end": {"line": last, "character": 0}}


def environment(
    home: Path, simulator: Simulator | None, more: Mapping[str, str | None] | None = None
) -> dict[str, str]:
    """All that the server gets of an environment. A variable of `more` that is None is left out."""
    env: dict[str, str | None] = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    env |= {f"XDG_{kind}_HOME": str(home / kind.lower()) for kind in ("CONFIG", "CACHE", "STATE", "DATA")}
    env |= {"HOME": str(home), "CACHEWISE_LOG": "info", "CACHEWISE_MODEL": MODEL}
    # A keyring of the desktop must be neither asked nor waited for.
    env |= {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
    if simulator is not None:
        env |= {"OPENROUTER_API_KEY": KEY, "OPENROUTER_BASE_URL": simulator.openrouter_url}
    env |= more or {}
    return {name: value for name, value in env.items() if value is not None}


async def start_server(
    env: Mapping[str, str], *arguments: str, cwd: Path | None = None, clock: Path | None = None
) -> LspProcess:
    """`python -m cachewise serve` with exactly this environment; with `clock`, its time is set by that file."""
    clocked = str(Path(__file__).with_name("clocked_server.py"))
    program = ("-m", "cachewise", "serve", *arguments) if clock is None else (clocked, str(clock))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, *program),
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        env=dict(env),
        cwd=cwd,
    )
    return LspProcess(process)


@asynccontextmanager
async def desk(
    script: Script | None = None,
    *,
    env: Mapping[str, str | None] | None = None,
    config: str | None = None,
    capabilities: dict[str, Any] | None = None,
    options: Any = None,
    home: Path | None = None,
    answerers: Mapping[str, Callable[[Any], Any]] | None = None,
    answers: bool = False,
    offline: bool = False,
    clocked: bool = False,
    messages: int = 0,
) -> AsyncIterator[Desk]:
    """A simulator, and a server that went through the handshake.

    Args:
        script: What the simulator does.
        env: Further variables of the server; None takes one out.
        config: The text of the user file; `{origin}`, `{openai}` and `{anthropic}` stand for the simulator's addresses.
        capabilities: What the client announces.
        options: `initializationOptions`.
        home: Private folders to share with another server; new ones by default.
        answerers: What the client answers to requests of the server.
        clocked: Whether `Desk.advance` works.
        answers: Whether the answer cache is on; off, so that a question asked twice reaches the provider twice.
        offline: Whether the built-in completer is on; off, so that what is suggested comes from the provider.
        messages: How many explanations the server shows as messages; it may show nothing else in this way.
    """
    if not answers:
        config = "answers.enabled = false\n" + (config or "")
    if not offline:
        config = 'completion.offline = "off"\n' + (config or "")
    with tempfile.TemporaryDirectory(prefix="cachewise-test-") as folder:
        own_home, workspace = home or Path(folder) / "home", Path(folder) / "project"
        workspace.mkdir()
        async with Simulator(script) as simulator:
            if config is not None:
                file = own_home / "config" / "cachewise" / "config.toml"
                file.parent.mkdir(parents=True, mode=0o700, exist_ok=True)
                for name, url in simulator.urls.items():
                    config = config.replace("{" + name + "}", url)
                file.write_text(config)
                file.chmod(0o600)
            clock = Path(folder) / "clock" if clocked else None
            if clock is not None:
                clock.write_text("0")
            lsp = await start_server(environment(own_home, simulator, env), clock=clock)
            lsp.answerers.update(answerers or {})
            d = Desk(lsp=lsp, simulator=simulator, home=own_home, workspace=workspace, clock=clock)
            try:
                d.announced = await lsp.initialize(root=workspace, capabilities=capabilities, options=options)
                yield d
            except BaseException:
                print(f"--- the server's log\n{lsp.stderr[-6000:]}\n---")  # noqa: T201
                raise
            finally:
                await lsp.stop()
            check_conduct(lsp, messages)
            check_prefixes(simulator.requests, lsp.stderr)


def check_conduct(lsp: LspProcess, messages: int = 0) -> None:
    """What must hold at the end of every conversation, whatever it was about."""
    answered = {number: len(replies) for number, replies in lsp.replies.items() if len(replies) != 1}
    assert not answered, f"requests with another number of replies than one: {answered}"
    for sign in ("Traceback", " failed: ", "was never awaited", "never retrieved", "was destroyed", "ResourceWarning"):
        found = [line for line in lsp.stderr.splitlines() if sign in line]
        assert not found, found
    shown = [m["method"] for m in lsp.messages if m.get("method") in ("window/showMessage", "window/logMessage")]
    assert shown == ["window/showMessage"] * messages, "the server shows popups"


def python_module(functions: int, seed: str = "alpha") -> str:
    """Source of about 75 tokens a function, no two of them alike."""
    head = f'"""The {seed} module."""\n\nfrom __future__ import annotations\n\n'
    return head + "\n\n".join(
        f"def {seed}_{n}(first: int, second: int = {n}) -> int:\n"
        f'    """Combine two numbers in way {n}."""\n'
        f"    total_{n} = first * {n} + second\n"
        f"    if total_{n} > {n * 7}:\n"
        f"        return total_{n} - {n}\n"
        f"    return total_{n}\n"
        for n in range(functions)
    )

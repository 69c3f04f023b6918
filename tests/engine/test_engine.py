"""The server on a real inference engine: llama.cpp keeps the prefix of a prompt that does not move, and says so.

Nothing between the editor's messages and the engine's tokens is simulated. What a random-weight model can't show is
quality; what the engine can't show is marks, TTLs and bills (the simulator does).
"""

from __future__ import annotations

import shutil
import sys
import sysconfig
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from support.engine import Engine
from support.lsp_client import LspProcess
from support.tiny_model import write_tiny_model

SOURCES = ("decoder.py", "scanner.py")
"""Of the standard library's package `json`; the first one imports the second."""
SLOW = 60.0
"""Seconds for an answer: a cold prompt takes one, on a machine that has nothing else to do."""
FIRST, SECOND = (60, 64), (120, 124)
"""Lines of the decoder to explain."""

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("model") / "tiny.gguf")


@dataclass
class Editor:
    """One workspace with a document open in it, on a server whose model is a local engine."""

    lsp: LspProcess
    uri: str
    engine: Engine

    async def explain(self, lines: tuple[int, int]) -> dict[str, Any]:
        """Ask for an explanation and check that what streamed is what was answered."""
        token = f"explain-{self.lsp.mark()}"
        start, end = ({"line": line, "character": 0} for line in lines)
        where = {"textDocument": {"uri": self.uri}, "range": {"start": start, "end": end}}
        params = {**where, "partialResultToken": token, "refresh": True}
        answer: dict[str, Any] = await self.lsp.request("cachewise/explain", params, SLOW)
        assert self.lsp.text_of(token) == answer["text"] != ""
        assert answer["source"] == "provider"
        return answer

    def insert(self, line: int, text: str, version: int) -> None:
        here = {"line": line, "character": 0}
        change = {"range": {"start": here, "end": here}, "text": text}
        document = {"uri": self.uri, "version": version}
        self.lsp.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [change]})


@asynccontextmanager
async def editor(
    tmp_path: Path,
    model: Path,
    *,
    prompt_cache: bool = True,
    sources: Sequence[str] = SOURCES,
    opened: Sequence[str] = SOURCES[:1],
) -> AsyncIterator[Editor]:
    """A fresh engine, a fresh server with the user file that names it, and open documents, the last one shown."""
    workspace = tmp_path / "workspace" / "json"
    workspace.mkdir(parents=True, exist_ok=True)
    for name in sources:
        shutil.copyfile(Path(sysconfig.get_path("stdlib")) / "json" / name, workspace / name)
    home = tmp_path / f"home-{prompt_cache}"
    (home / "config" / "cachewise").mkdir(parents=True)
    async with await Engine.start(model, prompt_cache=prompt_cache) as engine:
        user_file = f'model = "local:tiny"\n[local.tiny]\nbase_url = "{engine.base_url}"\n'
        place = home / "config" / "cachewise" / "config.toml"
        place.write_text(user_file)
        place.chmod(0o600)
        env = {f"XDG_{name.upper()}_HOME": str(home / name) for name in ("config", "cache", "state")}
        env |= {"CACHEWISE_MODEL": "", "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
        async with await LspProcess.start([sys.executable, "-m", "cachewise", "serve"], env) as lsp:
            await lsp.initialize(root=workspace.parent)
            for name in opened:
                lsp.open((workspace / name).as_uri(), (workspace / name).read_text(encoding="utf-8"))
            yield Editor(lsp, (workspace / opened[-1]).as_uri(), engine)


def evaluated(answer: dict[str, Any]) -> int:
    """How many input tokens the engine had to work through."""
    usage = answer["usage"]
    return int(usage["inputTokens"] - usage["cacheReadTokens"])


async def test_second_explanation_comes_from_the_engines_cache_and_says_the_same(tmp_path: Path, model: Path) -> None:
    async with editor(tmp_path, model) as cached:
        first, second, again = [await cached.explain(lines) for lines in (FIRST, SECOND, SECOND)]
        totals = await cached.lsp.request("workspace/executeCommand", {"command": "cachewise.usage"})
    async with editor(tmp_path, model, prompt_cache=False) as uncached:
        plain = await uncached.explain(SECOND)

    cold = first["usage"]
    assert 13_000 < cold["inputTokens"] < 30_000
    assert cold["cacheReadTokens"] == 0
    assert cold["cacheMiss"]["reason"] == "cold"

    assert second["usage"]["cacheReadTokens"] >= 0.95 * second["usage"]["inputTokens"]
    assert second["usage"]["cacheMiss"] is None
    assert evaluated(again) <= 8

    # Without a cache all of the same tokens were evaluated at once, and the text is the same to the byte.
    assert plain["usage"]["cacheReadTokens"] == 0
    assert plain["usage"]["inputTokens"] == second["usage"]["inputTokens"]
    assert plain["text"] == second["text"]
    assert again["text"] == second["text"]
    assert first["text"] != second["text"], "the model does not look at its prompt, so equal texts prove nothing"

    for answer in (first, second, again, plain):
        usage = answer["usage"]
        assert (usage["costUsd"], usage["costSource"]) == (0, "estimated")
        assert usage["outcome"] == "complete"
        assert usage["outputTokens"] >= len(answer["text"].encode()) / 8  # the longest token is a run of 8 blanks
        assert usage["model"] == answer["model"] == "local:tiny"
    for name in ("inputTokens", "cacheReadTokens", "outputTokens"):
        assert totals["session"][name] == sum(answer["usage"][name] for answer in (first, second, again))
    assert totals["session"]["costUsd"] == 0
    assert totals["session"]["costIsComplete"] is True


async def test_an_edit_leaves_almost_all_of_the_prompt_where_it_was(tmp_path: Path, model: Path) -> None:
    async with editor(tmp_path, model) as here:
        first = await here.explain(SECOND)
        whole = evaluated(first)
        # At the very top, where a prompt that is just the file's text would have to be read anew from the start.
        here.insert(1, "# A remark that changes nothing.\n", version=2)
        moved = (SECOND[0] + 1, SECOND[1] + 1)
        edited = await here.explain(moved)
        settled = await here.explain(moved)

    assert whole > 13_000
    assert evaluated(edited) < 1_000
    assert edited["usage"]["cacheReadTokens"] >= 0.93 * edited["usage"]["inputTokens"]
    assert edited["usage"]["cacheMiss"] is None
    assert edited["usage"]["inputTokens"] > first["usage"]["inputTokens"], "the prompt does not tell of the edit"
    assert evaluated(settled) <= 8
    assert settled["text"] == edited["text"]


PACKAGE = ("decoder.py", "encoder.py", "scanner.py", "tool.py")
EDITED = "decoder.py"
STEPS = 9


def session(text: str) -> Iterator[tuple[str, int]]:
    """Edits in turns at three places of a text: each time the text then, and the line that a completion is for."""
    row = text.split("\n")
    for number in range(STEPS):
        line = (20, 120, 220)[number % 3] + number
        row.insert(line, f"    step_{number} = {number}")
        yield "\n".join(row), line


def naive(texts: dict[str, str], line: int) -> str:
    """The prompt in the order of names: every file as it is now, and the task behind them."""
    window = "\n".join(texts[EDITED].split("\n")[max(0, line - 15) : line + 8])
    return "\n".join((*(f"# {name}\n{text}" for name, text in texts.items()), "Complete this:", window))


async def test_edits_and_completions_evaluate_a_tenth_of_what_the_naive_order_does(tmp_path: Path) -> None:
    library = Path(sysconfig.get_path("stdlib")) / "json"
    texts = {name: (library / name).read_text(encoding="utf-8") for name in PACKAGE}
    worded = write_tiny_model(tmp_path / "worded.gguf", words_of="".join(texts.values()))
    async with editor(tmp_path, worded, sources=PACKAGE, opened=("encoder.py", "tool.py", EDITED)) as here:
        await here.explain(SECOND)
        whole = await here.engine.evaluated()
        for number, (now, line) in enumerate(session(texts[EDITED])):
            added = now.split("\n")[line]
            here.insert(line, f"{added}\n", version=2 + number)
            at = {"line": line, "character": len(added)}
            where = {"textDocument": {"uri": here.uri}, "position": at, "context": {"triggerKind": 1}}
            await here.lsp.request("textDocument/inlineCompletion", where, SLOW)
        usage = await here.lsp.request("workspace/executeCommand", {"command": "cachewise.usage"})
        ours = await here.engine.evaluated() - whole
    async with await Engine.start(worded) as engine:
        await engine.chat(naive(texts, SECOND[0]))
        before = await engine.evaluated()
        for now, line in session(texts[EDITED]):
            await engine.chat(naive({**texts, EDITED: now}, line))
        theirs = await engine.evaluated() - before

    assert 12_000 < whole < 20_000
    completions = [entry for entry in usage["recent"] if entry["feature"] == "complete"]
    assert len(completions) == STEPS, "an answer came from somewhere else than the engine"
    assert ours == sum(entry["inputTokens"] - entry["cacheReadTokens"] for entry in completions)
    assert theirs > STEPS * whole / 3
    assert ours < 0.1 * theirs, f"{ours:,} tokens evaluated; in the naive order {theirs:,}"

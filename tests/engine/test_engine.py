"""The server on a real inference engine: llama.cpp keeps the prefix of a prompt that does not move, and says so.

Nothing between the editor's messages and the engine's tokens is simulated. What a random-weight model can't show is
quality; what the engine can't show is marks, TTLs and bills (the simulator does).
"""

from __future__ import annotations

import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.engine import Engine
from support.engine_desk import PACKAGE, SLOW, editor
from support.tiny_model import write_tiny_model

FIRST, SECOND = (60, 64), (120, 124)
"""Lines of the decoder to explain."""

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("model") / "tiny.gguf")


def evaluated(answer: dict[str, Any]) -> int:
    """How many input tokens the engine had to work through."""
    usage = answer["usage"]
    return int(usage["inputTokens"] - usage["cacheReadTokens"])


async def test_explanations_come_from_the_engines_cache_and_say_the_same(tmp_path: Path, model: Path) -> None:
    async with editor(tmp_path, model) as cached:
        first, second, again = [await cached.explain(lines) for lines in (FIRST, SECOND, SECOND)]
        totals = await cached.lsp.request("workspace/executeCommand", {"command": "cachewise.usage"})
        # At the very top, where a prompt that is just the file's text would have to be read anew from the start.
        cached.insert(1, "# A remark that changes nothing.\n", version=2)
        moved = (SECOND[0] + 1, SECOND[1] + 1)
        edited, settled = await cached.explain(moved), await cached.explain(moved)
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

    # An edit leaves almost all of the prompt where it was.
    assert evaluated(first) > 13_000
    assert evaluated(edited) < 1_000
    assert edited["usage"]["cacheReadTokens"] >= 0.93 * edited["usage"]["inputTokens"]
    assert edited["usage"]["cacheMiss"] is None
    assert edited["usage"]["inputTokens"] > second["usage"]["inputTokens"], "the prompt does not tell of the edit"
    assert evaluated(settled) <= 8
    assert settled["text"] == edited["text"]


EDITED = "decoder.py"
STEPS = 6


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

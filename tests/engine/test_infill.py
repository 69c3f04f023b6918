"""Fill-in-the-middle on a real llama.cpp: what a request has to have evaluated, by the engine's own count."""

from __future__ import annotations

import json
import sysconfig
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from support.engine_desk import PACKAGE, SLOW, Editor, editor
from support.tiny_model import write_tiny_model

EDITED = PACKAGE[0]

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One that knows the words of what it reads, so that it counts tokens about as real models do."""
    words = "".join((Path(sysconfig.get_path("stdlib")) / "json" / name).read_text() for name in PACKAGE)
    path = tmp_path_factory.mktemp("model") / "filling.gguf"
    return write_tiny_model(path, words_of=words, end_logit=-9.0, fills=True)


@asynccontextmanager
async def at_work(tmp_path: Path, model: Path) -> AsyncIterator[Editor]:
    async with editor(tmp_path, model, sources=PACKAGE, opened=("encoder.py", "tool.py", EDITED)) as here:
        yield here


async def complete(here: Editor, line: int, text: str, version: int) -> dict[str, Any]:
    """Type a line, ask for what follows, and give the usage of that."""
    here.insert(line, f"{text}\n", version=version)
    at = {"line": line, "character": len(text)}
    where = {"textDocument": {"uri": here.uri}, "position": at, "context": {"triggerKind": 1}}
    answer = await here.lsp.request("textDocument/inlineCompletion", where, SLOW)
    assert answer["items"], "the model wrote nothing"
    usage = await here.lsp.request("workspace/executeCommand", {"command": "cachewise.usage"})
    last: dict[str, Any] = usage["recent"][-1]
    assert (last["feature"], last["source"]) == ("complete", "provider")
    return last


def read_anew(usage: dict[str, Any]) -> int:
    return int(usage["inputTokens"] - usage["cacheReadTokens"])


async def test_a_second_completion_evaluates_what_stands_around_the_cursor_only(tmp_path: Path, model: Path) -> None:
    async with at_work(tmp_path, model) as here:
        first = await complete(here, 120, "    one = ", 2)
        counted = await here.engine.evaluated()
        second = await complete(here, 121, "    two = ", 3)
        third = await complete(here, 122, "    three = ", 4)
        counted = await here.engine.evaluated() - counted
        elsewhere = [await complete(here, line, "    next = ", 5 + step) for step, line in enumerate((220, 20, 123))]

    assert first["cacheReadTokens"] == 0
    assert 10_000 < read_anew(first) < 20_000
    # The text behind the cursor stands behind what was typed, so it is evaluated each time.
    assert read_anew(second) < 400
    assert read_anew(third) < 400
    assert counted == read_anew(second) + read_anew(third), "the engine counts otherwise"
    assert second["cacheMiss"] is third["cacheMiss"] is None
    assert second["outputTokens"] > 0
    # Elsewhere in the file, its text around the cursor is another; the other files are still read from the cache.
    assert all(read_anew(usage) < 0.1 * read_anew(first) for usage in elsewhere), [read_anew(u) for u in elsewhere]


async def test_warmed_with_no_token_of_answer_it_is_ready(tmp_path: Path, model: Path) -> None:
    async with at_work(tmp_path, model) as here:
        argument = {"uri": here.uri}
        command = {"command": "cachewise.prewarm", "arguments": [argument]}
        warmed = await here.lsp.request("workspace/executeCommand", command, SLOW)
        used = await complete(here, 120, "    one = ", 2)

    assert warmed["feature"] == "warm"
    assert warmed["outcome"] == "complete"
    assert read_anew(warmed) > 10_000
    assert read_anew(used) < 0.1 * read_anew(warmed)
    assert used["cacheReadTokens"] > 10_000


async def test_a_model_without_the_tokens_for_it_completes_by_chat(tmp_path: Path) -> None:
    plain = write_tiny_model(tmp_path / "plain.gguf", end_logit=-9.0)
    async with editor(tmp_path, plain) as here:
        first = await complete(here, 20, "    one = ", 2)
        second = await complete(here, 21, "    two = ", 3)
        log = here.lsp.stderr

    assert log.count("has no fill-in-the-middle, so it completes by chat") == 1
    assert second["cacheReadTokens"] > 0.8 * first["inputTokens"]
    assert json.dumps(second["cacheMiss"]) == "null"

"""Where the editor's section comes from: `initialize`, the answer to a question, a change; the later wins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cachewise.lsp.configuration import Configuration
from cachewise.settings.load import Loaded
from support.settings_files import loaded_from
from support.wire import HeldWire

PULL = {"workspace": {"configuration": True}}


class Editor:
    """A configuration, what it applied, and the client that it asks."""

    def __init__(self, folder: Path, *, options: Any = None, capabilities: dict[str, Any] | None = None) -> None:
        self.applied: list[Loaded] = []
        self.wire = HeldWire()
        self.configuration = Configuration(loaded_from(folder), self.applied.append)
        self.configuration.initialize(options, capabilities or {})

    @property
    def tokens(self) -> int:
        return self.applied[-1].settings.completion_max_tokens

    def answers(self, section: Any) -> None:
        self.wire.answers["workspace/configuration"] = lambda _params: section


def tokens(value: int) -> dict[str, Any]:
    return {"completion": {"maxTokens": value}}


@pytest.mark.parametrize(
    "options",
    [tokens(77), {"completion.maxTokens": 77}, {"cachewise": tokens(77)}, {"cachewise": {"completion.maxTokens": 77}}],
    ids=["nested", "dotted", "in a section", "dotted in a section"],
)
def test_initialize_brings_a_section(tmp_path: Path, options: Any) -> None:
    assert Editor(tmp_path, options=options).tokens == 77


@pytest.mark.parametrize("options", [None, [], "text", 5, {"cachewise": None}], ids=str)
def test_initialize_brings_nothing_of_use(tmp_path: Path, options: Any) -> None:
    editor = Editor(tmp_path, options=options)
    assert editor.applied[-1].settings == loaded_from(tmp_path).settings


async def test_the_client_is_asked_only_if_it_can_be(tmp_path: Path) -> None:
    editor = Editor(tmp_path, capabilities={"workspace": {"configuration": False}})
    await editor.configuration.ask(editor.wire)
    assert editor.wire.asked == []
    editor = Editor(tmp_path, capabilities=PULL)
    editor.answers([tokens(50)])
    await editor.configuration.ask(editor.wire)
    assert editor.wire.asked == [("workspace/configuration", {"items": [{"section": "cachewise"}]})]
    assert editor.tokens == 50


@pytest.mark.parametrize("answer", [None, [], [None], {}, "text"], ids=str)
async def test_an_answer_of_no_use_keeps_what_was(tmp_path: Path, answer: Any) -> None:
    editor = Editor(tmp_path, options=tokens(77), capabilities=PULL)
    editor.answers(answer)
    await editor.configuration.ask(editor.wire)
    assert editor.tokens == 77


async def test_a_client_that_never_answers_keeps_what_was(tmp_path: Path) -> None:
    editor = Editor(tmp_path, options=tokens(77), capabilities=PULL)
    await editor.configuration.ask(editor.wire)
    assert editor.tokens == 77


async def test_the_later_section_wins_where_it_says_something(tmp_path: Path) -> None:
    editor = Editor(tmp_path, options={**tokens(77), "hover": "off"})
    await editor.configuration.changed(editor.wire, {"cachewise": tokens(50)})
    assert editor.tokens == 50
    assert [loaded.settings.hover for loaded in editor.applied[-1:]] == ["off"]
    await editor.configuration.changed(editor.wire, {"cachewise": {"hover": "always"}})
    assert editor.tokens == 77, "a section replaces the one before it as a whole"
    assert [loaded.settings.hover for loaded in editor.applied[-1:]] == ["always"]


@pytest.mark.parametrize("settings", [None, {}, [], 7], ids=str)
async def test_a_change_that_says_nothing_asks(tmp_path: Path, settings: Any) -> None:
    editor = Editor(tmp_path, capabilities=PULL)
    editor.answers([tokens(33)])
    await editor.configuration.changed(editor.wire, settings)
    assert editor.tokens == 33


async def test_what_is_refused_is_a_problem_and_moves_nothing(tmp_path: Path) -> None:
    editor = Editor(tmp_path, options={"openrouter": {"base_url": "https://thief.example"}, "redis.url": "redis://x"})
    loaded = editor.applied[-1]
    assert loaded.endpoints == loaded_from(tmp_path).endpoints
    assert loaded.settings.redis_url is None
    assert len(loaded.problems) == 2

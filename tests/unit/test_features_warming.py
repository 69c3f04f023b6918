"""Writing a prefix ahead: on the real rooms, with the clock in the test's hands and nothing behind the provider."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from cachewise.app import build_rooms
from cachewise.context.tail import CompletionTail
from cachewise.features import ahead
from cachewise.features.rooms import Rooms
from cachewise.model.names import ModelName
from cachewise.providers.traits import traits
from cachewise.settings.load import load
from cachewise.settings.places import Places

LINES = 2_000
CLAUDE = ModelName.parse("openrouter:anthropic/claude-sonnet-4.5")


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def rooms(tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Rooms]:
    found = made(tmp_path, {"OPENROUTER_API_KEY": "sk-or-made-up"})
    monkeypatch.setattr(found.prompts, "_clock", clock)
    yield found
    await found.aclose()


def made(home: Path, env: dict[str, str]) -> Rooms:
    places = Places(config=home / "config", cache=home / "cache", state=home / "state")
    found = build_rooms(load({"CACHEWISE_MODEL": str(CLAUDE), **env}, places), places)
    found.documents.open("file:///ws/a.py", "python", 1, "x = 1\n" * LINES)
    return found


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The documents whose prefixes were written ahead."""
    found: list[str] = []

    async def note(rooms: Rooms, snapshot: Any, model: ModelName) -> None:
        found.append(snapshot.uri)

    monkeypatch.setattr(ahead, "_in_background", note)
    return found


async def ask(rooms: Rooms) -> None:
    """Plan a request as a completion does."""
    snapshot = rooms.documents.snapshot("file:///ws/a.py", (0, 0))
    await rooms.prompts.plan(snapshot, CompletionTail(), CLAUDE, traits(CLAUDE), rooms.settings)


async def test_nothing_is_sent_before_the_user_asked_for_something(rooms: Rooms, clock: Clock) -> None:
    for _ in range(5):
        clock.now += 10_000
        assert not ahead.on_intent(rooms, "file:///ws/a.py")
    assert not rooms.background


async def test_it_is_written_once_the_cache_ran_out(rooms: Rooms, clock: Clock, sent: list[str]) -> None:
    await ask(rooms)
    clock.now += 299
    assert not ahead.on_intent(rooms, "file:///ws/a.py"), "it is still warm"
    clock.now += 1
    assert ahead.on_intent(rooms, "file:///ws/a.py")
    assert not ahead.on_intent(rooms, "file:///ws/a.py"), "one is under way"
    clock.now += 299
    assert not ahead.on_intent(rooms, "file:///ws/a.py"), "once in its lifetime"


async def test_it_stops_where_it_was_of_no_use(rooms: Rooms, clock: Clock, sent: list[str]) -> None:
    await ask(rooms)
    clock.now += 400
    assert ahead.on_intent(rooms, "file:///ws/a.py")
    rooms.intents.answered(None, CLAUDE, clock.now + 5, 300.0, 0)
    clock.now += 4_000
    assert not ahead.on_intent(rooms, "file:///ws/a.py")


@pytest.mark.parametrize(
    "env",
    [
        pytest.param({"OPENROUTER_API_KEY": ""}, id="no key"),
        pytest.param(
            {"OPENROUTER_API_KEY": "sk-or-made-up", "CACHEWISE_COMPLETION_ENABLED": "false"}, id="switched off"
        ),
        pytest.param({"OPENROUTER_API_KEY": "sk-or-made-up", "CACHEWISE_COMPLETION_MODEL": "offline"}, id="offline"),
    ],
)
async def test_when_it_is_not_done(tmp_path: Path, clock: Clock, env: dict[str, str], sent: list[str]) -> None:
    found = made(tmp_path, env)
    found.prompts._clock = clock
    if "CACHEWISE_COMPLETION_ENABLED" in env:
        from dataclasses import replace

        found.loaded = replace(found.loaded, settings=replace(found.settings, completion_enabled=False))
    await ask(found)
    clock.now += 4_000
    assert not ahead.on_intent(found, "file:///ws/a.py")
    await found.aclose()


async def test_a_prefix_that_is_too_short_to_be_cached_is_not_written(
    rooms: Rooms, clock: Clock, sent: list[str]
) -> None:
    rooms.documents.close("file:///ws/a.py")
    rooms.documents.open("file:///ws/a.py", "python", 1, "x = 1\n")
    await ask(rooms)
    clock.now += 4_000
    assert not ahead.on_intent(rooms, "file:///ws/a.py")


async def test_a_document_that_is_not_open_is_a_fault_of_the_caller(rooms: Rooms) -> None:
    with pytest.raises(Exception, match="nobody"):
        ahead.on_intent(rooms, "file:///ws/nobody.py")

"""Keys of the keyring: found where they are needed, waited for no longer than the deadline, failing quietly."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import types
from pathlib import Path

import pytest

from cachewise.settings.load import Loaded, with_editor
from cachewise.settings.stored_keys import SERVICE, find_keys
from support.settings_files import loaded_from

KEYS = {"openrouter": "sk-or-canary-1", "anthropic": " sk-ant-canary-1\n"}


def lookup(service: str, user: str) -> str | None:
    assert service == SERVICE
    return KEYS.get(user)


def keys_of(loaded: Loaded) -> dict[str, str]:
    return {
        name: endpoint.key.reveal_for(endpoint.origin)
        for name, endpoint in loaded.endpoints.items()
        if endpoint.key is not None
    }


async def test_found_keys_are_bound_to_their_hosts(tmp_path: Path) -> None:
    text = '[anthropic]\nbase_url = "https://gateway.example"'
    found = await find_keys(loaded_from(tmp_path, text), lookup=lookup)
    assert keys_of(found) == {"openrouter": "sk-or-canary-1", "anthropic": "sk-ant-canary-1"}
    key = found.endpoints["anthropic"].key
    assert key is not None
    assert key.origins == {"https://gateway.example"}
    assert found.origins["openrouter.key"] == "keyring"
    assert "canary" not in repr(found)


async def test_the_environment_comes_first(tmp_path: Path) -> None:
    asked: list[str] = []

    def listening(service: str, user: str) -> str | None:
        asked.append(user)
        return lookup(service, user)

    loaded = loaded_from(tmp_path, None, {"OPENROUTER_API_KEY": "sk-env"})
    found = await find_keys(loaded, lookup=listening)
    assert keys_of(found)["openrouter"] == "sk-env"
    assert asked == ["anthropic", "openai"]


async def test_nothing_is_asked_where_nothing_lacks(tmp_path: Path) -> None:
    env = dict.fromkeys(("OPENROUTER_API_KEY", "ANTHROPIC_API_KEY", "OPENAI_API_KEY"), "sk-env")
    loaded = loaded_from(tmp_path, "[local.a]\nbase_url='http://127.0.0.1/v1'\napi_key_env='UNSET'", env)
    assert await find_keys(loaded, lookup=_must_not_be_asked) is loaded


def _must_not_be_asked(service: str, user: str) -> str | None:
    raise AssertionError(user)


async def test_a_later_section_of_the_editor_keeps_the_keys(tmp_path: Path) -> None:
    edited = with_editor(loaded_from(tmp_path), {"codeLens": True})
    found = await find_keys(edited, lookup=lookup)
    assert found.settings == edited.settings
    again = with_editor(found, {"hover": "off"})
    assert keys_of(again) == keys_of(found) != {}
    assert again.settings.code_lens is False


async def test_a_failing_keyring_is_told_to_the_log_only(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def failing(service: str, user: str) -> str | None:
        raise OSError("sk-canary-in-the-message")

    loaded = loaded_from(tmp_path)
    with caplog.at_level(logging.DEBUG, "cachewise"):
        found = await find_keys(loaded, lookup=failing)
    assert found == loaded
    assert "OSError" in caplog.text
    assert "canary" not in caplog.text


async def test_one_failure_leaves_the_other_keys(tmp_path: Path) -> None:
    def failing_once(service: str, user: str) -> str | None:
        if user == "openrouter":
            raise OSError
        return lookup(service, user)

    assert list(keys_of(await find_keys(loaded_from(tmp_path), lookup=failing_once))) == ["anthropic"]


async def test_what_is_no_key_is_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    found = await find_keys(loaded_from(tmp_path), lookup=lambda service, user: "sk canary\r\nX: y")
    assert keys_of(found) == {}
    assert "canary" not in caplog.text


async def test_a_slow_keyring_is_not_waited_for(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    release, finished = threading.Event(), threading.Event()

    def slow(service: str, user: str) -> str | None:
        release.wait(30)
        finished.set()
        return "sk-too-late"

    loaded = loaded_from(tmp_path)
    assert await find_keys(loaded, lookup=slow, deadline=0.01) is loaded
    assert "did not answer" in caplog.text
    release.set()
    assert await asyncio.to_thread(finished.wait, 30)


async def test_a_cancelled_look_up_is_cancelled(tmp_path: Path) -> None:
    started, release = threading.Event(), threading.Event()

    def slow(service: str, user: str) -> str | None:
        started.set()
        release.wait(30)
        return None

    task = asyncio.create_task(find_keys(loaded_from(tmp_path), lookup=slow))
    assert await asyncio.to_thread(started.wait, 30)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    release.set()


async def test_the_system_keyring_is_asked_by_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = types.ModuleType("keyring")
    fake.get_password = lookup  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "keyring", fake)
    assert set(keys_of(await find_keys(loaded_from(tmp_path)))) == {"openrouter", "anthropic"}

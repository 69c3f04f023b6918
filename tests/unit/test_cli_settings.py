"""`cachewise settings`: everything in force with its source, no key, and the right exit status."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cachewise.cli import settings as command
from cachewise.cli.main import main
from cachewise.settings import stored_keys
from cachewise.settings.places import Places
from cachewise.settings.schema import SETTINGS
from support.settings_files import write_user_file

KEY = "sk-or-v1-canary-0123456789"
PASSWORD = "hunter2-canary"


@pytest.fixture(autouse=True)
def _user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A user with a home of their own, no keyring, and nothing of the environment that runs the tests."""
    for setting in SETTINGS:
        for name in setting.variables:
            monkeypatch.delenv(name, raising=False)
    for vendor in ("OPENROUTER", "ANTHROPIC", "OPENAI"):
        monkeypatch.delenv(f"{vendor}_API_KEY", raising=False)
        monkeypatch.delenv(f"{vendor}_BASE_URL", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(stored_keys, "_system_keyring", lambda service, user: None)
    root, ours = logging.getLogger(), logging.getLogger("cachewise")
    before = (list(root.handlers), root.level, ours.level)
    yield
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    ours.setLevel(before[2])


def user_file(tmp_path: Path, text: str) -> None:
    folder = tmp_path / "config" / "cachewise"
    write_user_file(Places(config=folder, cache=folder, state=folder), text)


def printed(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str]:
    status = main(["settings", *argv])
    captured = capsys.readouterr()
    assert captured.err == ""
    return status, captured.out


def rows(output: str) -> dict[str, list[str]]:
    """The table's rows by their first column."""
    table = output.split("\n\n")[0].splitlines()
    value_at, source_at = table[0].index("value"), table[0].index("from")
    return {row[:value_at].strip(): [row[value_at:source_at].strip(), row[source_at:].strip()] for row in table}


def test_the_table_is_aligned_and_complete(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, output = printed(capsys)
    found = rows(output)
    assert status == 0
    assert list(found)[: len(SETTINGS) + 1] == ["setting", *(setting.key for setting in SETTINGS)]
    assert found["context.maxTokens"] == ["24000", "default"]
    assert found["budget.perDayUsd"] == ["unset", "default"]
    assert found["codeLens"] == ["false", "default"]
    assert found["completion.model"] == ["openrouter:anthropic/claude-haiku-4.5", "same as model"]
    assert found["openrouter.key"] == ["not set; set OPENROUTER_API_KEY", "default"]
    assert "there is none" in output
    assert not any(line.endswith(" ") for line in output.splitlines())


def test_sources_and_hidden_keys(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    user_file(
        tmp_path,
        'budget.perDayUsd = 1.5\ncontext.exclude = ["*.snap"]\n[local.llama]\nbase_url = "http://127.0.0.1:8080/v1"\n'
        'model = "qwen"\nheaders = { X-Team = "quiet" }',
    )
    monkeypatch.setenv("OPENROUTER_API_KEY", KEY)
    monkeypatch.setenv("CACHEWISE_MODEL", "local:llama")
    monkeypatch.setenv("CACHEWISE_REDIS_URL", f"redis://:{PASSWORD}@127.0.0.1:6380/1")
    status, output = printed(capsys)
    found = rows(output)
    assert status == 0
    assert found["model"] == ["local:llama", "environment CACHEWISE_MODEL"]
    assert found["budget.perDayUsd"] == ["1.5", "user file"]
    assert found["context.exclude"] == ['["*.snap"]', "user file"]
    bound = "set (from OPENROUTER_API_KEY), bound to https://openrouter.ai"
    assert found["openrouter.key"] == [bound, "environment OPENROUTER_API_KEY"]
    assert found["redis.url"] == ["set, leads to redis://127.0.0.1:6380", "environment CACHEWISE_REDIS_URL"]
    assert found["local:llama.base_url"] == ["http://127.0.0.1:8080/v1", "user file"]
    assert found["local:llama.model"] == ["qwen", "user file"]
    assert found["local:llama.headers"] == ["X-Team", "user file"]
    assert found["local:llama.key"] == ["not needed", "default"]
    for secret in (KEY, PASSWORD, "quiet"):
        assert secret not in output


def test_a_key_of_the_keyring(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored_keys, "_system_keyring", lambda service, user: KEY if user == "openai" else None)
    _, output = printed(capsys)
    assert rows(output)["openai.key"] == ["set (from keyring), bound to https://api.openai.com", "keyring"]
    assert KEY not in output


def test_problems_come_last_and_make_the_status_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    user_file(tmp_path, f'colour = 1\n[openrouter]\napi_key = "{KEY}"')
    status, output = printed(capsys)
    assert status == 1
    head, problems = output.split("Could not be used:\n")
    assert len(problems.splitlines()) == 2
    assert "'openrouter.api_key'" in problems
    assert "colour" not in head
    assert KEY not in output


def test_json(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    user_file(tmp_path, "budget.perDayUsd = 1.5\ncodeLens = 'x'")
    monkeypatch.setenv("OPENROUTER_API_KEY", KEY)
    status, output = printed(capsys, "--json")
    told: dict[str, Any] = json.loads(output)
    found = {entry["key"]: (entry["value"], entry["from"]) for entry in told["settings"]}
    assert status == 1
    assert found["budget.perDayUsd"] == (1.5, "user file")
    assert found["budget.perRequestUsd"] == (None, "default")
    assert found["context.maxTokens"] == (24000, "default")
    assert found["completion.enabled"] == (True, "default")
    assert found["context.exclude"] == ([], "default")
    assert told["userFile"] == str(tmp_path / "config" / "cachewise" / "config.toml")
    assert told["folders"]["cache"] == str(tmp_path / "cache" / "cachewise")
    assert told["problems"] == ["In the user file, 'codeLens' must be true or false, so it is not used."]
    assert KEY not in output


def test_a_refused_address_is_told(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://user:hunter2@gateway.example/v1")
    status, output = printed(capsys)
    assert status == 1
    assert "OPENAI_BASE_URL is refused" in output
    assert "openai.key" not in rows(output)
    assert "hunter2" not in output


def test_the_module_writes_no_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.show(as_json=True) == 0
    assert list(tmp_path.iterdir()) == []

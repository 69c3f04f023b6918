"""The page of settings and what editors are told are current and complete."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from cachewise.settings.docs import main, manifest, settings_page, texts
from cachewise.settings.editors import lua_types, vscode_properties, vscode_texts
from cachewise.settings.schema import SETTINGS
from cachewise.settings.values import read_value
from support.settings_files import loaded_from

ROOT = Path(__file__).parents[2]
EDITOR_KEYS = [
    "model",
    "completion.model",
    "completion.enabled",
    "completion.disabledLanguages",
    "completion.debounceMs",
    "completion.maxTokens",
    "completion.multiline",
    "completion.offline",
    "context.maxTokens",
    "context.exclude",
    "promptCache.ttl",
    "answers.enabled",
    "answers.ttlHours",
    "hover",
    "codeLens",
    "budget.perDayUsd",
    "budget.perRequestUsd",
    "status",
    "trace",
]


def test_the_written_page_is_current() -> None:
    written = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert written == settings_page(), "run: python -m cachewise.settings.docs --write"


def test_editors_may_give_exactly_the_settings_of_the_protocol() -> None:
    assert [setting.key for setting in SETTINGS if setting.trust != "user"] == EDITOR_KEYS


def test_every_setting_is_on_the_page() -> None:
    page = settings_page()
    for setting in SETTINGS:
        assert f"| `{setting.key}` |" in page
        assert setting.description in page
        for variable in setting.variables:
            assert f"`{variable}`" in page


def test_the_example_of_the_user_file_is_valid(tmp_path: Path) -> None:
    found = re.search(r"```toml\n(.*?)```", settings_page(), re.DOTALL)
    assert found is not None
    loaded = loaded_from(tmp_path, found[1], {"LLAMA_KEY": "key-of-llama"})
    assert loaded.problems == ()
    assert str(loaded.settings.model) == "local:llama"
    assert loaded.endpoints["local:llama"].model == "qwen2.5-coder-7b"
    assert dict(loaded.endpoints["openrouter"].headers) == {"X-Team": "editors"}


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.key)
def test_declarations_are_sound(setting: Any) -> None:
    if setting.default is not None:
        assert read_value(setting, setting.default) is not None
    assert bool(setting.choices) is (setting.kind == "choice")
    assert (setting.minimum is None) is (setting.kind not in ("int", "decimal"))
    assert setting.description.endswith(".")
    assert re.fullmatch(r"[a-z]+(?:[A-Z][a-z]+)*(?:\.[a-z]+(?:[A-Z][a-z]+)*)?", setting.key)


def test_vs_code_is_told_each_setting_in_its_own_terms() -> None:
    told = json.loads(json.dumps(vscode_properties()))
    assert list(told) == [f"cachewise.{key}" for key in EDITOR_KEYS]
    assert told["cachewise.context.maxTokens"]["type"] == "integer"
    assert told["cachewise.context.maxTokens"]["default"] == 24000
    assert told["cachewise.budget.perDayUsd"]["type"] == ["number", "null"]
    assert told["cachewise.budget.perDayUsd"]["default"] is None
    assert told["cachewise.context.exclude"]["items"] == {"type": "string"}
    assert told["cachewise.promptCache.ttl"]["enum"] == ["auto", "5m", "1h", "off"]
    assert {entry["scope"] for entry in told.values()} <= {"window", "resource"}
    assert {entry["markdownDescription"].strip("%") for entry in told.values()} == set(vscode_texts())


def test_the_extension_keeps_what_is_its_own() -> None:
    own = {"cachewise.server.path": {"type": "string", "markdownDescription": "%own.server.path%"}}
    gone = {"cachewise.gone": {"markdownDescription": "%setting.gone%"}}
    before = {"name": "x", "contributes": {"configuration": {"title": "x", "properties": gone | own}}}
    made = json.loads(manifest(json.dumps(before)))
    assert made["name"] == "x"
    assert made["contributes"]["configuration"]["properties"] == own | vscode_properties()
    assert manifest(manifest(json.dumps(before))) == manifest(json.dumps(before))
    assert json.loads(texts('{"own.server.path": "A.", "setting.gone": "B."}')) == {
        "own.server.path": "A.",
        **vscode_texts(),
    }


def test_lua_types_name_every_setting() -> None:
    types = lua_types()
    for key in EDITOR_KEYS:
        group, _, name = key.rpartition(".")
        block = types.split(f"---@class cachewise.Settings{'.' + group[0].upper() + group[1:] if group else ''}\n")[1]
        assert f"---@field {name}? " in block.split("\n\n")[0]
    assert "redis" not in types


MADE = (
    "docs/settings.md",
    "vscode-client/package.json",
    "vscode-client/package.nls.json",
    "nvim-client/lua/cachewise/settings.lua",
)


@pytest.mark.parametrize("name", MADE)
def test_writing_and_checking(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for file in MADE:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, tmp_path / file)
    assert main(["--check", "--folder", str(tmp_path)]) == 0
    made = tmp_path / name
    made.write_text(made.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert main(["--check", "--folder", str(tmp_path)]) == 1
    told = capsys.readouterr().err
    assert name in told
    assert "--write" in told
    assert main(["--write", "--folder", str(tmp_path)]) == 0
    assert main(["--check", "--folder", str(tmp_path)]) == 0

"""What an editor's section changes, and what no section can change, however it is made."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cachewise.settings.load import Loaded, with_editor
from cachewise.settings.schema import BY_KEY, SETTINGS
from cachewise.settings.trust import MOST_PROBLEMS, combined
from support.settings_files import loaded_from

USER_FILE = """
completion.enabled = false
budget.perDayUsd = 5
budget.perRequestUsd = 0.5
answers.enabled = true
context.exclude = ["mine/"]
[local.llama]
base_url = "http://127.0.0.1:8080/v1"
[openrouter]
headers = { X-Team = "editors" }
"""
ENV = {
    "OPENROUTER_API_KEY": "sk-or-canary-0123",
    "ANTHROPIC_API_KEY": "sk-ant-canary-0123",
    "CACHEWISE_REDIS_URL": "redis://127.0.0.1",
}
EVIL = "https://evil.example/api/v1"


@pytest.fixture(name="own", scope="module")
def _own(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    own = loaded_from(tmp_path_factory.mktemp("user"), USER_FILE, ENV)
    assert own.problems == ()
    return own


@pytest.mark.parametrize(
    "section",
    [
        pytest.param({"promptCache": {"ttl": "1h"}}, id="nested"),
        pytest.param({"promptCache.ttl": "1h"}, id="dotted"),
        pytest.param({"cachewise": {"promptCache": {"ttl": "1h"}}}, id="nested in the section"),
        pytest.param({"cachewise": {"promptCache.ttl": "1h"}, "other": {"base_url": EVIL}}, id="beside other sections"),
        pytest.param({"cachewise.promptCache.ttl": "1h"}, id="with the section's name in front"),
        pytest.param({"promptCache": {"ttl": "5m"}, "promptCache.ttl": "1h"}, id="the later one wins"),
    ],
)
def test_ways_of_writing(own: Loaded, section: object) -> None:
    loaded = with_editor(own, section)
    assert loaded.settings.prompt_cache_ttl == "1h"
    assert loaded.origins["promptCache.ttl"] == "editor"
    assert loaded.problems == ()


@pytest.mark.parametrize(
    "section",
    [
        None,
        {},
        {"cachewise": None},
        {"cachewise": {}},
        {"model": None, "completion": {"maxTokens": None}},
        {"hover": None},
    ],
)
def test_null_and_nothing_are_unset(own: Loaded, section: object) -> None:
    loaded = with_editor(own, section)
    assert loaded.settings == own.settings
    assert loaded.origins == own.origins
    assert loaded.problems == ()


def test_each_section_starts_from_the_users_own_settings(own: Loaded) -> None:
    first = with_editor(own, {"codeLens": True, "hover": "off", "nonsense": 1})
    second = with_editor(first, {"hover": "always"})
    assert first.settings.code_lens is True
    assert second == with_editor(own, {"hover": "always"})
    assert second.settings.code_lens is False
    assert second.problems == ()
    assert with_editor(second, None).settings == own.settings


@pytest.mark.parametrize(
    ("section", "model", "completion_model"),
    [
        pytest.param({"model": "openai:a"}, "openai:a", "openai:a", id="completion follows"),
        pytest.param({"completion": {"model": "openai:b"}}, None, "openai:b", id="completion alone"),
        pytest.param({"model": "openai:a", "completion.model": "local:llama"}, "openai:a", "local:llama", id="both"),
        pytest.param(
            {"model": "openai:a", "completion.model": "openrouter:anthropic/claude-haiku-4.5"},
            "openai:a",
            "openrouter:anthropic/claude-haiku-4.5",
            id="completion set to the default",
        ),
        pytest.param({"model": "offline"}, "offline", "offline", id="offline"),
    ],
)
def test_models(own: Loaded, section: object, model: str | None, completion_model: str) -> None:
    loaded = with_editor(own, section)
    assert str(loaded.settings.model) == (model or str(own.settings.model))
    assert str(loaded.settings.completion_model) == completion_model
    assert loaded.problems == ()


def test_an_editor_can_not_name_a_server_that_the_user_did_not(own: Loaded) -> None:
    loaded = with_editor(own, {"model": "local:evil"})
    assert loaded.settings == own.settings
    assert len(loaded.problems) == 1
    assert "[local.NAME]" in loaded.problems[0]


def test_a_users_own_completion_model_does_not_follow_the_editor(tmp_path: Path) -> None:
    own = loaded_from(tmp_path, "completion.model = 'openai:mine'")
    assert str(with_editor(own, {"model": "openai:other"}).settings.completion_model) == "openai:mine"


@pytest.mark.parametrize(
    ("key", "own", "wanted", "in_force", "refused"),
    [
        pytest.param("budget.perDayUsd", None, Decimal(3), Decimal(3), False, id="a first budget"),
        pytest.param("budget.perDayUsd", Decimal(5), Decimal(3), Decimal(3), False, id="a lower budget"),
        pytest.param("budget.perDayUsd", Decimal(5), Decimal(0), Decimal(0), False, id="no spending"),
        pytest.param("budget.perDayUsd", Decimal(5), Decimal(5), Decimal(5), False, id="the same budget"),
        pytest.param("budget.perDayUsd", Decimal(5), Decimal(6), Decimal(5), True, id="a higher budget"),
        pytest.param("budget.perDayUsd", Decimal(0), Decimal(1), Decimal(0), True, id="a budget over none at all"),
        pytest.param("completion.enabled", True, False, False, False, id="off"),
        pytest.param("completion.enabled", True, True, True, False, id="left on"),
        pytest.param("completion.enabled", False, False, False, False, id="left off"),
        pytest.param("completion.enabled", False, True, False, False, id="on again, quietly: it is the default"),
        pytest.param("context.exclude", ("a",), ("b", "a"), ("a", "b"), False, id="more globs"),
        pytest.param("context.exclude", ("a",), (), ("a",), False, id="no globs"),
        pytest.param("hover", "off", "always", "always", False, id="free choice"),
        pytest.param("log", "error", "debug", "error", True, id="the user's only"),
    ],
)
def test_how_values_combine(key: str, own: Any, wanted: Any, in_force: Any, refused: bool) -> None:
    value, refusal = combined(BY_KEY[key], own, wanted)
    assert value == in_force
    assert (refusal is not None) is refused


def test_what_was_refused_is_told(own: Loaded) -> None:
    loaded = with_editor(own, {"budget": {"perDayUsd": 100, "perRequestUsd": 0.25}, "completion": {"enabled": True}})
    assert loaded.settings.budget_per_day_usd == 5
    assert loaded.settings.budget_per_request_usd == Decimal("0.25")
    assert loaded.settings.completion_enabled is False
    assert loaded.problems == ("The editor's 'budget.perDayUsd' may only be tighter than your own value, which stays.",)


@given(st.decimals(0, 100, places=2), st.decimals(0, 100, places=2))
def test_a_budget_is_never_loosened(own: Decimal, wanted: Decimal) -> None:
    value, _ = combined(BY_KEY["budget.perDayUsd"], own, wanted)
    assert value == min(own, wanted)


HOSTILE: dict[str, Any] = {
    "base_url of a provider": {"openrouter": {"base_url": EVIL}},
    "base_url dotted": {"openrouter.base_url": EVIL},
    "baseUrl": {"openrouter.baseUrl": EVIL},
    "baseURL": {"baseURL": EVIL},
    "base-url": {"base-url": EVIL},
    "plain base_url": {"base_url": EVIL},
    "url": {"url": EVIL},
    "endpoint": {"endpoint": EVIL},
    "endpoints": {"endpoints": {"openrouter": {"base_url": EVIL}}},
    "host": {"host": "evil.example"},
    "serverAddress": {"serverAddress": EVIL},
    "anthropic": {"anthropic": {"base_url": EVIL, "key": "x"}},
    "openai": {"openai": {"organization": "x"}},
    "a new local server": {"local": {"evil": {"base_url": EVIL}}},
    "an own local server moved": {"local": {"llama": {"base_url": EVIL}}},
    "local dotted": {"local.llama.base_url": EVIL},
    "apiKey": {"apiKey": "sk-evil-0123456789"},
    "api_key": {"openrouter.api_key": "sk-evil-0123456789"},
    "key": {"key": "sk-evil-0123456789"},
    "keys": {"keys": {"openrouter": "sk-evil-0123456789"}},
    "key in capitals": {"OPENROUTER_API_KEY": "sk-evil-0123456789"},
    "api_key_env": {"local.llama.api_key_env": "AWS_SECRET_ACCESS_KEY"},
    "token": {"token": "ghp_0123456789abcdef"},
    "authToken": {"authToken": "ghp_0123456789abcdef"},
    "password": {"redis.password": "hunter2"},
    "headers": {"headers": {"Authorization": "Bearer evil"}},
    "extraHeaders": {"extraHeaders": {"X": "y"}},
    "headers of a provider": {"openrouter.headers": {"Host": "evil.example"}},
    "proxy": {"proxy": "http://evil.example:3128"},
    "httpProxy": {"http.proxy": "http://evil.example:3128"},
    "HTTPS_PROXY": {"env": {"HTTPS_PROXY": "http://evil.example"}},
    "TLS off": {"tls": {"verify": False}},
    "insecure": {"insecure": True},
    "ca file": {"sslCertFile": "/tmp/evil.pem"},
    "cache folder": {"cache": {"dir": "/etc"}},
    "cachePath": {"cachePath": "../../.."},
    "answers.path": {"answers": {"path": "\\\\evil.example\\share"}},
    "log file": {"logFile": "/home/me/.bashrc"},
    "log": {"log": "debug"},
    "log as an object": {"log": {"level": "debug", "file": "/etc/x"}},
    "state folder": {"state": "/tmp/x"},
    "redis": {"redis": {"url": "redis://evil.example"}},
    "redis dotted": {"redis.url": "redis://evil.example"},
    "redis unencrypted": {"redis.allowUnencrypted": True},
    "redis as a string": {"redis": "redis://evil.example"},
    "config": {"config": "/tmp/evil.toml"},
    "command": {"command": ["/bin/sh", "-c", "x"]},
    "serverPath": {"server.path": "/tmp/evil"},
    "pythonPath": {"pythonPath": "./evil"},
    "substitution": {"baseUrl": "https://evil.example/${env:OPENROUTER_API_KEY}"},
    "base_url below a real group": {"completion": {"base_url": EVIL}},
    "headers below a real group": {"completion.headers": {"a": "b"}},
    "the section twice": {"cachewise": {"cachewise": {"openrouter": {"base_url": EVIL}}}},
    "the section's name in front": {"cachewise.openrouter.base_url": EVIL},
    "an unknown local model": {"model": "local:evil"},
    "a model with a URL": {"model": "local:https://evil.example"},
    "a model of another scheme": {"completion.model": "https://evil.example/model"},
    "a model that is an object": {"model": {"provider": "openrouter", "base_url": EVIL}},
    "globs that take back in": {"context.exclude": ["!.env"]},
    "globs without end": {"context": {"exclude": ["x"] * 100_000}},
    "a budget without end": {"budget.perDayUsd": float("inf")},
    "a higher budget": {"budget": {"perDayUsd": 10_000}},
    "a huge number": {"context.maxTokens": 10**400},
    "odd capitals": {"OpenRouter": {"Base_URL": EVIL}},
    "a class attribute": {"__class__": "x", "__dict__": {"settings": 1}},
    "a field of the code": {"endpoints.openrouter": {}, "origins": {}, "base": None},
    "no object": "openrouter.base_url=https://evil.example",
    "a list": [{"openrouter": {"base_url": EVIL}}],
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_section_changes_nothing(own: Loaded, name: str) -> None:
    loaded = with_editor(own, HOSTILE[name])
    assert loaded.settings == own.settings
    assert loaded.endpoints == own.endpoints
    assert loaded.origins == own.origins
    told = loaded.problems
    assert told, "what was left out is told"
    shown = repr(loaded) + json.dumps(told)
    assert "evil.example" not in shown
    assert "sk-evil" not in shown
    assert "hunter2" not in shown
    assert "canary" not in shown


def test_enough_hostile_sections() -> None:
    assert len(HOSTILE) >= 40


def test_what_is_refused_says_where_it_belongs(own: Loaded) -> None:
    [told] = with_editor(own, {"openrouter.base_url": EVIL}).problems
    assert "'openrouter.base_url'" in told
    assert "user file" in told
    [told] = with_editor(own, {"apiKey": "x"}).problems
    assert "keyring" in told


def test_a_flood_of_unknown_settings_is_cut_short(own: Loaded) -> None:
    section = {f"unknown{n}{'x' * 200}\n": n for n in range(5000)}
    problems = with_editor(own, section).problems
    assert len(problems) == MOST_PROBLEMS + 1
    assert problems[-1] == f"{5000 - MOST_PROBLEMS} more settings of the editor are not used."
    assert all(len(problem) < 300 and problem.isprintable() for problem in problems)


def test_a_key_pasted_as_a_name_is_masked(own: Loaded) -> None:
    [told] = with_editor(own, {"sk-canary-0123456789": 1}).problems
    assert "canary" not in told


def test_problems_of_the_user_file_stay_with_a_section(tmp_path: Path) -> None:
    own = loaded_from(tmp_path, "colour = 1")
    assert with_editor(own, {"paint": 1}).problems[0] == own.problems[0]
    assert len(with_editor(own, {"paint": 1}).problems) == 2


_NAMES = st.sampled_from(
    [setting.key for setting in SETTINGS]
    + ["completion", "context", "redis", "cachewise", "openrouter", "base_url", "cachewise.model", "apiKey", "", "."]
)
_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["openai:x", "local:llama", "local:evil", "offline", "auto", "off", "1h", EVIL]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_NAMES | st.text(max_size=12), inner, max_size=5),
    max_leaves=12,
)


@given(section=_JSON | st.dictionaries(_NAMES, _JSON))
def test_no_section_raises_or_moves_anything(own: Loaded, section: object) -> None:
    loaded = with_editor(own, section)
    assert loaded.endpoints == own.endpoints
    now, before = loaded.settings, own.settings
    assert (now.log, now.redis_url, now.redis_allow_unencrypted) == (before.log, before.redis_url, False)
    assert now.completion_enabled is False
    assert now.answers_enabled <= before.answers_enabled
    assert now.budget_per_day_usd is not None
    assert now.budget_per_day_usd <= Decimal(5)
    assert set(now.context_exclude) >= {"mine/"}
    for model in (now.model, now.completion_model):
        assert model.provider != "local" or model.name == "llama"
    assert all(problem.isprintable() for problem in loaded.problems)
    assert with_editor(loaded, None).settings == own.settings

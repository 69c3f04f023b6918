"""Defaults, user file and environment: who wins, and what becomes of what does not fit."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cachewise.faults import ForbiddenHost
from cachewise.model.names import ModelName
from cachewise.settings.forms import Settings
from cachewise.settings.load import hide_keys, load
from cachewise.settings.schema import SETTINGS
from cachewise.settings.user_file import LARGEST
from support.settings_files import loaded_from, places_in, write_user_file

LOCAL = '[local.llama]\nbase_url = "http://127.0.0.1:8080/v1"\n'


def test_defaults(tmp_path: Path) -> None:
    loaded = loaded_from(tmp_path)
    settings = loaded.settings
    assert str(settings.model) == "openrouter:anthropic/claude-haiku-4.5"
    assert settings.completion_model == settings.model
    assert settings.context_max_tokens == 24000
    assert settings.completion_max_tokens == 256
    assert settings.answers_ttl_hours == 168
    assert settings.prompt_cache_ttl == "auto"
    assert settings.hover == "cached"
    assert settings.code_lens is False
    assert settings.budget_per_day_usd is None
    assert settings.budget_per_request_usd is None
    assert settings.status == "full"
    assert settings.trace == "off"
    assert settings.log == "warning"
    assert loaded.problems == ()
    assert loaded.base is None
    assert list(loaded.endpoints) == ["openrouter", "anthropic", "openai"]
    assert all(e.key is None and e.needs_key for e in loaded.endpoints.values())
    assert {loaded.origins[setting.key] for setting in SETTINGS} == {"default"}


def test_each_declared_setting_has_its_field() -> None:
    assert [setting.field for setting in SETTINGS] == list(Settings.__slots__)


@pytest.mark.parametrize(
    ("text", "field", "expected"),
    [
        pytest.param("[completion]\nmaxTokens = 99", "completion_max_tokens", 99, id="table"),
        pytest.param("completion.maxTokens = 99", "completion_max_tokens", 99, id="dotted"),
        pytest.param('"completion.maxTokens" = 99', "completion_max_tokens", 99, id="quoted"),
        pytest.param("completion.maxTokens = 99.0", "completion_max_tokens", 99, id="whole float"),
        pytest.param("budget.perDayUsd = 2.1", "budget_per_day_usd", Decimal("2.1"), id="decimal is exact"),
        pytest.param("budget.perDayUsd = '2.10'", "budget_per_day_usd", Decimal("2.10"), id="decimal as a string"),
        pytest.param("budget.perDayUsd = 0", "budget_per_day_usd", Decimal(0), id="no spending"),
        pytest.param("context.exclude = ['a/', 'a/', '*.b']", "context_exclude", ("a/", "*.b"), id="globs, once each"),
        pytest.param("model = 'offline'", "model", ModelName("offline", "offline"), id="offline"),
        pytest.param("model = 'openai:gpt-5.6'", "completion_model", ModelName("openai", "gpt-5.6"), id="follows"),
        pytest.param("model = 'local:llama'\n" + LOCAL, "model", ModelName("local", "llama"), id="local"),
        pytest.param("log = 'debug'", "log", "debug", id="log"),
        pytest.param("codeLens = true", "code_lens", True, id="bool"),
    ],
)
def test_the_user_file(tmp_path: Path, text: str, field: str, expected: Any) -> None:
    loaded = loaded_from(tmp_path, text)
    assert loaded.problems == ()
    assert getattr(loaded.settings, field) == expected
    assert type(getattr(loaded.settings, field)) is type(expected)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("completion.maxTokens = true", "'completion.maxTokens' must be a whole number", id="bool as int"),
        pytest.param("completion.maxTokens = 0", "from 1 to 8192", id="too small"),
        pytest.param("completion.maxTokens = 1e400", "from 1 to 8192", id="infinite"),
        pytest.param("budget.perDayUsd = nan", "must be a number", id="nan"),
        pytest.param("budget.perDayUsd = -1", "must be a number", id="negative"),
        pytest.param("budget.perDayUsd = '1e5'", "must be a number", id="exponent in a string"),
        pytest.param("hover = 'sometimes'", "'hover' must be one of cached, always, off", id="choice"),
        pytest.param("hover = []", "'hover' must be one of", id="choice of another type"),
        pytest.param("codeLens = 'yes'", "must be true or false", id="string as bool"),
        pytest.param("model = 'gpt'", "'model' must be 'openrouter:VENDOR/MODEL'", id="model"),
        pytest.param("model = 'openai:sk-0123456789abcdef'", "looks like a key", id="key as model"),
        pytest.param("model = 'local:nobody'", "no usable [local.NAME] table", id="unknown local"),
        pytest.param("context.exclude = ['!secret']", "'!'", id="glob that takes back in"),
        pytest.param("context.exclude = 'a'", "must be a list", id="glob as a string"),
        pytest.param("context.exclude = [1]", "must hold patterns", id="number as glob"),
        pytest.param("completion.max_tokens = 5", "(write it as 'completion.maxTokens')", id="snake case"),
        pytest.param("colour = 1", "'colour' is no setting", id="unknown"),
        pytest.param("completion = 5", "'completion' is no setting", id="a group that is no table"),
        pytest.param("local = 5", "[local.NAME]", id="local that is no table"),
        pytest.param("openrouter = 5", "must be a table", id="server that is no table"),
        pytest.param("[openai]\nproject = 'x'", "'openai.project' is not known", id="unknown entry of a server"),
        pytest.param("redis.url = 'http://127.0.0.1'", "'redis.url' must be redis://", id="redis scheme"),
        pytest.param("redis.url = 'redis://10.0.0.1'", "without TLS", id="plain redis far away"),
        pytest.param("redis.url = 'redis://127.0.0.1?x=1'", "'?' are not supported", id="redis options"),
    ],
)
def test_what_does_not_fit_is_told_and_left_out(tmp_path: Path, text: str, told: str) -> None:
    loaded = loaded_from(tmp_path, text)
    assert len(loaded.problems) == 1
    assert told in loaded.problems[0]
    assert loaded.settings == loaded_from(tmp_path / "none").settings


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("model = = 1", "not valid TOML (at line 1", id="no TOML"),
        pytest.param("a = 1\na = 2", "not valid TOML", id="twice"),
        pytest.param("#" * (LARGEST + 1), "too large", id="too large"),
    ],
)
def test_an_unusable_file_is_as_none(tmp_path: Path, text: str, told: str) -> None:
    loaded = loaded_from(tmp_path, text)
    assert told in loaded.problems[0]
    assert loaded.settings == loaded_from(tmp_path / "none").settings


def test_a_file_of_bytes_is_told(tmp_path: Path) -> None:
    places = places_in(tmp_path)
    write_user_file(places, "").write_bytes(b"model = '\xff'")
    assert "not UTF-8" in load({}, places).problems[0]


def test_a_folder_in_place_of_the_file_is_told(tmp_path: Path) -> None:
    places = places_in(tmp_path)
    places.user_file.mkdir(parents=True)
    assert "can't be read" in load({}, places).problems[0]


def test_a_file_that_others_can_write_is_not_used(tmp_path: Path) -> None:
    places = places_in(tmp_path)
    write_user_file(places, '[openrouter]\nbase_url = "https://evil.example/v1"', mode=0o666)
    loaded = load({"OPENROUTER_API_KEY": "sk-or-0123456789"}, places)
    assert "can be written by others" in loaded.problems[0]
    assert loaded.endpoints["openrouter"].origin == "https://openrouter.ai"


def test_a_file_of_somebody_else_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places = places_in(tmp_path)
    write_user_file(places, "codeLens = true")
    monkeypatch.setattr(os, "fstat", lambda _: os.stat_result((0o100600, 0, 0, 1, os.geteuid() + 1, 0, 0, 0, 0, 0)))
    assert "belongs to another user" in load({}, places).problems[0]


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    env = {"CACHEWISE_MODEL": "openai:b", "CACHEWISE_COMPLETION_MODEL": " anthropic:c ", "CACHEWISE_LOG": "DEBUG"}
    loaded = loaded_from(tmp_path, "model = 'openai:a'\nlog = 'error'", env)
    assert str(loaded.settings.model) == "openai:b"
    assert str(loaded.settings.completion_model) == "anthropic:c"
    assert loaded.settings.log == "debug"
    assert loaded.origins["model"] == "environment CACHEWISE_MODEL"
    assert loaded.origins["log"] == "environment CACHEWISE_LOG"


@pytest.mark.parametrize("value", ["", "  "])
def test_an_empty_variable_is_not_set(tmp_path: Path, value: str) -> None:
    env = {"CACHEWISE_MODEL": value, "OPENROUTER_BASE_URL": value, "OPENROUTER_API_KEY": value}
    loaded = loaded_from(tmp_path, "model = 'openai:a'", env)
    assert str(loaded.settings.model) == "openai:a"
    assert loaded.endpoints["openrouter"].key is None
    assert loaded.problems == ()


def test_a_bad_variable_leaves_the_file_in_force(tmp_path: Path) -> None:
    loaded = loaded_from(tmp_path, "model = 'openai:a'", {"CACHEWISE_MODEL": "nonsense", "CACHEWISE_LOG": "loud"})
    assert str(loaded.settings.model) == "openai:a"
    assert loaded.origins["model"] == "user file"
    assert [p.split()[0] for p in loaded.problems] == ["CACHEWISE_MODEL", "CACHEWISE_LOG"]


@pytest.mark.parametrize("variable", ["CACHEWISE_REDIS_URL", "LLM_CACHE_REDIS_URL"])
def test_redis_from_the_environment(tmp_path: Path, variable: str) -> None:
    loaded = loaded_from(tmp_path, None, {variable: "redis://:pass-word-1@127.0.0.1:6380/2"})
    redis = loaded.settings.redis_url
    assert redis is not None
    assert redis.origins == {"redis://127.0.0.1:6380"}
    assert redis.reveal_for("redis://127.0.0.1:6380") == "redis://:pass-word-1@127.0.0.1:6380/2"
    assert "pass-word-1" not in repr(loaded)


def test_redis_far_away_needs_tls_or_the_users_word(tmp_path: Path) -> None:
    assert loaded_from(tmp_path / "a", "redis.url = 'rediss://10.0.0.1'").settings.redis_url is not None
    allowed = loaded_from(tmp_path / "b", "redis.url = 'redis://10.0.0.1'\nredis.allowUnencrypted = true")
    assert allowed.settings.redis_url is not None
    assert allowed.problems == ()


def test_keys_are_bound_to_the_default_hosts(tmp_path: Path) -> None:
    env = {"OPENROUTER_API_KEY": " sk-or-1 ", "ANTHROPIC_API_KEY": "sk-ant-1", "OPENAI_API_KEY": "sk-1"}
    loaded = loaded_from(tmp_path, None, env)
    found = {name: endpoint.key for name, endpoint in loaded.endpoints.items()}
    assert {name: key.origins for name, key in found.items() if key} == {
        "openrouter": {"https://openrouter.ai"},
        "anthropic": {"https://api.anthropic.com"},
        "openai": {"https://api.openai.com"},
    }
    assert found["openrouter"] is not None
    assert found["openrouter"].reveal_for("https://openrouter.ai") == "sk-or-1"
    assert loaded.origins["openrouter.key"] == "environment OPENROUTER_API_KEY"


def test_a_base_url_of_the_user_binds_the_key_there_only(tmp_path: Path) -> None:
    text = '[openrouter]\nbase_url = "https://file.example/v1"\n[openai]\nbase_url = "https://oa.example/v1/"'
    env = {
        "OPENROUTER_API_KEY": "sk-or-1",
        "OPENAI_API_KEY": "sk-1",
        "OPENROUTER_BASE_URL": "http://127.0.0.1:9/api/v1",
    }
    loaded = loaded_from(tmp_path, text, env)
    openrouter, openai = loaded.endpoints["openrouter"], loaded.endpoints["openai"]
    assert (openrouter.base_url, openai.base_url) == ("http://127.0.0.1:9/api/v1", "https://oa.example/v1")
    assert openrouter.key is not None
    assert openrouter.key.reveal_for(openrouter.origin) == "sk-or-1"
    for elsewhere in ("https://openrouter.ai", "https://file.example"):
        with pytest.raises(ForbiddenHost):
            openrouter.key.reveal_for(elsewhere)
    assert loaded.origins["openrouter.base_url"] == "environment OPENROUTER_BASE_URL"
    assert loaded.origins["openai.base_url"] == "user file"


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("http://gateway.example/v1", id="plain http"),
        pytest.param("https://user:hunter2pass@gateway.example/v1", id="user information"),
        pytest.param("ftp://gateway.example/v1", id="odd scheme"),
        pytest.param("gateway", id="no URL"),
        pytest.param("https://gateway.example:99999999/", id="port"),
        pytest.param("https://[::1", id="broken IPv6"),
    ],
)
def test_a_refused_address_never_falls_back_to_another_host(tmp_path: Path, url: str) -> None:
    for folder, text, env in [
        (tmp_path / "env", None, {"OPENROUTER_BASE_URL": url}),
        (tmp_path / "file", f'[openrouter]\nbase_url = "{url}"', {}),
    ]:
        loaded = loaded_from(folder, text, env | {"OPENROUTER_API_KEY": "sk-or-1"})
        assert "openrouter" not in loaded.endpoints
        assert len(loaded.problems) == 1
        assert "is refused" in loaded.problems[0]
        assert "hunter2" not in loaded.problems[0]


@pytest.mark.parametrize("key", ["sk-or\n-1", "sk or 1", "sk-ör", "sk-\x00-1"])
def test_a_key_that_no_header_can_carry_is_not_used(tmp_path: Path, key: str) -> None:
    loaded = loaded_from(tmp_path, None, {"OPENROUTER_API_KEY": key})
    assert loaded.endpoints["openrouter"].key is None
    assert "OPENROUTER_API_KEY holds characters" in loaded.problems[0]
    assert key not in loaded.problems[0]


PROXIES = {
    "plain": ("http://proxy.example:3128", "http://proxy.example:3128"),
    "with a slash": ("https://proxy.example:8443/", "https://proxy.example:8443"),
    "a password": ("http://me:hunter2@proxy.example:3128", None),
    "a path": ("http://proxy.example/hunter2", None),
    "another scheme": ("socks5://proxy.example:1080", None),
    "no address": ("hunter2", None),
    "nothing": ("", None),
}


@pytest.mark.parametrize(("given", "proxy"), PROXIES.values(), ids=PROXIES)
@pytest.mark.parametrize("table", ["[openai]", "[local.gpu]\nbase_url = 'https://gpu.example/v1'"])
def test_proxies(tmp_path: Path, table: str, given: str, proxy: str | None) -> None:
    loaded = loaded_from(tmp_path, f"{table}\nproxy = '{given}'", {"HTTPS_PROXY": "http://other.example:1"})
    endpoint = loaded.endpoints.get("local:gpu" if "local" in table else "openai")
    assert (endpoint.proxy if endpoint else None) == proxy
    assert len(loaded.problems) == (proxy is None)
    assert "hunter2" not in repr(loaded)


def test_no_proxy_sees_a_key(tmp_path: Path) -> None:
    text = "[local.a]\nbase_url = 'http://127.0.0.1/v1'\nproxy = 'http://proxy.example:3128'"
    loaded = loaded_from(tmp_path, text)
    assert "local:a" not in loaded.endpoints
    assert "would see the key" in loaded.problems[0]


def test_local_servers(tmp_path: Path) -> None:
    text = (
        LOCAL + '[local.vllm]\nbase_url = "https://gpu.example/v1"\nmodel = "qwen/coder"\napi_key_env = "GPU_KEY"\n'
        'headers = { X-Team = "editors" }\n'
        '[local.ollama]\nbase_url = "http://localhost:11434/v1"\napi_key_env = "NONE"\n'
    )
    loaded = loaded_from(tmp_path, text, {"GPU_KEY": "gpu-key-1"})
    llama, vllm, ollama = (loaded.endpoints[f"local:{name}"] for name in ("llama", "vllm", "ollama"))
    assert (llama.name, llama.model, llama.needs_key, llama.key) == ("llama", "llama", False, None)
    assert (vllm.model, vllm.needs_key, dict(vllm.headers)) == ("qwen/coder", True, {"X-Team": "editors"})
    assert vllm.key is not None
    assert vllm.key.origins == {"https://gpu.example"}
    assert (ollama.needs_key, ollama.key, ollama.key_variable) == (True, None, "NONE")
    assert loaded.problems == ()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("[local.a]\nmodel = 'x'", id="no address"),
        pytest.param("[local.a]\nbase_url = 5", id="address of another type"),
        pytest.param("[local.a]\nbase_url = 'http://10.0.0.1/v1'", id="plain http"),
        pytest.param("[local.'a b']\nbase_url = 'http://127.0.0.1/v1'", id="odd name"),
        pytest.param("[local.a]\nbase_url = 'http://127.0.0.1/v1'\napi_key_env = 'a b'", id="odd variable"),
        pytest.param(
            "[local.a]\nbase_url = 'http://127.0.0.1/v1'\napi_key_env = 'sk-0123456789'", id="key as variable"
        ),
    ],
)
def test_a_local_server_that_makes_no_sense_is_left_out(tmp_path: Path, text: str) -> None:
    loaded = loaded_from(tmp_path, text)
    assert list(loaded.endpoints) == ["openrouter", "anthropic", "openai"]
    assert len(loaded.problems) == 1
    assert "sk-0123456789" not in loaded.problems[0]


@pytest.mark.parametrize(
    "text",
    [
        "[openrouter]\napi_key = 'KEY'",
        "[openrouter]\nkey = 'KEY'",
        "[anthropic]\napiKey = 'KEY'",
        "[openai.headers]\nAuthorization = 'Bearer KEY'",
        "[openai.headers]\nx-api-key = 'KEY'",
        "[openai.headers]\nX-Note = 'KEY'",
        "[local.a]\nbase_url = 'http://127.0.0.1/v1'\napi_key = 'KEY'",
        "apiKey = 'KEY'",
        "OPENROUTER_API_KEY = 'KEY'",
        "[keys]\nopenrouter = 'KEY'",
    ],
)
def test_keys_in_the_file_are_refused(tmp_path: Path, text: str) -> None:
    loaded = loaded_from(tmp_path, text.replace("KEY'", "sk-canary-0123456789'"))
    assert len(loaded.problems) == 1
    assert all(e.key is None and not e.headers for e in loaded.endpoints.values())
    assert "canary" not in repr(loaded)


@pytest.mark.parametrize("header", ["Host", "content-length", "X:Y", "a b", ""])
def test_headers_that_steer_the_connection_are_refused(tmp_path: Path, header: str) -> None:
    loaded = loaded_from(tmp_path, f'[openai.headers]\n"{header}" = "x"\nX-Fine = "y"')
    assert dict(loaded.endpoints["openai"].headers) == {"X-Fine": "y"}
    assert "is not sent" in loaded.problems[0]


def test_header_values_hold_no_line_ends(tmp_path: Path) -> None:
    loaded = loaded_from(tmp_path, '[openai.headers]\nX-A = "x\\r\\nX-B: y"')
    assert dict(loaded.endpoints["openai"].headers) == {}


def test_every_secret_is_handed_to_the_log(tmp_path: Path) -> None:
    text = "[local.a]\nbase_url = 'http://127.0.0.1/v1'\napi_key_env = 'A'"
    url = "redis://me:pass-word-1@127.0.0.1"
    env = {"A": "local-key-1", "OPENAI_API_KEY": "sk-1", "CACHEWISE_REDIS_URL": url}
    hidden: list[str] = []
    hide_keys(loaded_from(tmp_path, text, env), hidden.append)
    assert set(hidden) == {"local-key-1", "sk-1", "pass-word-1", url}

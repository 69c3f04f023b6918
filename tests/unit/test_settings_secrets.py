"""Keys stay hidden, and go only to the origin that they are bound to."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle
import traceback
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cachewise.faults import ForbiddenHost
from cachewise.settings.endpoints import Endpoint, checked_base_url
from cachewise.settings.secrets import Secret, is_loopback, origin_of

CANARY = "sk-canary-0123456789"
HOME = "https://openrouter.ai"


def secret() -> Secret:
    return Secret(CANARY, frozenset({HOME}))


def shown_in_frame(value: Secret) -> str:
    try:
        raise RuntimeError(value)
    except RuntimeError as error:
        return "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())


@pytest.mark.parametrize(
    "show",
    [
        pytest.param(repr, id="repr"),
        pytest.param(str, id="str"),
        pytest.param(lambda s: f"{s}", id="f-string"),
        pytest.param(lambda s: f"{s!r:>40}", id="f-string with repr and width"),
        pytest.param(lambda s: f"{s:>40}", id="format with width"),
        pytest.param(lambda s: "%s %r" % (s, s), id="percent"),  # noqa: UP031
        pytest.param(lambda s: "{0} {0!s} {0!r}".format(s), id="str.format"),  # noqa: UP032
        pytest.param(lambda s: repr([s, {s: s}, (s,)]), id="in containers"),
        pytest.param(lambda s: repr(copy.copy(s)) + repr(copy.deepcopy(s)), id="copies"),
        pytest.param(lambda s: repr(dir(s)), id="dir"),
        pytest.param(shown_in_frame, id="traceback with locals"),
        pytest.param(lambda s: repr(dataclasses.asdict(endpoint(s))), id="dataclass as a dictionary"),
        pytest.param(lambda s: repr(endpoint(s)), id="repr of its endpoint"),
        pytest.param(lambda s: str(ForbiddenHost(f"{s}").sentence), id="in a fault"),
    ],
)
def test_a_secret_is_never_shown(show: Any) -> None:
    shown = show(secret())
    assert CANARY not in shown
    assert "canary" not in shown


@pytest.mark.parametrize(
    "serialise",
    [
        pytest.param(pickle.dumps, id="pickle"),
        pytest.param(lambda s: pickle.dumps(s, protocol=0), id="pickle 0"),
        pytest.param(json.dumps, id="json"),
        pytest.param(vars, id="vars"),
        pytest.param(bytes, id="bytes"),
        pytest.param(iter, id="iter"),
        pytest.param(lambda s: s + "x", id="concatenation"),
    ],
)
def test_a_secret_is_never_serialised(serialise: Any) -> None:
    with pytest.raises(TypeError) as caught:
        serialise(secret())
    assert CANARY not in str(caught.value)


def test_a_secret_does_not_change() -> None:
    value = secret()
    for name in ("_Secret__value", "_Secret__origins", "origins", "other"):
        with pytest.raises(AttributeError):
            setattr(value, name, frozenset({"https://evil.example"}))
        with pytest.raises(AttributeError):
            delattr(value, name)
    assert value.reveal_for(HOME) == CANARY


def test_equality_is_by_value_and_binding() -> None:
    assert secret() == secret()
    assert hash(secret()) == hash(secret())
    assert secret() != Secret("sk-other-0123456789", frozenset({HOME}))
    assert secret() != Secret(CANARY, frozenset({"https://evil.example"}))
    assert secret() != CANARY


@pytest.mark.parametrize(
    "origin",
    [
        pytest.param(HOME, id="itself"),
        pytest.param("https://openrouter.ai:443", id="own port written out"),
        pytest.param("HTTPS://OpenRouter.AI/api/v1/chat", id="a URL there, in capitals"),
    ],
)
def test_revealed_at_home(origin: str) -> None:
    assert secret().reveal_for(origin) == CANARY


@pytest.mark.parametrize(
    "origin",
    [
        pytest.param("http://openrouter.ai", id="other scheme"),
        pytest.param("https://openrouter.ai:8443", id="other port"),
        pytest.param("https://openrouter.ai.evil.example", id="longer host"),
        pytest.param("https://evil.example/https://openrouter.ai", id="home in the path"),
        pytest.param("https://openrouter.ai@evil.example", id="home as a user name"),
        pytest.param("https://evil.example\\@openrouter.ai", id="backslash"),
        pytest.param("https://openrouter.ai.", id="trailing dot"),
        pytest.param("https://openrouter.ai\n", id="newline"),
        pytest.param("https://openrouter.\u0430i", id="a Cyrillic letter"),
        pytest.param("https://api.openrouter.ai", id="subdomain"),
        pytest.param("ftp://openrouter.ai", id="odd scheme"),
        pytest.param("openrouter.ai", id="no scheme"),
        pytest.param("", id="empty"),
    ],
)
def test_revealed_nowhere_else(origin: str) -> None:
    with pytest.raises(ForbiddenHost) as caught:
        secret().reveal_for(origin)
    assert CANARY not in caught.value.sentence
    assert "https://openrouter.ai" in caught.value.sentence


def test_a_secret_bound_to_nothing_goes_nowhere() -> None:
    with pytest.raises(ForbiddenHost, match="no host"):
        Secret(CANARY, frozenset()).reveal_for(HOME)


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        pytest.param("https://openrouter.ai/api/v1", "https://openrouter.ai", id="path"),
        pytest.param("HTTPS://Host.Example:443", "https://host.example", id="capitals and own port"),
        pytest.param("http://localhost:80/v1", "http://localhost", id="http's own port"),
        pytest.param("https://host:80", "https://host:80", id="the other scheme's port"),
        pytest.param("http://[::1]:8080/v1", "http://[::1]:8080", id="IPv6"),
        pytest.param("http://127.0.0.1:8080?x#y", "http://127.0.0.1:8080", id="query"),
        pytest.param("redis://cache:6379/0", "redis://cache", id="redis"),
    ],
)
def test_origins(url: str, origin: str) -> None:
    assert origin_of(url) == origin
    assert origin_of(origin) == origin


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://",
        "https:///x",
        "file:///etc/passwd",
        "https://u:p@host",
        "https://@host",
        "https://host:0",
        "https://host:99999",
        "https://host:x",
        "https://ho st",
        "https://host\t",
        "https://hö.example",
        "https:host",
        "https://[::1",
        "https://[fe80::1%25eth0]/",
        "//host",
        "javascript://host",
        "https://h\\x",
        "https://h%2e/",
    ],
)
def test_refused_addresses(url: str) -> None:
    with pytest.raises(ValueError) as caught:
        origin_of(url)
    assert "u:p" not in str(caught.value)


@given(st.text(max_size=60) | st.from_regex(r"https?://[\w.@:\[\]\\%/-]{0,40}", fullmatch=True))
def test_an_origin_never_holds_more_than_scheme_host_and_port(url: str) -> None:
    try:
        origin = origin_of(url)
    except ValueError:
        return
    parts = urlsplit(origin)
    assert (parts.path, parts.query, parts.fragment, parts.username) == ("", "", "", None)
    assert origin_of(origin) == origin


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ("http://localhost:1", True),
        ("http://127.0.0.1", True),
        ("http://127.9.9.9:80", True),
        ("http://[::1]:9", True),
        ("http://127.0.0.1.evil.example", False),
        ("http://127.evil.0.1", False),
        ("http://0.0.0.0", False),
        ("http://localhost.evil.example", False),
        ("http://10.0.0.1", False),
        ("http://[::2]", False),
    ],
)
def test_loopback(origin: str, expected: bool) -> None:
    assert is_loopback(origin) is expected


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        pytest.param("https://h/api/v1/", "https://h/api/v1", id="slash at the end"),
        pytest.param("  http://127.0.0.1:1/v1 ", "http://127.0.0.1:1/v1", id="white space around"),
    ],
)
def test_base_urls(url: str, kept: str) -> None:
    assert checked_base_url(url, provider="openai") == kept


def test_anthropic_base_urls_go_without_the_version() -> None:
    assert checked_base_url("https://h/anthropic/v1/", provider="anthropic") == "https://h/anthropic"
    assert checked_base_url("https://h/anthropic", provider="anthropic") == "https://h/anthropic"


@pytest.mark.parametrize(
    "url", ["http://10.0.0.1/v1", "https://h/v1?x=1", "https://h/#x", "redis://127.0.0.1", "https://u@h/v1", "h", ""]
)
def test_refused_base_urls(url: str) -> None:
    with pytest.raises(ValueError):
        checked_base_url(url, provider="openai")


def endpoint(key: Secret) -> Endpoint:
    return Endpoint(
        provider="openrouter",
        name="openrouter",
        base_url=HOME + "/api/v1",
        key=key,
        headers={},
        model=None,
        needs_key=True,
    )


def test_headers_are_in_no_repr() -> None:
    told = dataclasses.replace(endpoint(secret()), headers={"X-Team": "quiet-value"})
    assert "quiet-value" not in repr(told)
    assert told.origin == HOME

"""Addresses of Redis: what is read from them, what is refused, and that the password is never shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cachewise.answers.redis_url import RedisTarget, parse_redis_url


def check(url: str, **expected: object) -> None:
    target = parse_redis_url(url)
    assert {name: getattr(target, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        pytest.param("redis://localhost", {"kind": "single", "hosts": (("localhost", 6379),), "tls": False}, id="bare"),
        pytest.param("redis://10.0.0.1:7000/3", {"hosts": (("10.0.0.1", 7000),), "db": 3}, id="port-and-db"),
        pytest.param("redis://h?db=4", {"db": 4}, id="db-as-option"),
        pytest.param("redis://u:p%40ss@h:1", {"username": "u", "password": "p@ss"}, id="login-quoted"),
        pytest.param("redis://:pw@h", {"username": None, "password": "pw"}, id="password-only"),
        pytest.param("redis://u:a:b@h", {"username": "u", "password": "a:b"}, id="colon-in-password"),
        pytest.param("rediss://h", {"tls": True}, id="tls"),
        pytest.param("REDISS://h", {"tls": True}, id="scheme-in-capitals"),
        pytest.param("redis://[::1]:6380/1", {"hosts": (("::1", 6380),), "db": 1}, id="ipv6"),
        pytest.param(
            "redis+sentinel://a:1,b,c:3/mymaster/2",
            {"kind": "sentinel", "hosts": (("a", 1), ("b", 26379), ("c", 3)), "service": "mymaster", "db": 2},
            id="sentinel",
        ),
        pytest.param("rediss+sentinel://a/m", {"kind": "sentinel", "tls": True, "service": "m"}, id="sentinel-tls"),
        pytest.param(
            "redis+cluster://:p@a:1,b:2",
            {"kind": "cluster", "hosts": (("a", 1), ("b", 2)), "password": "p"},
            id="cluster",
        ),
        pytest.param("unix:///run/redis.sock?db=2", {"kind": "unix", "path": "/run/redis.sock", "db": 2}, id="socket"),
        pytest.param("redis://h?namespace=team-a", {"namespace": "team-a"}, id="namespace"),
        pytest.param("redis://h", {"namespace": "default", "insecure": False}, id="defaults"),
        pytest.param("redis://h?insecure=yes", {"insecure": True}, id="insecure"),
    ],
)
def test_reads(url: str, expected: dict[str, object]) -> None:
    check(url, **expected)


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("", id="empty"),
        pytest.param("http://h", id="other-scheme"),
        pytest.param("h:6379", id="no-scheme"),
        pytest.param("redis://", id="no-host"),
        pytest.param("redis://h:99999", id="port-too-high"),
        pytest.param("redis://h:0", id="port-zero"),
        pytest.param("redis://h:x", id="port-no-number"),
        pytest.param("redis://h/one", id="db-no-number"),
        pytest.param("redis://h/1/2", id="two-dbs"),
        pytest.param("redis://h?namespace=a*b", id="namespace-with-glob"),
        pytest.param("redis://h?timeout=3", id="unknown-option"),
        pytest.param("redis+sentinel://a", id="sentinel-without-service"),
        pytest.param("redis+cluster://a/1", id="cluster-with-db"),
        pytest.param("unix://", id="socket-without-path"),
        pytest.param("redis://[::1", id="broken-ipv6"),
    ],
)
def test_refuses(url: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse_redis_url(url)


def test_password_is_in_no_repr_and_no_shown_name() -> None:
    target = parse_redis_url("redis://bob:hunter2@h:1")
    assert "hunter2" not in repr(target)
    assert "hunter2" not in target.shown
    assert "hunter2" not in str(target)


@pytest.mark.parametrize("tail", ["h:99999", "h/one", "h?x=1", "h:x", "h/1/2", "[::1"])
def test_password_is_in_no_error(tail: str) -> None:
    with pytest.raises(ValueError, match=r"\w") as caught:
        parse_redis_url(f"redis://bob:hunter2@{tail}")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "private"),
    [
        pytest.param("redis://localhost", True, id="localhost"),
        pytest.param("redis://127.0.0.9", True, id="loopback-net"),
        pytest.param("redis://[::1]", True, id="loopback-six"),
        pytest.param("redis://10.0.0.1", False, id="network"),
        pytest.param("redis://localhost.example", False, id="name-that-looks-local"),
        pytest.param("rediss://10.0.0.1", True, id="network-with-tls"),
        pytest.param("unix:///x", True, id="socket"),
        pytest.param("redis+cluster://127.0.0.1,10.0.0.1", False, id="one-of-two-far-away"),
    ],
)
def test_who_can_read_along(url: str, private: bool) -> None:
    assert parse_redis_url(url).is_private is private


@given(st.text(max_size=60), st.sampled_from(["redis://", "redis+sentinel://", "rediss+cluster://", "unix://"]))
def test_any_text_is_read_or_refused(tail: str, scheme: str) -> None:
    try:
        target = parse_redis_url(scheme + tail)
    except ValueError:
        return
    assert isinstance(target, RedisTarget)
    assert target.kind == "unix" or target.hosts

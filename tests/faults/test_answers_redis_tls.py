"""A Redis behind TLS: used where its certificate is right, and not at all where it is not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.certificates import Certificates, make_certificates
from support.redis_server import RedisServer, redis_server, redis_tls
from support.stores import KEY, blob, redis_store


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def secured(certificates: Certificates) -> Iterator[RedisServer]:
    with redis_tls(certificates, password="open sesame") as server:
        yield server


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    with redis_server() as server:
        yield server


def address(server: RedisServer, scheme: str = "rediss", more: str = "") -> str:
    return f"{scheme}://:open%20sesame@127.0.0.1:{server.port}{more}"


@pytest.mark.usefixtures("patient")
async def test_an_authority_that_is_trusted_here(
    secured: RedisServer, certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.authority))
    store, told = redis_store(address(secured))
    assert await store.connect()
    assert await store.set(KEY, blob(), ttl_seconds=100, task="ask")
    assert await store.get(KEY) == blob()
    assert await store.acquire(KEY, "me", 10)
    await store.release(KEY, "me")
    assert await store.clear("ask") == 1
    assert told == []
    await store.aclose()


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize(
    ("trusted", "name"),
    [
        pytest.param(False, "127.0.0.1", id="nobody-vouches-for-it"),
        pytest.param(True, "192.0.2.7", id="of-another-address"),
    ],
)
async def test_a_certificate_that_is_not_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trusted: bool, name: str
) -> None:
    """No password and no answer goes to such a server, and the sentence says what is wrong."""
    made = make_certificates(tmp_path, name)
    empty = tmp_path / "nobody.pem"
    empty.write_text("")
    monkeypatch.setenv("SSL_CERT_FILE", str(made.authority if trusted else empty))
    with redis_tls(made) as server:
        store, told = redis_store(address(server))
        assert not await store.connect()
        assert await store.get(KEY) is None
        assert not await store.set(KEY, blob(), ttl_seconds=100, task="ask")
        assert server.command("DBSIZE") == b":0\r\n"
        [sentence] = told
        assert "certificate" in sentence
        assert "open sesame" not in sentence
        await store.aclose()


async def test_the_wrong_one_of_the_two(secured: RedisServer, redis: RedisServer) -> None:
    """Neither side says a word, so that this ends by the deadlines."""
    for url in (address(secured, "redis"), f"rediss://127.0.0.1:{redis.port}"):
        store, told = redis_store(url)
        assert not await store.connect()
        assert await store.get(KEY) is None
        assert len(told) == 1
        await store.aclose()

"""`cachewise login` as a real process: a browser, a sign-in server on loopback, and a keyring in a file."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import urllib.request
from asyncio.subprocess import PIPE
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.command import DEADLINE
from support.oauth_server import KEY, SignInServer, sign_in_server

TESTS = Path(__file__).parents[1]
BROWSER = f"{sys.executable} -c 'import sys, urllib.request; urllib.request.urlopen(sys.argv[1], timeout=20).read()' %s"


@pytest.fixture
def server() -> Iterator[SignInServer]:
    with sign_in_server() as server:
        yield server


def environment(home: Path, server: SignInServer) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "PYTHONPATH": str(TESTS),
        "PYTHON_KEYRING_BACKEND": "support.keyring_file.FileKeyring",
        "TEST_KEYRING": str(home / "keyring.json"),
        "OPENROUTER_BASE_URL": server.base_url,
        "BROWSER": BROWSER,
        "no_proxy": "*",
    }


async def login(
    env: dict[str, str], *arguments: str, typed: str = "", sign_in: bool = False
) -> tuple[int | None, str, str]:
    """Status, output and errors. With `sign_in`, open the printed page and type the code that it shows."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cachewise", "login", *arguments), stdin=PIPE, stdout=PIPE, stderr=PIPE, env=env
    )
    assert process.stdout is not None
    seen = b""
    if sign_in:
        while b"\n  http" not in seen:
            seen += await asyncio.wait_for(process.stdout.readline(), DEADLINE)
        url = seen.decode().split()[-1]
        typed = (await asyncio.to_thread(lambda: urllib.request.urlopen(url, timeout=20).read())).decode() + "\n"
    out, err = await asyncio.wait_for(process.communicate(typed.encode()), DEADLINE)
    return process.returncode, (seen + out).decode(), err.decode()


def kept(home: Path) -> dict[str, str]:
    path = home / "keyring.json"
    found: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    return found


async def test_signing_in_with_a_browser(tmp_path: Path, server: SignInServer) -> None:
    status, out, err = await login(environment(tmp_path, server))
    assert (status, err) == (0, "")
    assert kept(tmp_path) == {"cachewise openrouter": KEY}
    assert KEY not in out
    [asked] = server.asked
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["callback_url"][0].startswith("http://localhost:")


async def test_signing_in_with_a_code_that_is_copied(tmp_path: Path, server: SignInServer) -> None:
    status, out, err = await login(environment(tmp_path, server), "--paste", sign_in=True)
    assert (status, err) == (0, "")
    assert kept(tmp_path) == {"cachewise openrouter": KEY}
    assert KEY not in out
    assert set(server.asked[0]) == {"code_challenge", "code_challenge_method", "key_label"}


@pytest.mark.parametrize("arguments", [("anthropic",), ("openai",), ("openrouter", "--key")], ids=" ".join)
async def test_a_key_that_is_there_already(tmp_path: Path, server: SignInServer, arguments: tuple[str, ...]) -> None:
    status, out, err = await login(environment(tmp_path, server), *arguments, typed="  sk-canary-typed \n")
    assert (status, err) == (0, "")
    assert kept(tmp_path) == {f"cachewise {arguments[0]}": "sk-canary-typed"}
    assert "canary" not in out
    assert server.asked == []


async def test_the_key_is_what_the_server_then_uses(tmp_path: Path, server: SignInServer) -> None:
    env = environment(tmp_path, server)
    await login(env)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cachewise", "settings", "--json"), stdout=PIPE, env=env
    )
    out, _ = await asyncio.wait_for(process.communicate(), DEADLINE)
    assert b"keyring" in out
    assert KEY.encode() not in out


async def test_a_variable_that_comes_first_is_named(tmp_path: Path, server: SignInServer) -> None:
    env = {**environment(tmp_path, server), "ANTHROPIC_API_KEY": "sk-canary-env"}
    status, out, _ = await login(env, "anthropic", typed="sk-canary-typed\n")
    assert status == 0
    assert "ANTHROPIC_API_KEY is set, too, and comes first" in out
    assert "canary" not in out


REFUSED = {
    "a wrong code": (["--paste"], "nonsense\n", {}, "code was not accepted"),
    "no code": (["--paste"], "", {}, "code was not accepted"),
    "no key": (["anthropic"], "\n", {}, "No key was given"),
    "no key at all": (["anthropic"], "sk canary\n", {}, "no key has"),
    "signing in elsewhere": (["openai", "--paste"], "", {}, "Only OpenRouter"),
    "a refused address": ([], "", {"OPENROUTER_BASE_URL": "http://elsewhere.example/v1"}, "was refused"),
    "no keyring": (
        ["anthropic"],
        "sk-canary\n",
        {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"},
        "no keyring",
    ),
    "a keyring that keeps nothing": (
        ["anthropic"],
        "sk-canary\n",
        {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"},
        "did not keep",
    ),
}


@pytest.mark.parametrize(("arguments", "typed", "more", "words"), REFUSED.values(), ids=REFUSED)
async def test_what_goes_wrong_is_one_sentence(
    tmp_path: Path, server: SignInServer, arguments: list[str], typed: str, more: dict[str, str], words: str
) -> None:
    status, out, err = await login({**environment(tmp_path, server), **more}, *arguments, typed=typed)
    assert status == 1
    assert words in err
    assert err.count("\n") == 1
    assert "canary" not in out + err
    assert kept(tmp_path) == {}


async def test_an_unknown_provider_is_wrong_usage(tmp_path: Path, server: SignInServer) -> None:
    assert (await login(environment(tmp_path, server), "nobody"))[0] == 2

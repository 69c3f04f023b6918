"""The command line: what is called with what, and the exit status."""

from __future__ import annotations

import os
import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cachewise import __version__
from cachewise.cli.main import main
from cachewise.faults import Fault, NoKey

Calls = list[tuple[str, tuple[Any, ...], dict[str, Any]]]


@pytest.fixture(name="calls")
def _calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    """Commands that only note how they were called."""
    calls: Calls = []

    def noting(name: str) -> Callable[..., int]:
        def command(*args: Any, **options: Any) -> int:
            calls.append((name, args, options))
            return 0

        return command

    for module, function in (
        ("serve", "serve"),
        ("demo", "demo"),
        ("doctor", "doctor"),
        ("settings", "show"),
        ("login", "login"),
        ("status", "status"),
    ):
        stand_in(monkeypatch, module, function, noting(module))
    return calls


def stand_in(monkeypatch: pytest.MonkeyPatch, module: str, function: str, command: Callable[..., int]) -> None:
    fake = types.ModuleType(f"cachewise.cli.{module}")
    setattr(fake, function, command)
    monkeypatch.setitem(sys.modules, f"cachewise.cli.{module}", fake)


@pytest.mark.parametrize(
    ("argv", "call"),
    [
        (["serve"], ("serve", (None,), {"allow_remote": False})),
        (["serve", "--stdio"], ("serve", (None,), {"allow_remote": False})),
        (["serve", "--tcp", "127.0.0.1:0"], ("serve", ("127.0.0.1:0",), {"allow_remote": False})),
        (["serve", "--tcp", "h:1", "--allow-remote"], ("serve", ("h:1",), {"allow_remote": True})),
        (["demo"], ("demo", ([],), {"pace": "fast"})),
        (["demo", "--pace", "real", "a.py"], ("demo", ([Path("a.py")],), {"pace": "real"})),
        (["doctor"], ("doctor", (), {})),
        (["status"], ("status", (), {"watch": False, "as_json": False})),
        (["status", "--watch", "--json"], ("status", (), {"watch": True, "as_json": True})),
        (["login"], ("login", ("openrouter",), {"paste": False, "key": False})),
        (["login", "--paste"], ("login", ("openrouter",), {"paste": True, "key": False})),
        (["login", "openai", "--key"], ("login", ("openai",), {"paste": False, "key": True})),
        (["settings"], ("settings", (), {"as_json": False})),
        (["settings", "--json"], ("settings", (), {"as_json": True})),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_commands(calls: Calls, argv: list[str], call: object) -> None:
    assert main(argv) == 0
    assert calls == [call]


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["nonsense"],
        ["login", "x"],
        ["login", "--paste", "--key"],
        ["serve", "--nonsense"],
        ["serve", "x"],
        ["demo", "--pace", "slow"],
        ["settings", "--json=1"],
    ],
    ids=" ".join,
)
def test_a_command_line_without_sense_is_2(calls: Calls, argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(argv) == 2
    assert calls == []
    assert "usage: cachewise" in capsys.readouterr().err


@pytest.mark.parametrize(
    "argv", [["--help"], *([c, "--help"] for c in ("serve", "demo", "doctor", "settings", "status"))]
)
def test_help(calls: Calls, argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(argv) == 0
    assert calls == []
    assert "usage: cachewise" in capsys.readouterr().out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"cachewise {__version__}\n"


@pytest.mark.parametrize(
    ("error", "status", "told"),
    [
        pytest.param(Fault("That is no address."), 1, "cachewise: That is no address.\n", id="fault"),
        pytest.param(NoKey("Set OPENROUTER_API_KEY."), 1, "cachewise: Set OPENROUTER_API_KEY.\n", id="no key"),
        pytest.param(
            FileNotFoundError(2, "No such file or directory", "a.py"),
            1,
            "cachewise: No such file or directory: a.py\n",
            id="missing file",
        ),
        pytest.param(
            PermissionError("The folder is not used."), 1, "cachewise: The folder is not used.\n", id="folder"
        ),
        pytest.param(KeyboardInterrupt(), 130, "", id="interrupt"),
    ],
)
def test_what_the_user_can_mend_is_one_sentence(
    error: BaseException, status: int, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def failing() -> int:
        raise error

    stand_in(monkeypatch, "doctor", "doctor", failing)
    assert main(["doctor"]) == status
    assert capsys.readouterr().err == told


def test_a_mistake_of_ours_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing() -> int:
        raise ZeroDivisionError

    stand_in(monkeypatch, "doctor", "doctor", failing)
    with pytest.raises(ZeroDivisionError):
        main(["doctor"])


@pytest.mark.parametrize("status", [0, 1])
def test_the_status_of_a_command_is_passed_on(status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch, "doctor", "doctor", lambda: status)
    assert main(["doctor"]) == status


def python(*argv: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *argv], capture_output=True, text=True, env=os.environ | env, timeout=50)


def test_as_a_module(tmp_path: Path) -> None:
    done = python("-m", "cachewise", "--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"cachewise {__version__}\n", "")


def test_serving_loads_no_argument_parser() -> None:
    program = (
        "import sys, types; fake = types.ModuleType('cachewise.cli.serve'); fake.serve = lambda a, **k: 0\n"
        "sys.modules['cachewise.cli.serve'] = fake\n"
        "from cachewise.cli.main import main\n"
        "assert main(['serve']) == 0\n"
        "print(sorted({'argparse', 'pydantic_ai', 'keyring', 'tomllib', 'pygls'} & set(sys.modules)))"
    )
    assert python("-c", program).stdout == "[]\n"


def test_loading_settings_loads_nothing_heavy(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path\n"
        "from cachewise.settings.load import load, with_editor; from cachewise.settings.places import find_places\n"
        "import cachewise.settings.stored_keys, cachewise.log\n"
        "with_editor(load({}, find_places({'XDG_CONFIG_HOME': sys.argv[1], 'XDG_CACHE_HOME': '/x', "
        "'XDG_STATE_HOME': '/y'})), {})\n"
        "heavy = {'argparse', 'pydantic_ai', 'keyring', 'tomllib', 'platformdirs', 'httpx2', 'sqlite3', 'redis'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = python("-c", program, str(tmp_path))
    assert (done.stdout, done.stderr) == ("[]\n", "")

"""The command `cachewise`: its options, and which module does what.

Each command is a function in a module of this package, imported only when it is given; `cachewise serve` without
options goes past argparse, since its start is the editor's waiting time. Not here: what the commands do.

    serve.serve(address: str | None, *, allow_remote: bool) -> int
    demo.demo(files: Sequence[Path], *, pace: Literal["fast", "real"]) -> int
    doctor.doctor() -> int
    status.status(*, watch: bool, as_json: bool) -> int
    stats.stats(*, days: int, as_json: bool, csv_file: Path | None, plot: Path | None) -> int
    login.login(provider: str, *, paste: bool, key: bool) -> int
    cache.cache(action: Literal["info", "check", "clear"], *, task: str | None) -> int
    settings.show(*, as_json: bool) -> int

Each returns the exit status, and raises a `Fault` for what the user can mend.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from cachewise.faults import Fault
from cachewise.model.usage import FEATURES

if TYPE_CHECKING:
    import argparse

MOST_DAYS = 36500
INTERRUPTED = 130
"""What a shell reports for a command that ^C ended."""


def run() -> None:
    """Entry point of the installed command."""
    sys.exit(main(sys.argv[1:]))


def main(argv: Sequence[str]) -> int:
    """Carry a command line out.

    Returns:
        0 for success, 1 where something is wrong (a sentence on stderr says what), 2 for a command line that makes no
        sense, 130 after ^C.
    """
    try:
        if list(argv) == ["serve"]:
            return _function("serve", "serve")(None, allow_remote=False)
        options = _parsed(argv)
        return options if isinstance(options, int) else _carry_out(options)
    except Fault as fault:
        return _failed(fault.sentence)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, PermissionError) as error:
        return _failed(f"{error.strerror}: {error.filename}" if error.strerror else str(error))
    except BrokenPipeError:
        return _reader_gone()
    except KeyboardInterrupt:
        return INTERRUPTED


def _carry_out(options: argparse.Namespace) -> int:
    match options.command:
        case "serve":
            return _function("serve", "serve")(options.tcp, allow_remote=options.allow_remote)
        case "demo":
            return _function("demo", "demo")(options.files, pace=options.pace)
        case "doctor":
            return _function("doctor", "doctor")()
        case "status":
            return _function("status", "status")(watch=options.watch, as_json=options.json)
        case "stats":
            return _function("stats", "stats")(
                days=options.days, as_json=options.json, csv_file=options.csv, plot=options.plot
            )
        case "cache":
            return _function("cache", "cache")(options.action, task=getattr(options, "task", None))
        case "login":
            return _function("login", "login")(options.provider, paste=options.paste, key=options.key)
        case _:
            return _function("settings", "show")(as_json=options.json)


def _function(module: str, name: str) -> Callable[..., int]:
    import importlib

    found: Callable[..., int] = getattr(importlib.import_module(f"cachewise.cli.{module}"), name)
    return found


def _failed(sentence: str) -> int:
    sys.stderr.write(f"cachewise: {sentence}\n")
    return 1


def _reader_gone() -> int:
    """Whoever read our output (`| head`) has seen enough; Python's own last flush must not complain about it."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1


def _parsed(argv: Sequence[str]) -> argparse.Namespace | int:
    """The options, with the command's name in `command`; or the exit status where argparse has said everything."""
    try:
        return _parser().parse_args(argv)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 2


def _parser() -> argparse.ArgumentParser:
    import argparse
    from pathlib import Path

    from cachewise import __version__
    from cachewise.settings.endpoints import KEY_VARIABLES

    parser = argparse.ArgumentParser(
        prog="cachewise",
        description="A language server that streams LLM completions and explanations, keeps the provider's prompt "
        "cache warm, and says what each request cost.",
    )
    parser.add_argument("--version", action="version", version=f"cachewise {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    serve = _add(commands, "serve", "the language server, on standard input and output")
    serve.add_argument("--stdio", action="store_true", help="the default; accepted because some editors add it")
    serve.add_argument("--tcp", metavar="HOST:PORT", help="listen for one client there instead")
    serve.add_argument("--allow-remote", action="store_true", help="let --tcp listen beyond this machine")

    demo = _add(commands, "demo", "the main job with no key: real server, simulated provider, cost of each request")
    demo.add_argument(
        "--pace", choices=("fast", "real"), default="fast", help="real: stream as slowly as a provider does"
    )
    demo.add_argument("files", metavar="FILE", nargs="*", type=Path, help="source files to use; default: its own")

    _add(commands, "doctor", "check settings, key, provider and caches, and say what to do")

    status = _add(commands, "status", "what today cost, in one line for a status bar")
    status.add_argument(
        "--watch", action="store_true", help="go on, with a new line whenever a running server adds to it"
    )
    status.add_argument("--json", action="store_true", help="print one JSON object a line")

    stats = _add(commands, "stats", "what was used, what it cost and what caching saved")
    stats.add_argument("--days", metavar="N", type=_days, default=7, help="how many days, today included; default: 7")
    stats.add_argument("--json", action="store_true", help="print JSON")
    stats.add_argument("--csv", metavar="FILE", type=Path, help="write the entries of those days; - prints them")
    stats.add_argument(
        "--plot", metavar="FILE.png", type=Path, help="draw cost by day and feature, and the hit rate; also .svg"
    )

    cache = _add(commands, "cache", "look into the stored answers, check them, or remove them")
    actions = cache.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("info", help="how many there are, and how large", description="How full the answer cache is.")
    actions.add_parser("check", help="look into every one", description="Look into every stored answer.")
    clear = actions.add_parser("clear", help="remove them", description="Remove stored answers.")
    clear.add_argument("--task", choices=FEATURES, help="only those of this feature")

    login = _add(commands, "login", "put a provider's key into the system's keyring")
    login.add_argument(
        "provider",
        metavar="PROVIDER",
        nargs="?",
        choices=tuple(KEY_VARIABLES),
        default="openrouter",
        help="openrouter (sign in with a browser; the default), anthropic or openai (enter the key)",
    )
    how = login.add_mutually_exclusive_group()
    how.add_argument("--paste", action="store_true", help="sign in on another machine, and enter the code it shows")
    how.add_argument("--key", action="store_true", help="enter a key that is there already")

    settings = _add(commands, "settings", "print the settings in force and where each came from")
    settings.add_argument("--json", action="store_true", help="print JSON")
    return parser


def _days(text: str) -> int:
    import argparse

    if not text.isascii() or not text.isdecimal() or not 1 <= int(text[:6]) <= MOST_DAYS:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1 to {MOST_DAYS}")
    return int(text)


def _add(commands: Any, name: str, purpose: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=purpose, description=f"cachewise {name}: {purpose}."
    )
    return parser

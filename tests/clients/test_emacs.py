"""The documented configurations in the real Emacs: lsp-mode with suggestions behind the cursor, and eglot without."""

from __future__ import annotations

import re
import shutil
import subprocess
from decimal import Decimal
from pathlib import Path

from cachewise.simulator.script import Script
from cachewise.simulator.server import Simulator
from clients.desk import SOURCE, TRIPLE
from clients.documented import ROOT
from clients.emacs import emacs, package_folders
from clients.terminal import Terminal

ANSWER = "# Doubling\n\n" + " ".join(f"word{n}" for n in range(40)) + "\n"
WORDS = re.compile(r"word\d+")


async def streams(t: Terminal) -> None:
    """Wait for the whole answer; on the way there are at least three screens with a part of it."""
    seen: list[int] = []

    def grows(screen: str) -> bool:
        count = len(set(WORDS.findall(screen)))
        if count not in (0, *seen):
            seen.append(count)
        return count == 40

    await t.until(grows)
    assert len(seen) > 3, seen
    assert seen == sorted(seen)


async def bill(t: Terminal, simulator: Simulator) -> None:
    """Wait until the mode line shows what the provider billed."""
    await simulator.until(lambda: all(record.ended_at is not None for record in simulator.requests))
    billed = Decimal(simulator.account()["cost"])
    assert billed > 0
    await t.until(lambda screen: f"${billed:.4f} " in screen)


def write(home: Path) -> None:
    (home / "project").mkdir()
    (home / "project" / "a.py").write_text(SOURCE)


async def test_lsp_mode(tmp_path: Path) -> None:
    """Ghost text in grey, taken; an explanation that grows on the screen, stopped and asked further; the bill."""
    write(tmp_path)
    async with (
        Simulator(Script(answer=TRIPLE)) as simulator,
        emacs(tmp_path, simulator, "Emacs with lsp-mode", "a.py") as t,
    ):
        await t.until(lambda screen: "LSP[cachewise" in screen and "$0.0000" in screen)
        await t.type("M->", "def triple")
        await t.until(lambda screen: "def triple(number):" in screen and "return number * 3" in screen)
        ghost = re.compile(r"triple((?:\x1b\[[0-9;]*m)*)\(number\)")
        ghostly = ghost.findall(await t.screen(colours=True))
        await t.type("Tab")
        await t.until(lambda screen: ghost.findall(screen) not in ([], ghostly), colours=True)

        simulator.follow(Script(answer=ANSWER, token_delay=0.015))
        await t.type("M-<", "C-Space", "C-n", "C-n", "M-x")
        await t.type("cachewise-explain", "Enter")
        await streams(t)
        await t.until(lambda screen: "explain · " in screen)
        await bill(t, simulator)

        simulator.follow(Script(answer="endless " * 400, token_delay=0.05))
        mark = len(simulator.requests)
        await t.type("C-x", "o", "Enter")
        await t.until(lambda screen: "Ask further:" in screen)
        await t.type("Why?", "Enter")
        await t.until(lambda screen: screen.count("endless") > 2)
        await t.type("C-c", "C-c")
        await simulator.until(lambda: simulator.requests[mark].ended_at is not None)
        assert simulator.requests[mark].outcome == "gone"
        await t.type("q")
        await t.until(lambda screen: "endless" not in screen)


async def test_lsp_mode_code_action(tmp_path: Path) -> None:
    """It streams, though lsp-mode itself would wait for the whole answer."""
    write(tmp_path)
    async with (
        Simulator(Script(answer=ANSWER, token_delay=0.015)) as simulator,
        emacs(tmp_path, simulator, "Emacs with lsp-mode", "a.py") as t,
    ):
        await t.until(lambda screen: "$0.0000" in screen)
        await t.type("C-Space", "C-n", "C-n", "M-x")
        await t.type("lsp-execute-code-action", "Enter")
        await t.until(lambda screen: "Select code action:" in screen)
        await t.type("Explain", "Tab", "Enter")
        await streams(t)
        await bill(t, simulator)


async def test_explaining_again_what_a_change_elsewhere_has_made_old(tmp_path: Path) -> None:
    """A kept answer is shown and says so; the code action asks the provider anew."""
    write(tmp_path)
    bill, prices = tmp_path / "project" / "bill.py", tmp_path / "project" / "prices.py"
    bill.write_text("from prices import vat\n\n\ndef total(net):\n    return net + vat(net)\n")
    prices.write_text("def vat(net):\n    return net // 5\n")
    async with (
        Simulator(Script(answer="It adds a fifth.")) as simulator,
        emacs(tmp_path, simulator, "Emacs with lsp-mode", "bill.py") as t,
    ):
        await t.until(lambda screen: "$0.0000" in screen)
        await t.type("M-x", "goto-line", "Enter", "4", "Enter", "C-Space", "M->", "M-x", "cachewise-explain", "Enter")
        await t.until(lambda screen: "It adds a fifth." in screen and "explain · " in screen)
        await t.type("C-x", "C-f", "prices.py", "Enter")
        await t.until(lambda screen: "net // 5" in screen)
        await t.type("M->", "C-b", "BSpace", "4", "C-x", "b", "Enter")
        await t.until(lambda screen: "def total" in screen)
        await t.type("M-x", "cachewise-explain", "Enter")
        await t.until(lambda screen: "It adds a fifth." in screen and "what it depends on" in screen)
        simulator.follow(Script(answer="It adds a quarter."))
        await t.type("M-x", "lsp-execute-code-action", "Enter")
        await t.until(lambda screen: "Select code action:" in screen)
        await t.type("Explain again", "Tab", "Enter")
        await t.until(lambda screen: "It adds a quarter." in screen)


async def test_allowing_once_what_a_budget_forbids(tmp_path: Path) -> None:
    write(tmp_path)
    budget = "(setq cachewise-settings '(:budget (:perRequestUsd 0.0001)))"
    async with (
        Simulator(Script(answer="It doubles.")) as simulator,
        emacs(tmp_path, simulator, "Emacs with lsp-mode", "a.py", budget) as t,
    ):
        await t.until(lambda screen: "$0.0000" in screen)
        await t.type("C-Space", "C-n", "C-n", "M-x", "cachewise-explain", "Enter")
        await t.until(lambda screen: "C-c C-a sends it all the same" in screen)
        assert simulator.requests == []
        await t.type("C-x", "o", "C-c", "C-a")
        await t.until(lambda screen: "It doubles." in screen and "explain · " in screen)
        assert len(simulator.requests) == 1


async def test_eglot(tmp_path: Path) -> None:
    """A completion by its first line, an explanation that grows on the screen, a code action, and the bill."""
    write(tmp_path)
    async with (
        Simulator(Script(answer=TRIPLE)) as simulator,
        emacs(tmp_path, simulator, "Emacs with eglot", "a.py", "(add-hook 'python-mode-hook #'eglot-ensure)") as t,
    ):
        await t.until(lambda screen: "[eglot:" in screen and "$0.0000" in screen)
        await t.type("M->", "def triple")
        await t.type("C-M-i")
        await t.until(lambda screen: "def triple(number):" in screen)

        simulator.follow(Script(answer=ANSWER, token_delay=0.015))
        await t.type("M-<", "C-Space", "C-n", "C-n", "M-x")
        await t.type("cachewise-explain", "Enter")
        await streams(t)
        await t.until(lambda screen: "explain · " in screen)
        await bill(t, simulator)


def test_it_compiles_without_warnings(tmp_path: Path) -> None:
    files = [shutil.copy(path, tmp_path) for path in sorted((ROOT / "emacs-client").glob("*.el"))]
    assert len(files) == 3
    paths = [argument for path in [tmp_path, *package_paths()] for argument in ("-L", str(path))]
    strict = ("--eval", "(setq byte-compile-error-on-warn t)", "-f", "batch-byte-compile")
    done = subprocess.run(
        ["emacs", "-Q", "--batch", *paths, *strict, *files], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr


def package_paths() -> list[Path]:
    """What activating the packages puts on Emacs' load path."""
    return [path for folder in package_folders() for path in folder.iterdir() if path.is_dir()]

"""The real Emacs in a terminal, with Debian's packages and the configuration that docs/editors.md shows."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from cachewise.simulator.server import Simulator
from clients.documented import ROOT, configurations
from clients.neovim import nvim_environment
from clients.terminal import Terminal, terminal

PACKAGES = ROOT / ".cache" / "emacs"
BEFORE = """
(setq inhibit-startup-screen t make-backup-files nil auto-save-default nil create-lockfiles nil
      package-user-dir {user!r} package-directory-list '({packages}))
(package-initialize)
(setq lsp-auto-guess-root t lsp-client-packages nil)
"""
"""What a user has done before: packages installed, and projects known. lsp-mode's files for other servers stay out."""

COLUMNS = 150
"""lsp-mode fills the mode line of a narrow terminal with its own."""


def package_folders() -> list[Path]:
    """The folders that hold the packages.

    Raises:
        AssertionError: Emacs or they are missing; says how to get them.
    """
    assert shutil.which("emacs"), "There is no Emacs. Run tools/system.sh, which installs it."
    folders = [path / "usr/share/emacs/site-lisp/elpa-src" for path in sorted(PACKAGES.glob("*"))]
    assert folders, f"There are no packages in {PACKAGES}. Run tools/emacs.sh, which puts them there."
    return folders


@asynccontextmanager
async def emacs(home: Path, simulator: Simulator, heading: str, file: str, more: str = "") -> AsyncIterator[Terminal]:
    """An Emacs that has opened a file of the folder `project`.

    Args:
        home: Of the user; with the project in it.
        simulator: The provider.
        heading: Of the configuration in docs/editors.md.
        file: What is opened.
        more: Further Lisp, after the configuration.
    """
    packages = " ".join(f'"{folder}"' for folder in package_folders())
    before = BEFORE.replace("{user!r}", f'"{home / "elpa"}"').replace("{packages}", packages)
    init = home / "init.el"
    init.write_text("\n".join([before, *configurations(heading, "elisp"), more]))
    project = home / "project"
    (project / ".git").mkdir(parents=True, exist_ok=True)
    command = ("emacs", "-nw", "-Q", "-l", str(init), file)
    async with terminal(home, nvim_environment(home, simulator), project, *command, columns=COLUMNS) as t:
        yield t

"""The three folders of cachewise: configuration, caches, state.

Not here: what is stored in them (`answers/`, `ledger/`). No setting moves them; only the XDG variables do.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_NAME = "cachewise"
_BELOW_HOME = {"XDG_CONFIG_HOME": ".config", "XDG_CACHE_HOME": ".cache", "XDG_STATE_HOME": ".local/state"}
"""The defaults of the XDG base directory specification, which hold on Linux."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Folders of this user. They need not exist."""

    config: Path
    cache: Path
    state: Path

    @property
    def user_file(self) -> Path:
        """The user's own settings, `config.toml`."""
        return self.config / "config.toml"


def find_places(env: Mapping[str, str]) -> Places:
    """The folders for this user: `XDG_*_HOME` where it is set to an absolute path, else the platform's own."""
    return Places(
        config=_folder(env, "XDG_CONFIG_HOME", "user_config_dir"),
        cache=_folder(env, "XDG_CACHE_HOME", "user_cache_dir"),
        state=_folder(env, "XDG_STATE_HOME", "user_state_dir"),
    )


def _folder(env: Mapping[str, str], variable: str, platform_function: str) -> Path:
    moved = Path(env.get(variable, "").strip())
    if moved.is_absolute():
        return moved / _NAME
    if sys.platform == "linux" and (home := Path(env.get("HOME", ""))).is_absolute():
        return home / _BELOW_HOME[variable] / _NAME
    import platformdirs  # with all that it loads, a thirtieth of the start

    return Path(getattr(platformdirs, platform_function)(_NAME, appauthor=False))


def ensure_private(folder: Path) -> Path:
    """Make the folder if need be, so that only this user can look into it (0700), and return it.

    Raises:
        OSError: it can't be made, or is not safe to use (PermissionError with a sentence): it belongs to somebody
            else, or others could write to it, so what lies in it may have been planted.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.stat()
    if os.name != "posix":
        return folder  # Windows keeps profile folders private by inherited rights
    if found.st_uid != os.geteuid():
        raise PermissionError(f"The folder {str(folder)!r} belongs to another user, so it is not used.")
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise PermissionError(
            f"Others can write to the folder {str(folder)!r}, so it is not used. Look what is in it, then run "
            f"'chmod 700 {folder}'."
        )
    if stat.S_IMODE(found.st_mode) != 0o700:
        folder.chmod(0o700)
    return folder

"""Which folders are used, and which are not safe to use."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import platformdirs
import pytest

from cachewise.settings.places import ensure_private, find_places


def test_xdg_folders_move_all_three() -> None:
    places = find_places({"XDG_CONFIG_HOME": "/a", "XDG_CACHE_HOME": "/b", "XDG_STATE_HOME": "/c"})
    assert (places.config, places.cache, places.state) == (
        Path("/a/cachewise"),
        Path("/b/cachewise"),
        Path("/c/cachewise"),
    )
    assert places.user_file == Path("/a/cachewise/config.toml")


@pytest.mark.parametrize("value", ["", "relative/folder", "./here", "~"])
def test_a_folder_that_is_not_absolute_is_the_platforms(value: str) -> None:
    expected = Path(platformdirs.user_cache_dir("cachewise", appauthor=False))
    assert find_places({"XDG_CACHE_HOME": value}).cache == expected


def test_the_quick_way_to_the_folders_is_the_platforms(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert find_places({"HOME": str(tmp_path)}) == find_places({})


@pytest.mark.parametrize("mode", [None, 0o755, 0o711, 0o700, 0o500])
def test_a_folder_is_made_private(tmp_path: Path, mode: int | None) -> None:
    folder = tmp_path / "deep" / "er"
    if mode is not None:
        folder.mkdir(parents=True)
        folder.chmod(mode)
    assert ensure_private(folder) == folder
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o702, 0o1777])
def test_a_folder_that_others_can_write_is_refused(tmp_path: Path, mode: int) -> None:
    folder = tmp_path / "open"
    folder.mkdir()
    folder.chmod(mode)
    with pytest.raises(PermissionError, match="chmod 700"):
        ensure_private(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == mode


def test_a_folder_of_somebody_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = tmp_path.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    with pytest.raises(PermissionError, match="another user"):
        ensure_private(tmp_path)


def test_a_file_in_its_place_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FileExistsError):
        ensure_private(tmp_path / "file")

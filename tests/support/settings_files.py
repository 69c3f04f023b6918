"""A user's folders and `config.toml` for tests of settings."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cachewise.settings.load import Loaded, load
from cachewise.settings.places import Places


def places_in(folder: Path) -> Places:
    """Folders below `folder`, none of them made yet."""
    return Places(config=folder / "config", cache=folder / "cache", state=folder / "state")


def write_user_file(places: Places, text: str, *, mode: int = 0o600) -> Path:
    """Write the user file as its owner would."""
    places.config.mkdir(mode=0o700, parents=True, exist_ok=True)
    places.user_file.write_text(text, encoding="utf-8")
    places.user_file.chmod(mode)
    return places.user_file


def loaded_from(folder: Path, text: str | None = None, env: Mapping[str, str] | None = None) -> Loaded:
    """What `load` makes of a user file and an environment."""
    places = places_in(folder)
    if text is not None:
        write_user_file(places, text)
    return load(env or {}, places)

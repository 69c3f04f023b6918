"""A workspace folder with a few files, its documents and what gathers from it, for the tests of gathering."""

from __future__ import annotations

from pathlib import Path

from cachewise.context.exclude import Exclusions
from cachewise.context.gather import Gatherer
from cachewise.context.pieces import Piece
from cachewise.model.snapshot import Snapshot


def four_files(root: Path) -> Path:
    """Make a folder with four Python files, each of which names itself in a comment."""
    root.mkdir()
    for name in ("one", "two", "three", "four"):
        (root / f"{name}.py").write_text(f"# {name}\n")
    return root


def document(folder: Path | None, name: str, text: str, language: str = "python") -> Snapshot:
    """A document of the folder, or one that is no file."""
    path = str(folder / name) if folder else None
    return Snapshot(
        uri=f"file://{path}" if path else f"untitled:{name}",
        version=1,
        language=language,
        text=text,
        start=0,
        end=0,
        path=path,
        folder=str(folder) if folder else None,
        name=name,
    )


def gatherer_for(folder: Path, *globs: str) -> Gatherer:
    """One that leaves files out that match the globs, and waits for a slow disk."""
    return Gatherer(Exclusions(str(folder), globs), deadline=20.0)


def names(pieces: tuple[Piece, ...]) -> list[str]:
    """Those of the pieces, in order."""
    return [piece.name for piece in pieces]

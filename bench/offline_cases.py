"""Cases for the built-in completer: places in files that were kept out of the index, and the truth behind each.

Files are split in two halves by name. What was fitted or looked at while the completer was made is in the first half;
figures are taken from the second. Not here: completing, and counting.
"""

from __future__ import annotations

import random
import sysconfig
import time
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cachewise.offline.index import Index

TUNING, REPORTING = 0, 1
_SMALLEST_HELD, _LARGEST = 2000, 500_000
_SHORTEST_LINE = 6
_AT_LINE_START = 0.2
_STDLIB_SKIPS = frozenset(
    ["site-packages", "test", "tests", "lib2to3", "idlelib", "ensurepip", "turtledemo", "encodings", "__pycache__"]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One cursor."""

    before: str
    after: str
    language: str
    truth: str
    """The rest of the line, which the completer does not see."""
    at_start: bool
    """The cursor stands behind the indentation."""
    novel: bool
    """The same line stands nowhere in the index, nor anywhere else in the document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """An index, and the files that are not in it."""

    index: Index
    held: tuple[Path, ...]
    lines: frozenset[str]
    """All lines of the index, without white space at their ends."""
    seconds: float
    """How long indexing took."""
    text_bytes: int

    @classmethod
    def around(cls, index: Index, paths: Sequence[Path]) -> Corpus:
        """For an index that is there, and files that may be in it."""
        return cls(index=index, held=tuple(paths), lines=frozenset(), seconds=0.0, text_bytes=0)


def stdlib() -> list[Path]:
    """The running Python's standard library, without its tests."""
    root = Path(sysconfig.get_paths()["stdlib"])
    return [path for path in sorted(root.rglob("*.py")) if not _STDLIB_SKIPS.intersection(path.relative_to(root).parts)]


def folder(root: Path, endings: Sequence[str] = (".py",)) -> list[Path]:
    """All files of a folder with these endings, except very large ones."""
    found = (path for path in sorted(root.rglob("*")) if path.suffix in endings and path.is_file())
    return [path for path in found if path.stat().st_size < _LARGEST]


def corpus(files: Sequence[Path], *, seed: int, held: int, half: int | None = REPORTING) -> Corpus:
    """Index the files, without so many of one half that the seed chooses."""
    choice = [path for path in files if path.stat().st_size > _SMALLEST_HELD and half in (None, _half(path))]
    kept_out = random.Random(seed).sample(choice, min(held, len(choice)))
    texts = {path: path.read_text("utf-8", "replace") for path in files if path not in set(kept_out)}
    size = sum(map(len, texts.values()))
    index = Index(size)
    began = time.perf_counter()
    for path, text in texts.items():
        index.add(str(path), text)
    seconds = time.perf_counter() - began
    lines = frozenset(line.strip() for text in texts.values() for line in text.split("\n"))
    return Corpus(index=index, held=tuple(kept_out), lines=lines, seconds=seconds, text_bytes=size)


def cases(made: Corpus, *, seed: int, positions: int) -> Iterator[Case]:
    """So many cursors in each held-out file: any column of any line that is no comment and not short."""
    chance = random.Random(seed)
    for path in made.held:
        lines = path.read_text("utf-8", "replace").split("\n")
        bare = [line.strip() for line in lines]
        usable = [at for at, line in enumerate(bare) if len(line) >= _SHORTEST_LINE and line[0] not in "#"]
        for _ in range(positions if usable else 0):
            at = chance.choice(usable)
            line = lines[at].rstrip()
            indent = len(line) - len(line.lstrip())
            column = indent if chance.random() < _AT_LINE_START else chance.randrange(indent, len(line))
            yield Case(
                before="\n".join([*lines[:at], line[:column]]),
                after="\n".join(["", *lines[at + 1 :]]),
                language=path.suffix,
                truth=line[column:],
                at_start=column == indent,
                novel=bare[at] not in made.lines and bare.count(bare[at]) == 1,
            )


def _half(path: Path) -> int:
    return zlib.crc32(path.name.encode()) & 1

"""Recordings of typing: read from files, and made from two versions of a source file.

A recording is gzipped JSON: `startContent`, `endContent`, and `txns`, a list of `{time: ISO 8601, patches: [[position,
deleted, inserted], ...]}`; positions count code points, and the patches of a transaction apply in order. That is the
format of the public collection josephg/editing-traces.

    python bench/recordings.py OLD.py NEW.py MADE.json.gz
"""

from __future__ import annotations

import argparse
import difflib
import gzip
import json
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

_EPOCH = datetime(2026, 1, 5, 9, tzinfo=UTC).timestamp()
_KEY = (0.08, 0.35)
"""Seconds between two keys in a run of typing."""
_THOUGHT = 0.04
"""The share of keys behind which somebody stops for a few seconds."""
_READING = (4.0, 45.0)
"""Seconds between two places that are edited."""
_BREAK = (0.06, 400.0, 3_000.0)
"""The share of those after which somebody does something else, and for how many seconds."""


@dataclass(frozen=True, slots=True)
class Patch:
    """At `position`, `deleted` code points go and `inserted` comes."""

    position: int
    deleted: int
    inserted: str


@dataclass(frozen=True, slots=True)
class Recording:
    """Edits of one document, each with its time in seconds."""

    start: str
    end: str
    edits: tuple[tuple[float, tuple[Patch, ...]], ...]

    def to_json(self) -> dict[str, object]:
        """The shape of the file format."""
        return {
            "startContent": self.start,
            "endContent": self.end,
            "txns": [
                {
                    "time": datetime.fromtimestamp(time, UTC).isoformat(),
                    "patches": [[patch.position, patch.deleted, patch.inserted] for patch in patches],
                }
                for time, patches in self.edits
            ],
        }


@dataclass(frozen=True, slots=True)
class Moment:
    """A request: somebody stopped typing here."""

    time: float
    text: str
    cursor: int


def load(path: Path) -> Recording:
    """Read a recording.

    Raises:
        ValueError: the edits do not end in the text that the recording ends with.
    """
    shape = json.loads(gzip.decompress(path.read_bytes()))
    edits = tuple(
        (
            datetime.fromisoformat(txn["time"].replace("Z", "+00:00")).timestamp(),
            tuple(Patch(*patch) for patch in txn["patches"]),
        )
        for txn in shape["txns"]
    )
    recording = Recording(shape["startContent"], shape["endContent"], edits)
    text = recording.start
    for _, patches in edits:
        text = applied(text, patches)
    if text != recording.end:
        raise ValueError(f"{path}: the edits do not end in the text that the recording ends with")
    return recording


def applied(text: str, patches: tuple[Patch, ...]) -> str:
    """The text after the patches."""
    for patch in patches:
        text = text[: patch.position] + patch.inserted + text[patch.position + patch.deleted :]
    return text


def moments(recording: Recording, pause: float = 1.0) -> Iterator[Moment]:
    """A request for each pause of at least so many seconds, with the cursor behind the last edit."""
    text, cursor = recording.start, 0
    for index, (time, patches) in enumerate(recording.edits):
        text = applied(text, patches)
        if patches:
            cursor = patches[-1].position + len(patches[-1].inserted)
        following = recording.edits[index + 1][0] if index + 1 < len(recording.edits) else float("inf")
        if following - time >= pause:
            yield Moment(time, text, cursor)


def made(old: str, new: str, seed: int) -> Recording:
    """A recording of somebody who types the new version over the old one, from the top down, key by key."""
    chance = random.Random(seed)
    time, shift = _EPOCH, 0
    edits: list[tuple[float, tuple[Patch, ...]]] = []
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    old_at, new_at = _offsets(before), _offsets(after)
    for kind, a, b, c, d in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        time += chance.uniform(*_READING)
        if chance.random() < _BREAK[0]:
            time += chance.uniform(*_BREAK[1:])
        for patch in _typed(old[old_at[a] : old_at[b]], new[new_at[c] : new_at[d]], old_at[a] + shift):
            time += chance.uniform(*_KEY)
            if chance.random() < _THOUGHT:
                time += chance.uniform(1.0, 20.0)
            edits.append((round(time, 2), (patch,)))
        shift += (new_at[d] - new_at[c]) - (old_at[b] - old_at[a])
    return Recording(old, new, tuple(edits))


def _typed(old: str, new: str, position: int) -> Iterator[Patch]:
    """The keys that turn one text into another: what goes is selected and deleted, what comes is typed."""
    words = difflib.SequenceMatcher(None, old, new, autojunk=False)
    shift = 0
    if len(old) * len(new) > 4_000_000 or words.quick_ratio() < 0.4:
        blocks = [("replace", 0, len(old), 0, len(new))]
    else:
        blocks = [tuple(op) for op in words.get_opcodes() if op[0] != "equal"]  # type: ignore[misc]
    for _, a, b, c, d in blocks:
        if b > a:
            yield Patch(position + a + shift, b - a, "")
        for offset, key in enumerate(new[c:d]):
            yield Patch(position + a + shift + offset, 0, key)
        shift += (d - c) - (b - a)


def _offsets(lines: list[str]) -> list[int]:
    offsets = [0]
    for line in lines:
        offsets.append(offsets[-1] + len(line))
    return offsets


def main() -> int:
    """Make a recording from two files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("made", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    recording = made(options.old.read_text("utf-8"), options.new.read_text("utf-8"), options.seed)
    options.made.write_bytes(gzip.compress(json.dumps(recording.to_json()).encode(), mtime=0))
    print(f"{options.made}: {len(recording.edits):,} edits, {sum(1 for _ in moments(recording)):,} requests")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The test of an implementation, and the implementation that a test is for: found by the names of files and folders.

Not here: whether such a file may be read (`exclude.py`) and the reading (`reading.py`). Asks the file system: use it in
a thread.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

_MOST = 3
_TEST_FOLDERS = ("tests", "test", "spec", "__tests__", "tests/unit")
_SOURCE_FOLDERS = ("", "src", "lib", "lua", "main")
_OF_TEST = re.compile(r"test_(?P<a>.+)|(?P<b>.+?)(?:_test|_spec|\.test|\.spec)|(?P<c>[A-Z]\w*)Tests?")
_TEST_NAMES = ("test_{}", "{}_test", "{}_spec", "{}.test", "{}.spec", "{}Test", "{}Tests")
_ALIKE = {".tsx": (".tsx", ".ts"), ".ts": (".ts", ".tsx"), ".jsx": (".jsx", ".js"), ".js": (".js", ".jsx")}
"""Suffixes that the other half of a pair may have, the likeliest first; of others, only their own."""


def pairs_of(path: str, folder: str) -> tuple[str, ...]:
    """Absolute paths of the existing files below `folder` that test what is in a file, or that it is the test of.

    Looked for beside it, in the folders for tests or sources of each folder above it, and at the same place below
    those. A file of Rust in `tests` is taken for the test of the one with its name. An implementation in some other
    package is not looked for: its test imports it.

    Args:
        path: Absolute path of the file; need not exist.
        folder: Absolute path of the workspace folder, above which nothing is looked for.
    """
    directory, name = os.path.split(path)
    stem, suffix = os.path.splitext(name)
    if not suffix or (directory != folder and not directory.startswith(folder.rstrip(os.sep) + os.sep)):
        return ()
    parsed = _OF_TEST.fullmatch(stem)
    suffixes = _ALIKE.get(suffix, (suffix,))
    names: list[str]
    others: tuple[str, ...]
    if parsed:
        own = next(part for part in parsed.groups() if part)
        names, others = [own + each for each in suffixes], _SOURCE_FOLDERS
    elif suffix == ".rs":
        tests = os.path.basename(directory) == "tests"
        names, others = [name], ("src",) if tests else ("tests",)
    else:
        names, others = [form.format(stem) + each for form in _TEST_NAMES for each in suffixes], _TEST_FOLDERS
    found: list[str] = []
    for place in dict.fromkeys(_places(directory, folder, others)):
        if os.path.isdir(place):
            found += [at for at in (os.path.join(place, each) for each in names) if at != path and os.path.isfile(at)]
        if len(found) >= _MOST:
            break
    return tuple(found[:_MOST])


def _places(directory: str, folder: str, others: tuple[str, ...]) -> Iterator[str]:
    """Folders in which the other half may lie, the nearest first."""
    yield directory
    above, below = directory, ""
    while True:
        inner = below.partition(os.sep)[2]  # without the name of the folder for sources or tests itself
        for other in others:
            place = os.path.join(above, *other.split("/")) if other else above
            yield place
            for same in (inner, below):
                if same:
                    yield os.path.join(place, same)
        if above == folder:
            return
        above, name = os.path.split(above)
        below = os.path.join(name, below) if below else name

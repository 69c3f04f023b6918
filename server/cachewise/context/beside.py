"""Files beside a document: what may fill a context that is too short to be cached.

Not here: which of them may be read (`exclude.py`), and when a context is filled up (`filling.py`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator

_MOST_LOOKED_AT = 64
"""Files. In a folder that has more, the rest is not worth looking at."""


def files_beside(path: str, folder: str) -> Iterator[str]:
    """Paths of files with the suffix of `path`: those of its own folder by name, then those of the folders above it.

    Nothing above the workspace folder `folder` is looked at. It asks the file system: use it in a thread.
    """
    suffix = os.path.splitext(path)[1]
    place = os.path.dirname(path)
    looked_at = 0
    while suffix and os.path.commonpath((place, folder)) == folder:
        for name in sorted(_names(place)):
            if name.endswith(suffix) and looked_at < _MOST_LOOKED_AT:
                looked_at += 1
                yield os.path.join(place, name)
        if place == folder:
            return
        place = os.path.dirname(place)


def _names(place: str) -> list[str]:
    try:
        with os.scandir(place) as entries:
            return [entry.name for entry in entries if entry.is_file(follow_symlinks=False)]
    except OSError:
        return []

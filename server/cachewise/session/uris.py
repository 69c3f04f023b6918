"""From document URIs to file-system paths, by text alone: nothing is looked up on a disk.

Not here: paths to URIs, since the server only ever names documents that the client named first.
"""

from __future__ import annotations

import ntpath
import os
import posixpath
import re
from urllib.parse import unquote

_DRIVE = re.compile(r"/([A-Za-z]):(?=/|$)")
WINDOWS = os.name == "nt"


def path_of(uri: str, *, windows: bool = WINDOWS) -> str | None:
    r"""The absolute path that a `file:` URI names, without `.` and `..`; None for every other URI.

    Percent escapes that are no UTF-8 become surrogate escapes, as file names do in `os.fsdecode`. With `windows`,
    ``file:///c%3A/x`` is ``C:\x`` and ``file://host/share/x`` is ``\\host\share\x``; without it, a URI that names
    another host is None.
    """
    scheme, _, rest = uri.partition(":")
    if scheme.lower() != "file" or not rest.startswith("/"):
        return None
    rest = re.split("[?#]", rest, maxsplit=1)[0]
    host = ""
    if rest.startswith("//"):
        host, slash, tail = rest[2:].partition("/")
        rest = slash + tail
    path = unquote(rest, errors="surrogateescape")
    if "\0" in path or not path.startswith("/"):
        return None
    if host.lower() == "localhost":
        host = ""
    if windows:
        drive = _DRIVE.match(path)
        if drive is not None:
            path = f"{drive[1].upper()}:{path[3:] or '/'}"
        elif host:
            path = f"//{unquote(host)}{path}"
        return ntpath.normpath(path)
    if host:
        return None
    return posixpath.normpath("/" + path.lstrip("/"))


def last_segment(uri: str) -> str:
    """The last part of a URI's path, for a document that has no file: `Untitled-1` of `untitled:Untitled-1`."""
    body = re.split("[?#]", uri.partition(":")[2] or uri, maxsplit=1)[0]
    return unquote(body.rstrip("/").rpartition("/")[2]) or uri


def printable(path: str) -> str:
    """The same path with bytes that are no UTF-8 replaced, so that it can be put on a wire."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "replace") if _has_escapes(path) else path


def _has_escapes(path: str) -> bool:
    return any("\udc80" <= character <= "\udcff" for character in path)

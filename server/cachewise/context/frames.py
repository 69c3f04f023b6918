"""Frames around everything that is data, so that no file can pass for an instruction or end its own frame early.

A frame is `<kind ID attribute="value">`, a line end, the data, and `</kind ID>` on a line of its own. The ID is taken
from a digest of the data, so equal data makes equal bytes (a cached prefix needs that), and it is one that does not
occur in the data, so the data can't close the frame. It is as short as can be, since every request reads it. Data is
never altered here; `visible` and `sendable` say what is done to text before it gets here. Not here: which data stands
in a prompt, and what the frames mean (`system.py`).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping

_SHORT_ID, _LONG_ID = 4, 8
"""Hex digits. Large data may hold every short ID there is; the long ones are too many for that."""
_HIDDEN = (
    "\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0"
    "\ufff0-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_JOINING = "\u034f\u200c\u200d\ufe00-\ufe0f"
"""Invisible too, but ordinary in emoji and in several scripts, where they follow a character that is not ASCII."""
_RUN = re.compile(f"[{_HIDDEN}{_JOINING}]+")
_ORDINARY_RUN = re.compile(f"[{_JOINING}]|\ufe0f\u200d")


def visible(text: str) -> str:
    r"""Text in which bidi controls, tag characters and other invisible ones are written out, as in `<U+202E>`.

    Single joiners and variation selectors behind a character that is not ASCII stay: emoji and several scripts need
    them. ASCII text is returned as it is.
    """
    text = sendable(text)
    if text.isascii() or _RUN.search(text) is None:
        return text
    return _RUN.sub(_written_out, text)


def _written_out(run: re.Match[str]) -> str:
    before = run.string[run.start() - 1] if run.start() else ""
    if _ORDINARY_RUN.fullmatch(run.group()) and before and not before.isascii():
        return run.group()
    return "".join(f"<U+{ord(character):04X}>" for character in run.group())


def sendable(text: str) -> str:
    """Text with lone surrogates, which no provider takes, replaced one for one by U+FFFD. Offsets stay the same."""
    if text.isascii():
        return text
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return re.sub("[\ud800-\udfff]", "\ufffd", text)
    return text


def frame(kind: str, data: str, attributes: Mapping[str, str], identity: str | None = None) -> str:
    """Data in its frame, ending with a line end.

    The marker ` noeol` in the opening tag says that the data has no line end of its own at its end. Attribute values
    are quoted as in JSON, with invisible characters written out. An `identity` that is given must not occur in it.
    """
    written = "".join(f' {key}="{_quoted(value)}"' for key, value in attributes.items())
    identity = identity or unused_id(f"{kind}{written}", data)
    if data.endswith("\n"):
        return f"<{kind} {identity}{written}>\n{data}</{kind} {identity}>\n"
    return f"<{kind} {identity}{written} noeol>\n{data}\n</{kind} {identity}>\n"


def unframed(framed: str) -> str:
    """The data of a single frame."""
    head, _, rest = framed.partition("\n")
    data = rest[: rest.rindex("</")]
    return data[:-1] if head.endswith(" noeol>") else data


def unused_id(salt: str, data: str, wanted: str = "") -> str:
    """A few hex digits that do not occur in the data: those wanted, or else some that follow from salt and data."""
    if wanted and wanted not in data:
        return wanted
    digest = hashlib.sha256(f"{salt}\0{data}".encode("utf-8", "surrogatepass"))
    identity = digest.hexdigest()[:_SHORT_ID]
    while identity in data:
        digest.update(b"again")
        identity = digest.hexdigest()[:_LONG_ID]
    return identity


def _quoted(value: str) -> str:
    inner = json.dumps(visible(value), ensure_ascii=False)[1:-1]
    return inner.replace("<", "\\u003c").replace(">", "\\u003e")

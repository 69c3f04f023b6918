r"""Making a model's Markdown harmless before an editor renders it.

What a model writes can be steered by the text it was shown, so nothing in it may act: no images (they fetch), no raw
HTML, no links except to the web, and those show their host. Fenced code and code spans stay as they are.

The scanner is deliberately narrow: it treats as code only what every CommonMark renderer treats as code (fences that
start in the first column, code spans that close on their own line; an unpaired backtick is escaped so that it can't
pair with one on another line). All else is text, in which `<` and every `[` that is not a checked link are escaped.
Rules of the syntax: CommonMark 0.31, sections 4.5 and 6.1 to 6.6.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_FENCE = re.compile(r"(`{3,}(?=[^`]*$)|~{3,})")
_LINK = re.compile(r"!?\[([^\[\]\\]*)\]\(\s*<?([^\s<>()\\]*)>?(?:\s+(?:\"[^\"\\]*\"|'[^'\\]*'))?\s*\)")
_HOST = re.compile(r"[a-z0-9.-]+(:\d+)?", re.ASCII)


def harmless(text: str) -> str:
    """The same Markdown with nothing in it that could act when rendered."""
    fence = ""
    lines = []
    for line in text.split("\n"):
        bare = line.rstrip("\r")
        if fence:
            lines.append(line)
            stripped = bare.strip()
            indent = len(bare) - len(bare.lstrip(" "))
            if indent <= 3 and len(stripped) >= len(fence) and set(stripped) == {fence[0]}:
                fence = ""
        elif match := _FENCE.match(bare):
            fence = match[1]
            lines.append(line)
        else:
            lines.append(_text_line(line))
    return "\n".join(lines)


def _text_line(line: str) -> str:
    """One line outside fenced code: code spans kept, everything between them made plain."""
    out: list[str] = []
    plain = 0
    at = 0
    while at < len(line):
        if line[at] == "\\" and at + 1 < len(line):
            at += 2
        elif line[at] == "`":
            run = re.compile(r"`+").match(line, at)
            ticks = run[0] if run else "`"
            close = re.compile(rf"(?<!`){ticks}(?!`)").search(line, at + len(ticks))
            out.append(_plain_text(line[plain:at]))
            if close:
                out.append(line[at : close.end()])
                at = close.end()
            else:
                out.append("\\`" * len(ticks))
                at += len(ticks)
            plain = at
        else:
            at += 1
    out.append(_plain_text(line[plain:]))
    return "".join(out)


def _plain_text(text: str) -> str:
    """A stretch without code: checked links stay links, all other brackets and tags become letters."""
    out: list[str] = []
    at = 0
    for match in _LINK.finditer(text):
        out.append(_escaped(text[at : match.start()]))
        out.append(_link(match[1], match[2]))
        at = match.end()
    out.append(_escaped(text[at:]))
    return "".join(out)


def _link(label: str, target: str) -> str:
    label = _escaped(label)
    try:
        url = urlsplit(target)
    except ValueError:
        return label
    if url.scheme.lower() not in ("http", "https") or not _HOST.fullmatch(url.netloc.lower()):
        return label
    if url.netloc.lower() in label.lower():
        return f"[{label}]({target})"
    return f"[{label} ({url.netloc.lower()})]({target})"


def _escaped(text: str) -> str:
    # A backslash before a bracket would cancel the one put there, so those pairs are taken apart first.
    text = re.sub(r"\\([<\[\]!])", r"\1", text)
    return text.replace("<", "&lt;").replace("[", "\\[").replace("]", "\\]")

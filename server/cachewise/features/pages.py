"""Explanations as read-only Markdown documents (scheme `cachewise`) that grow while they stream.

Everything that a page shows came from a model, so it is made harmless first. Not here: telling the client
(`lsp/`), which subscribes to changes.
"""

from __future__ import annotations

import itertools
from collections import OrderedDict
from collections.abc import Callable
from urllib.parse import quote

from cachewise.shaping.markdown import harmless

_KEPT = 32
"""Pages that are remembered; the oldest go first. An editor rarely has more than a few open."""


class Page:
    """One growing document."""

    def __init__(self, uri: str, title: str, changed: Callable[[str], None]) -> None:
        self.uri = uri
        self._title = title
        self._pieces: list[str] = []
        self._footer = ""
        self._changed = changed

    def write(self, text: str) -> None:
        """Append a piece of the answer."""
        self._pieces.append(text)
        self._changed(self.uri)

    def finish(self, footer: str) -> None:
        """Close the page with one line that says what the answer cost, or why there is none."""
        self._footer = footer
        self._changed(self.uri)

    def markdown(self) -> str:
        """The page as it stands: untrusted Markdown made harmless, under a title, with the footer if it is done."""
        body = harmless("".join(self._pieces))
        head = f"# {self._title}\n\n"
        return head + body + (f"\n\n---\n\n{self._footer}\n" if self._footer else "")


class Pages:
    """All pages of this server, found by URI."""

    def __init__(self) -> None:
        self._pages: OrderedDict[str, Page] = OrderedDict()
        self._numbers = itertools.count(1)
        self.changed: Callable[[str], None] = lambda uri: None
        """Called with a page's URI after each change; the LSP side sets it."""

    def open(self, kind: str, name: str) -> Page:
        """Start a page, such as `cachewise:/explain/3/app.py.md`."""
        leaf = name.rsplit("/", 1)[-1] or "document"
        uri = f"cachewise:/{kind}/{next(self._numbers)}/{quote(leaf)}.md"
        page = Page(uri, f"{kind.capitalize()}: {_plain(name)}", lambda changed: self.changed(changed))
        self._pages[uri] = page
        while len(self._pages) > _KEPT:
            self._pages.popitem(last=False)
        return page

    def find(self, uri: str) -> Page | None:
        """The page with that URI, if it is still remembered."""
        return self._pages.get(uri)


def _plain(name: str) -> str:
    """A file name that can't be read as Markdown or end the title's line."""
    return "`" + "".join(c if c.isprintable() and c != "`" else "?" for c in name) + "`"

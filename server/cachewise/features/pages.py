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


class Part:
    """One answer in a page."""

    def __init__(self, page: Page, question: str | None) -> None:
        self._page = page
        self.question = question
        self._pieces: list[str] = []
        self._footer: tuple[str, ...] = ()

    @property
    def uri(self) -> str:
        """The address of the page that it stands in."""
        return self._page.uri

    def write(self, text: str) -> None:
        """Append a piece of the answer."""
        self._pieces.append(text)
        self._page.changed(self.uri)

    def finish(self, readout: str, origin: str = "") -> None:
        """Close the answer with what it cost, or why there is none, and where it came from."""
        self._footer = tuple(line for line in (readout, origin) if line)
        self._page.changed(self.uri)

    def markdown(self) -> str:
        """The whole page, as a client shows it."""
        return self._page.markdown()

    def own_markdown(self) -> str:
        """This answer alone: untrusted Markdown made harmless, with the footer if it is done."""
        head = f"> {_line(self.question)}\n\n" if self.question is not None else ""
        body = harmless("".join(self._pieces))
        footer = "  \n".join(_line(line) for line in self._footer)
        return head + body + (f"\n\n---\n\n{footer}\n" if footer else "")


class Page:
    """One growing document: an answer, and below it those to further questions."""

    def __init__(self, uri: str, title: str, changed: Callable[[str], None]) -> None:
        self.uri = uri
        self.changed = changed
        self._title = title
        self._parts: list[Part] = []

    def begin(self, question: str | None, *, instead: bool = False) -> Part:
        """Begin an answer below those that are there, or instead of the last one."""
        if instead and self._parts:
            # A question stays above its answer, unless it stands in the title's place.
            question = self._parts.pop().question
        elif not self._parts:
            question = None
        part = Part(self, question)
        self._parts.append(part)
        self.changed(self.uri)
        return part

    def markdown(self) -> str:
        """The page as it stands."""
        return f"# {self._title}\n\n" + "\n".join(part.own_markdown() for part in self._parts)


class Pages:
    """All pages of this server, found by URI."""

    def __init__(self) -> None:
        self._pages: OrderedDict[str, Page] = OrderedDict()
        self._numbers = itertools.count(1)
        self.changed: Callable[[str], None] = lambda uri: None
        """Called with a page's URI after each change; the LSP side sets it."""

    def begin(
        self, kind: str, name: str, question: str | None = None, *, into: str | None = None, refresh: bool = False
    ) -> Part:
        """Begin an answer: in the page `into` if it is still remembered, else in one of its own.

        Args:
            kind: What begins the title of a new page, such as `explain`.
            name: The document that it is about.
            question: What stands above an answer that is not the first of its page.
            into: The URI of a page.
            refresh: Whether it takes the place of the last answer there.
        """
        page = self._pages.get(into) if into is not None else None
        if page is None:
            page = self._open(kind, name)
        self._pages.move_to_end(page.uri)
        return page.begin(question, instead=refresh)

    def _open(self, kind: str, name: str) -> Page:
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


def _line(text: str) -> str:
    """Text as one line of Markdown in which nothing acts."""
    return harmless(" ".join(text.split()))


def _plain(name: str) -> str:
    """A file name that can't be read as Markdown or end the title's line."""
    return "`" + "".join(c if c.isprintable() and c != "`" else "?" for c in name) + "`"

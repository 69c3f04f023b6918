"""The suggestions that stream: one at most for each document, and it outlives the request that began it.

A pursuit goes on while what is typed agrees with what it brings. Then the next request, a character later, finds the
stream it needs on its way already. Not here: reading the stream and shaping its text (`complete.py`), and what came of
earlier ones (`suggestions.py`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from cachewise.faults import RequestFailed
from cachewise.features.suggestions import Cursor, Terms
from cachewise.shaping.autoclose import MOST, closes, left_of

CANCEL_GRACE = 0.1
"""Seconds between a client's cancel and the end of the stream. Editors that cancel at every key ask again at once, and
often for what the stream is bringing."""
SLOW_START = 10.0
"""Seconds without a first word after which the requests that joined a stream begin one of their own."""
STALL = 2.0
"""The same between two words. Even a slow model writes several in a second."""
GROWTH_PAUSE = 0.05
"""Seconds between two notices that a suggestion has grown, but for the last one."""


@dataclass(frozen=True, slots=True)
class Grown:
    """A suggestion that is shown has become longer."""

    uri: str
    version: int
    offset: int
    """Of the cursor, in code points."""


class Pursuit:
    """One stream, and the place in a document that it is for."""

    def __init__(self, ident: str, cursor: Cursor, terms: Terms) -> None:
        self.id = ident
        self.uri = cursor.uri
        self.terms = terms
        self.before, self.after = cursor.before, cursor.after
        self.text = ""
        """The suggestion so far, in complete lines."""
        self.replaces = 0
        self.fruitless = False
        """Whether it failed or brought nothing, so that asking again for the same place would not help."""
        self.fault: RequestFailed | None = None
        """Why it failed."""
        self.ended = False
        self.task: asyncio.Task[None] | None = None
        self.joins = 0
        """How many requests have waited for it."""
        self._heard = asyncio.get_running_loop().time()
        self._patience = SLOW_START
        self.answered: Grown | None = None
        """The state for which a client was given a part of the text last."""
        self._announced = self._heard - GROWTH_PAUSE
        self._unannounced = False
        self._news = asyncio.Event()

    def agrees(self, text: str) -> bool:
        """Whether a document's text is that of this place with nothing typed but what the stream brings, or may yet."""
        base = len(self.before) - self.replaces
        end = len(text) - len(self.after)
        if end < base or not text.endswith(self.after) or text[:base] != self.before[:base]:
            return False
        typed = text[base:end]
        if not self.text or self.text.startswith(typed) or typed.startswith(self.text):
            return True
        if self.before[base:].startswith(typed):
            return True
        same = next(at for at, character in enumerate(typed) if character != self.text[at])
        return left_of(self.text, typed[:same], typed[same:]) is not None

    def serves(self, cursor: Cursor, terms: Terms) -> bool:
        """Whether what this stream brings, or may yet bring, is to go to this cursor."""
        new = len(cursor.text) - cursor.end - len(self.after)
        fits = self.terms == terms and not self.ended and 0 <= new <= MOST
        if fits and new:
            typed = cursor.text[len(self.before) - self.replaces : cursor.end]
            behind = cursor.text[cursor.end : cursor.end + new]
            fits = closes(typed, behind) or left_of(self.text, typed, behind) is not None
        return fits and self.agrees(cursor.text)

    def heard(self) -> None:
        """Something came."""
        self._heard, self._patience = asyncio.get_running_loop().time(), STALL

    @property
    def patience(self) -> float:
        """For how many seconds more it may be silent; none or less where it stands still."""
        return self._heard + self._patience - asyncio.get_running_loop().time()

    def take(self, text: str, replaces: int) -> None:
        """The suggestion has become `text`."""
        self.text, self.replaces = text, replaces
        self._unannounced = True
        self.tell()

    def growth(self, version: int | None, *, last: bool = False) -> Grown | None:
        """The notice to send now; None where the client has nothing older on its screen, or was told a moment ago.

        Args:
            version: The document's version now; what was shown for an older one is off the screen.
            last: Whether the stream has ended, so that this is the last chance to tell.
        """
        now = asyncio.get_running_loop().time()
        if self.answered is None or self.answered.version != version or not self._unannounced:
            return None
        if not last and now - self._announced < GROWTH_PAUSE:
            return None
        self._announced, self._unannounced = now, False
        return self.answered

    def answer(self, version: int, offset: int) -> None:
        """A client is given the text so far."""
        self.answered, self._unannounced = Grown(self.uri, version, offset), False

    async def news(self, *, patient: bool) -> None:
        """Wait until there is more, or the stream is over; unless `patient`, only while it does not stand still."""
        news = self._news
        while not news.is_set() and (patient or self.patience > 0):
            with suppress(TimeoutError):  # words may have come meanwhile that do not make a line, the first one too
                async with asyncio.timeout(None if patient else min(self.patience, STALL)):
                    await news.wait()

    def tell(self) -> None:
        """Wake all that wait."""
        self._news.set()
        self._news = asyncio.Event()

    def cancel(self) -> None:
        """Close the stream. Nobody joins it any more."""
        self.ended = True
        if self.task is not None:
            self.task.cancel()
        self.tell()


class Pursuits:
    """The live pursuit of each document."""

    def __init__(self) -> None:
        self._live: dict[str, Pursuit] = {}
        self.grew: Callable[[Grown], None] = lambda grown: None
        """Called when a suggestion that is shown has grown; the LSP side sets it."""

    def __contains__(self, uri: object) -> bool:
        return uri in self._live

    def __len__(self) -> int:
        return len(self._live)

    def of(self, uri: str) -> Pursuit | None:
        """The live pursuit of a document."""
        return self._live.get(uri)

    def join(self, cursor: Cursor, terms: Terms, *, patient: bool) -> Pursuit | None:
        """The live pursuit that brings what this cursor needs; None if there is none.

        Args:
            cursor: Where a suggestion is wanted.
            terms: What else it depends on.
            patient: Whether one that stands still is good enough.
        """
        pursuit = self._live.get(cursor.uri)
        if pursuit is None or not pursuit.serves(cursor, terms) or not (patient or pursuit.patience > 0):
            return None
        pursuit.joins += 1
        return pursuit

    def expected(self, cursor: Cursor, terms: Terms) -> bool:
        """Whether the live pursuit of a document is for this cursor, and does not stand still."""
        pursuit = self._live.get(cursor.uri)
        return pursuit is not None and pursuit.patience > 0 and pursuit.serves(cursor, terms)

    def begin(self, pursuit: Pursuit, task: asyncio.Task[None]) -> None:
        """Take a pursuit in; the document's older one ends."""
        self.close(pursuit.uri)
        pursuit.task = task
        self._live[pursuit.uri] = pursuit
        task.add_done_callback(lambda _done: self._over(pursuit))

    def changed(self, uri: str, text: str) -> None:
        """A document was edited: its pursuit ends unless the edit is what it brings."""
        pursuit = self._live.get(uri)
        if pursuit is not None and not pursuit.agrees(text):
            self.close(uri)

    def close(self, uri: str) -> None:
        """End a document's pursuit, if there is one."""
        pursuit = self._live.pop(uri, None)
        if pursuit is not None:
            pursuit.cancel()

    def leave(self, pursuit: Pursuit, busy: Callable[[], bool]) -> None:
        """A request is cancelled: end its pursuit in a moment, unless another request joins it.

        Args:
            pursuit: What it waited for.
            busy: Whether a newer request is under way, which may still join on a slow machine.
        """
        joins, later = pursuit.joins, asyncio.get_running_loop().call_later

        def end() -> None:
            if pursuit.joins != joins or self._live.get(pursuit.uri) is not pursuit:
                return
            if busy():
                later(CANCEL_GRACE, end)
            else:
                self.close(pursuit.uri)

        later(CANCEL_GRACE, end)

    def _over(self, pursuit: Pursuit) -> None:
        if self._live.get(pursuit.uri) is pursuit:
            del self._live[pursuit.uri]
        pursuit.ended = True
        pursuit.tell()

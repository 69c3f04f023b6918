"""The suggestions that were made, kept so that the same thing is never asked twice.

A suggestion is good for every state of its document from which accepting it leads to the same text: where it was asked
for, a few typed characters into it, after deleting some of them, and again after moving away and coming back.
Not here: how suggestions are made (`complete.py`), and those that still stream (`pursuits.py`).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final, Protocol

from cachewise.shaping.autoclose import MOST, left_of

KEPT = 64
"""Suggestions that are remembered of each document; those that were not used for longest go first."""

OFFLINE: Final = "offline"
"""The source of what the built-in completer suggests."""

Terms = tuple[object, ...]
"""What a suggestion depends on besides the document: the model, and settings that shape it."""


class Cursor(Protocol):
    """A document with a cursor, as `Snapshot` has it."""

    @property
    def uri(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def end(self) -> int: ...
    @property
    def before(self) -> str: ...
    @property
    def after(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """Text to show at the cursor."""

    id: str
    text: str
    replaces: int
    """How many code points before the cursor it replaces, all in the cursor's line."""
    source: str
    """Who made it: the model's name, or `OFFLINE`."""


@dataclass(frozen=True, slots=True)
class Origin:
    """A document's state at the place of a suggestion, told apart by lengths and hashes and not by its text.

    The whole text would be kept for each suggestion otherwise. Hashes are of 64 bits and seeded by the process.
    """

    base_length: int
    base_hash: int
    """Of the text before what the suggestion replaces."""
    after_length: int
    after_hash: int
    replaced: str


Fits = Callable[[Cursor, Suggestion], bool]
"""Says of what is left of a suggestion whether it may be shown."""
_Key = tuple[Origin, bool, bool]
"""A place; whether the built-in completer made the suggestion; and whether there is any text."""


@dataclass(slots=True)
class _Kept:
    suggestion: Suggestion
    terms: Terms
    shown: bool


def rest_of(suggestion: Suggestion, replaced: str, typed: str, behind: str = "") -> Suggestion | None:
    """What is left of a suggestion after some typing; None where it does not fit what was typed, or nothing is left.

    Args:
        suggestion: As it was made.
        replaced: The text that it replaces at the place where it was made.
        typed: What now stands between the beginning of that text and the cursor.
        behind: What is new behind the cursor, such as closers that the editor put there. Where the suggestion goes on
            behind them only, what is left has no text.
    """
    if behind:
        between = left_of(suggestion.text, typed, behind)
        return None if between is None else replace(suggestion, text=between if between.strip() else "", replaces=0)
    if typed == replaced:
        return suggestion
    if suggestion.text.startswith(typed):
        left = suggestion.text[len(typed) :]
        return replace(suggestion, text=left, replaces=0) if left.strip() else None
    if replaced.startswith(typed):
        return replace(suggestion, replaces=len(typed))
    return None


_NONE: OrderedDict[_Key, _Kept] = OrderedDict()


class Suggestions:
    """All remembered suggestions, by document."""

    def __init__(self) -> None:
        self._documents: dict[str, OrderedDict[_Key, _Kept]] = {}
        self._showing: dict[str, str] = {}
        """The id of what was found last for each document."""

    def __len__(self) -> int:
        return sum(map(len, self._documents.values()))

    def put(self, uri: str, before: str, after: str, suggestion: Suggestion, terms: Terms = ()) -> None:
        """Remember a suggestion for the state that it was made for; it takes the place of an earlier one there.

        One without text remembers that there is nothing to suggest, so that the same question is not paid for again.
        """
        at = len(before) - suggestion.replaces
        base = before[:at] if suggestion.replaces else before
        kept = self._documents.setdefault(uri, OrderedDict())
        origin = Origin(at, hash(base), len(after), hash(after), before[at:])
        key = (origin, suggestion.source == OFFLINE, bool(suggestion.text))
        shown = False
        for other in [at for at, entry in kept.items() if at == key or entry.suggestion.id == suggestion.id]:
            older = kept.pop(other)  # a suggestion that grows has one entry, also if it now replaces more
            shown = shown or (older.shown and older.suggestion.id == suggestion.id)
        kept[key] = _Kept(suggestion, terms, shown)
        while len(kept) > KEPT:
            kept.popitem(last=False)

    def find(
        self, cursor: Cursor, terms: Terms = (), *, offline: bool = True, fits: Fits | None = None
    ) -> Suggestion | None:
        """What fits a document and a cursor, or what is left of it: the newest of the model; None if there is none.

        One that is being typed through stays, whatever came meanwhile: text must not change under the user's eyes. It
        may grow, so the model's takes the place of the built-in completer's where it begins with it.
        Without `offline`, what the built-in completer has suggested does not count, and what does not
        pass `fits` never does.
        """
        showing = self._showing.get(cursor.uri)
        best: tuple[_Key, Suggestion] | None = None
        shown: tuple[_Key, Suggestion] | None = None
        for at, entry, left in self._fitting(cursor, terms):
            suggestion = entry.suggestion
            if not left.text or (suggestion.source == OFFLINE and not offline):
                continue
            if fits is not None and not fits(cursor, left):
                continue
            if suggestion.id == showing and left is not suggestion:
                shown = at, left
                if suggestion.source != OFFLINE:
                    break
            elif best is None or (best[1].source == OFFLINE and suggestion.source != OFFLINE):
                best = at, left
            if suggestion.source != OFFLINE and showing in (None, suggestion.id):
                break
        if shown is not None and not (best and best[1].source != OFFLINE and best[1].text.startswith(shown[1].text)):
            best = shown
        if best is not None:
            self._showing[cursor.uri] = best[1].id
            self._documents[cursor.uri].move_to_end(best[0])
        return None if best is None else best[1]

    def fruitless(self, cursor: Cursor, terms: Terms = ()) -> bool:
        """Whether the model was asked here before, and had nothing to say."""
        return any(not left.text and left.source != OFFLINE for _, _, left in self._fitting(cursor, terms))

    def answered(self, cursor: Cursor, terms: Terms = ()) -> bool:
        """Whether the model was asked here before, and had something to say."""
        return any(left.text and left.source != OFFLINE for _, _, left in self._fitting(cursor, terms))

    def whole(self, uri: str, suggestion: Suggestion) -> bool:
        """Whether nothing of a suggestion that was found is typed yet."""
        return any(entry.suggestion == suggestion for entry in self._documents.get(uri, _NONE).values())

    def _fitting(self, cursor: Cursor, terms: Terms) -> Iterator[tuple[_Key, _Kept, Suggestion]]:
        """All that fit, the newest first, with what is left of each."""
        kept = self._documents.get(cursor.uri)
        if not kept:
            return
        text, end = cursor.text, cursor.end
        for at, entry in tuple(reversed(kept.items())):
            origin = at[0]
            new = len(text) - end - origin.after_length
            if entry.terms != terms or not 0 <= new <= MOST or origin.base_length > end:
                continue
            left = rest_of(entry.suggestion, origin.replaced, text[origin.base_length : end], text[end : end + new])
            if left is None:
                continue
            base = cursor.before if origin.base_length == end else text[: origin.base_length]
            after = text[end + new :] if new else cursor.after
            if origin.after_hash == hash(after) and origin.base_hash == hash(base):
                yield at, entry, left

    def first_showing(self, uri: str, ident: str) -> bool:
        """Note that a suggestion is shown. False if it was before, so that typing through it counts once."""
        self._showing[uri] = ident
        for entry in self._documents.get(uri, {}).values():
            if entry.suggestion.id == ident:
                first, entry.shown = not entry.shown, True
                return first
        return False

    def forget(self, uri: str) -> None:
        """Drop all that is remembered of a document, as when it closes."""
        self._documents.pop(uri, None)
        self._showing.pop(uri, None)

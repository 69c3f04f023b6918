"""The entry of a completion list that is selected while a suggestion is asked for (`selectedCompletionInfo`).

An editor shows ghost text beside its list only where that goes on from the selected entry, in the entry's own range.
So a suggestion that says something else is not given, and what stands before it is not asked for once more: it is
shown when the list is gone. The model is asked about the document as it is and not as if the entry were taken, since
the list selects another one with almost every key. Not here: where suggestions come from (`complete.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

from cachewise.features.suggestions import Cursor, Suggestion


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry that would replace the text from `start`, an offset in the cursor's line, to the cursor by `text`."""

    start: int
    text: str

    def extended_by(self, cursor: Cursor, suggestion: Suggestion) -> bool:
        """Whether taking the suggestion leaves what taking the entry does, and more."""
        first = min(self.start, cursor.end - suggestion.replaces)
        taken = cursor.text[first : cursor.end - suggestion.replaces] + suggestion.text
        listed = cursor.text[first : self.start] + self.text
        return taken.startswith(listed) and taken != listed

"""A suggestion as the protocol's items: ghost text for most editors, one entry of a list for those that have no such.

Not here: what is suggested (`features/complete.py`).
"""

from __future__ import annotations

import re

from lsprotocol import types

from cachewise.features.suggestions import Suggestion

LABEL = 80
"""Characters of a suggestion's first line that an entry of a list shows."""
LONGEST_WORD = 200
"""Characters before the cursor that are looked at for a word."""


def inline_item(suggestion: Suggestion, replaced: types.Range, word: str) -> types.InlineCompletionItem:
    """Ghost text. `word` is what stands in the range `replaced`, which ends at the cursor.

    The range is the suggestion's own or a longer one, as that of a list's entry may be. Its lines end with LF whatever
    the document's do. The protocol knows three ways to end a line and leaves it to the client to insert its own;
    VS Code does so, and Neovim shows a CR as a character before the text is taken.
    """
    text = re.sub("\r\n?", "\n", suggestion.text)
    kept = word[: len(word) - suggestion.replaces]
    return types.InlineCompletionItem(insert_text=kept + text, range=replaced, command=_accepted(suggestion, len(text)))


def list_item(suggestion: Suggestion, replaced: types.Range, word: str) -> types.CompletionItem:
    """An entry of a list. `word` is what stands in the range `replaced`: at least the word that ends at the cursor.

    Editors filter by that word, some of them whatever the range is, so it is part of the entry.
    """
    kept = word[: len(word) - suggestion.replaces]
    text = kept + suggestion.text
    # A block begins behind what is there already, and is known by its own first line.
    lines = suggestion.text.splitlines()
    first = (kept + lines[0] if lines[0].strip() else next(line for line in lines if line.strip())).strip()
    more = len(first) > LABEL or len(suggestion.text.strip().splitlines()) > 1
    return types.CompletionItem(
        label=first[:LABEL] + ("…" if more else ""),
        label_details=types.CompletionItemLabelDetails(description=suggestion.source),
        kind=types.CompletionItemKind.Text,
        filter_text=word + suggestion.text,
        insert_text_format=types.InsertTextFormat.PlainText,
        insert_text_mode=types.InsertTextMode.AsIs,
        text_edit=types.TextEdit(range=replaced, new_text=text),
        command=_accepted(suggestion, len(suggestion.text)),
    )


def word_start(text: str, end: int) -> int:
    """Where the word that ends at an offset begins; the offset itself where none does."""
    start = end
    while start > 0 and end - start < LONGEST_WORD and (text[start - 1].isalnum() or text[start - 1] == "_"):
        start -= 1
    return start


def _accepted(suggestion: Suggestion, characters: int) -> types.Command:
    return types.Command(
        title="Suggestion accepted",
        command="cachewise.accepted",
        arguments=[suggestion.id, characters],
    )

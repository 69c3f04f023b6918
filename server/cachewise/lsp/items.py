"""A suggestion as the protocol's items: ghost text for most editors, one entry of a list for those that have no such.

Not here: what is suggested (`features/complete.py`).
"""

from __future__ import annotations

from lsprotocol import types

from cachewise.features.suggestions import Suggestion

LABEL = 80
"""Characters of a suggestion's first line that an entry of a list shows."""


def inline_item(suggestion: Suggestion, replaced: types.Range, word: str) -> types.InlineCompletionItem:
    """Ghost text. `word` is what stands in the range `replaced`, which ends at the cursor."""
    return types.InlineCompletionItem(insert_text=suggestion.text, range=replaced, command=_accepted(suggestion))


def list_item(suggestion: Suggestion, replaced: types.Range, word: str) -> types.CompletionItem:
    """An entry of a list. Editors filter by `word`, what stands in the range `replaced`, so it has to match."""
    first = next(line for line in suggestion.text.splitlines() if line.strip()).strip()
    more = len(first) > LABEL or len(suggestion.text.strip().splitlines()) > 1
    return types.CompletionItem(
        label=first[:LABEL] + ("…" if more else ""),
        label_details=types.CompletionItemLabelDetails(description=suggestion.source),
        kind=types.CompletionItemKind.Text,
        filter_text=word + suggestion.text,
        insert_text_format=types.InsertTextFormat.PlainText,
        insert_text_mode=types.InsertTextMode.AsIs,
        text_edit=types.TextEdit(range=replaced, new_text=suggestion.text),
        command=_accepted(suggestion),
    )


def _accepted(suggestion: Suggestion) -> types.Command:
    return types.Command(
        title="Suggestion accepted",
        command="cachewise.accepted",
        arguments=[suggestion.id, len(suggestion.text)],
    )

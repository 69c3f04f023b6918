"""What the completer starts from: the text around the cursor as words.

Not here: other files, and what is to be written at the cursor.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from cachewise.offline.chains import LONGEST
from cachewise.offline.index import Index
from cachewise.offline.vocabulary import UNKNOWN
from cachewise.offline.words import comment_marks, indentation, line_end, words

BEFORE, AFTER = 150_000, 60_000
"""Characters of the document that are looked at on either side of the cursor."""
_WORDS = 30_000
"""Characters before the cursor where words that begin like the one at the cursor are looked for."""
_UNFINISHED = re.compile(r"[ \t]?\w+\Z|[ \t]\Z")
_MARKS = tuple(chr(number) for number in range(UNKNOWN))


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A cursor in a document."""

    language: str
    name: str
    """The document's name in the index, whose file is not to be searched; may be empty."""
    context: str
    """The last words before the cursor, as a paper; without the unfinished one."""
    unfinished: str
    """What is there of the word at the cursor, with the blank before it."""
    above: str
    """All before the cursor, as a paper that ends with the context."""
    below: str
    """The lines below the cursor's, as a paper."""
    others: tuple[str, ...]
    """Other open documents, as papers."""
    head: str
    """Text before the cursor's line, and below: where single words are looked for."""
    foot: str


def scene(index: Index, before: str, after: str, language: str, name: str) -> Scene:
    """Look at the text around the cursor."""
    papers = index.papers
    papers.refresh()
    comments = comment_marks(language)
    before, after = before[-BEFORE:], after[:AFTER]
    cut = before.rfind("\n") + 1
    head, line = before[:cut], before[cut:]
    foot = after.partition("\n")[2]
    here = indentation(line)
    above, indent = papers.paper_and_indent(head, comments)
    empty = bool(head) and not head[:-1].rpartition("\n")[2].strip()
    bare = line[here:]
    match = _UNFINISHED.search(bare)
    unfinished = match.group() if match else ""
    mark = chr(index.vocabulary.number(line_end(indent, here, empty=empty)))
    done = "".join([chr(papers.number(word)) for word in words(bare[: len(bare) - len(unfinished)])])
    above += mark + done
    return Scene(
        language=language,
        name=name,
        context=above[-max(LONGEST, len(done) + 1) :],
        unfinished=unfinished,
        above=above,
        below=papers.paper_and_indent(foot, comments, here)[0],
        others=tuple(index.opened(name, language)),
        head=head[-_WORDS:],
        foot=foot[:_WORDS],
    )


def current_line(context: str) -> str:
    """The part of a context that belongs to the cursor's line."""
    return context[max(map(context.rfind, _MARKS)) + 1 :]

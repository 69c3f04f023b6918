"""The shared context as fill-in-the-middle takes it: files as they are, and the text around the cursor.

Such models continue text and follow no words, so there are no frames and no task here; what is shown, and in which
order, is the same as in every other prompt. Not here: how it looks on the wire (`providers/infill.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cachewise.context.chunks import Chunk
from cachewise.context.copies import File
from cachewise.context.frames import unframed
from cachewise.context.prefix import Prefix
from cachewise.context.tail import Rendered, View
from cachewise.context.tokens import TokenEstimator
from cachewise.context.window import line_at, window_around
from cachewise.model.plan import Block, Infill, Stability

STEP = 32
"""Lines. The text before the cursor begins at a multiple of it, one to two steps above the cursor, so that typing
leaves the beginning where it is."""
BEFORE, AFTER = 4_000, 800
"""Characters. llama.cpp takes no more than 1,536 tokens before the cursor, cut off at their start, so that a longer
text would begin elsewhere with each key; what stands behind the cursor has to be read anew with each."""

Extra = tuple[str, str]
"""A name and a text."""


def fill_in(view: View) -> Rendered:
    """The text around the cursor, with the cursor's place in it."""
    line = line_at(view.text, view.end) if view.line is None else view.line
    first = max(0, line // STEP - 1) * STEP
    start = view.end
    for _ in range(line - first + 1):
        start = view.text.rfind("\n", 0, start)
        if start < 0:
            break
    window = window_around(view.text, view.end, min(view.end - start - 1, BEFORE), AFTER, line)
    regions = view.tracked.regions if view.tracked else ()
    if view.tracked is not None and window.whole_lines:
        _, regions = view.tracked.around(window.first_line, window.last_line)
    return Rendered(
        text=view.text[window.start : window.end],
        regions=regions,
        window=(window.first_line, window.last_line),
        cursor=view.end - window.start,
    )


def infill_of(
    prefix: Prefix, estimator: TokenEstimator, shown: Rendered, current: File
) -> tuple[tuple[Block, ...], Infill]:
    """The blocks whose prefix is that and whose tail is `shown`, and what is sent of them."""
    blocks: list[Block] = []
    extra: list[Extra] = []

    def add(name: str, parts: Sequence[Extra], stability: Stability) -> None:
        text = "".join(f"{file}\n{lines}\n" for file, lines in parts)
        if parts:
            blocks.append(Block(name=name, text=text, stability=stability, tokens=estimator.tokens(text)))
            extra.extend(parts)

    for chunk in prefix.chunks:
        add(chunk.name, list(_parts(chunk)), chunk.stability)
    add("changes", list(_changed(prefix, shown, current)), Stability.TAIL)
    tail = Block(name="tail", text=shown.text, stability=Stability.TAIL, tokens=estimator.tokens(shown.text))
    before, after = shown.text[: shown.cursor], shown.text[shown.cursor :]
    return (*blocks, tail), Infill(prefix=before, suffix=after, extra=tuple(extra))


def _parts(chunk: Chunk) -> Iterator[Extra]:
    """What a chunk of the prefix holds: files, or the new lines of edits."""
    for file in chunk.files:
        yield from _unless_blank(file.name, unframed(file.framed))
    for edit in chunk.edits:
        yield from _unless_blank(edit.file.name, "".join(edit.lines))


def _changed(prefix: Prefix, shown: Rendered, current: File) -> Iterator[Extra]:
    """The lines that neither the prefix nor the text around the cursor shows as they are."""
    for file in prefix.files.values():
        if file.copy is not None:
            for region in shown.regions if file is current else file.copy.regions:
                yield from _unless_blank(file.name, "".join(file.copy.lines[region.new_start : region.new_end]))


def _unless_blank(name: str, text: str) -> Iterator[Extra]:
    if text.strip():
        yield name, text

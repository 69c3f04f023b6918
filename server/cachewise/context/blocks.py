"""The blocks of a plan: the prefix as it stands, what changed beyond it, and the tail.

Not here: how a tail is written (`tail.py`), and what the prefix holds (`layout.py`).
"""

from __future__ import annotations

from cachewise.context.copies import File
from cachewise.context.frames import sendable
from cachewise.context.infill import fill_in
from cachewise.context.prefix import Prefix
from cachewise.context.system import SYSTEM
from cachewise.context.tail import AnyTail, InfillTail, Rendered, View, changes_text, tail_of
from cachewise.context.tokens import TokenEstimator
from cachewise.model.plan import Block, Stability
from cachewise.model.snapshot import Snapshot


def rendered(prefix: Prefix, snapshot: Snapshot, tail: AnyTail, current: File) -> tuple[dict[str, str], Rendered]:
    """The changes by file, and the tail, which shows some of the current document's changes itself."""
    included = prefix.includes(current)
    view = View(
        name=current.name,
        language=snapshot.language,
        text=sendable(snapshot.text),
        start=snapshot.start,
        end=snapshot.end,
        tracked=current.copy if included else None,
        span=current.span,
        edited=current.journal > 0,
        line=current.line,
    )
    shown = fill_in(view) if isinstance(tail, InfillTail) else tail_of(tail, view)
    changes: dict[str, str] = {}
    for key, file in prefix.files.items():
        if file.copy is not None and file.copy.regions:
            regions = shown.regions if file is current else file.copy.regions
            text = changes_text(file.name, file.copy, file.span, regions)
            if text:
                changes[key] = text
    return changes, shown


def blocks_of(prefix: Prefix, estimator: TokenEstimator, changes: str, tail: Rendered) -> tuple[Block, ...]:
    """All blocks, in order."""
    tokens = estimator.tokens
    blocks = [
        Block(name="system", text=SYSTEM, stability=Stability.FIXED, tokens=tokens(SYSTEM), role="system"),
        *(chunk.block(estimator) for chunk in prefix.chunks),
    ]
    if changes:
        blocks.append(Block(name="changes", text=changes, stability=Stability.TAIL, tokens=tokens(changes)))
    blocks.append(Block(name="tail", text=tail.text, stability=Stability.TAIL, tokens=tokens(tail.text)))
    return tuple(blocks)

"""The prefix of one workspace folder's prompts: which files are in it, in which order, and what was frozen of them.

Order: stable files in the order of their first inclusion, then the files that are being worked on, the most recently
edited ones behind the others and the current document last. Whatever comes in later is appended, so that nothing
before it moves: files, and the edits of the journal. Not here: when the prefix is laid out anew (`arrange.py`), what
is told by the journal (`journal.py`), and the comparison of costs (`rent.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from cachewise.context.chunks import Chunk, packed
from cachewise.context.copies import Edit, File, part_around
from cachewise.context.tokens import TokenEstimator
from cachewise.model.plan import Stability

_SHARE_OF_CURRENT = 0.75
"""Of the budget: what the current document may take when other files want room too."""
_SHARE_OF_OPEN = 0.9
"""How far open documents fill the budget; the rest is for the document that is opened next."""
SHARE_OF_IMPORTS = 0.7
_SHARE_OF_SIGNATURES = 0.3
"""Of that room: how much of it is kept free at most for signatures of files that are yet to come."""
AFTER_OVERFLOW = 0.8
"""After an overflow, and until the cache is cold, files are taken in up to this part of those shares, so that the
next overflow is not near."""
_SMALLEST_PART = 200
"""Tokens. A smaller part of a document is not worth its place: the window in the tail shows as much."""
_SMALLEST_SHARE = 0.2
"""Of the budget: with less room left, a document that is opened gets its room by laying everything out anew."""
_MOST_CHUNKS = 24
"""More than this are packed anew when the cache is cold."""


class Prefix:
    """Files and their frozen copies in chunks. Chunks are never changed, only appended to or replaced from one on."""

    def __init__(self, estimator: TokenEstimator) -> None:
        self._estimator = estimator
        self.files: dict[str, File] = {}
        """The files included, in the order of their first inclusion."""
        self.chunks: list[Chunk] = []
        self._fill = 1.0

    def tokens(self, start: int = 0) -> int:
        """Estimated tokens of the chunks from `start` on."""
        return sum(self._estimator.of_bytes(chunk.size) for chunk in self.chunks[start:])

    @property
    def settled(self) -> int:
        """How many chunks at the start are stable."""
        return sum(1 for chunk in self.chunks if chunk.stability <= Stability.STABLE)

    @property
    def last_copy(self) -> int:
        """The number of the last chunk with copies; -1 where there is none."""
        return max((index for index, chunk in enumerate(self.chunks) if chunk.files), default=-1)

    def chunk_of(self, file: File) -> int:
        """The number of the chunk that holds the file's copy."""
        return next(index for index, chunk in enumerate(self.chunks) if file in chunk.files)

    def includes(self, file: File) -> bool:
        """Whether a copy of the file is in the prefix."""
        return self.files.get(file.key) is file

    def append(self, current: File | None, others: Sequence[File], budget: int) -> bool:
        """Take in the current document, if it is missing, and what else is offered and fits, all behind what is there.

        New files go to the end even if copies of edited files stand before them: the prefix does not move, and at
        most once, when such a copy is written anew, they are written a second time and come to stand before it.
        To put them before it at once would write that copy again now, for certain.

        Returns:
            False if the current document is missing and there is not even room for a good part of it.
        """
        used = self.tokens()
        missing = [] if current is None or self.includes(current) else [current]
        for file in missing:
            room = budget - used
            if not self._freeze_current(file, room, smallest=int(budget * _SMALLEST_SHARE)):
                return False
            used += self._estimator.tokens(file.framed)
        held = {file.key for file in others if file.brief is not None and self.includes(file.brief)}
        # What its signatures stand in for stays so until the prefix moves anyway, or somebody opens it.
        wanted = [file for file in others if file.key not in held or file.open]
        chosen = self._chosen(wanted, used, budget, {*self.files, *(file.key for file in missing)}, held)
        self.chunks.extend(packed(chosen, _behind(self.chunks), self._estimator, budget))
        working = max(Stability.WORKING, _behind(self.chunks))
        self.chunks.extend(packed(missing, working, self._estimator, budget, alone=True))
        self.files.update((file.key, file) for file in (*chosen, *missing))
        return True

    def lay_out(self, current: File, others: Sequence[File], budget: int, *, overflow: bool) -> None:
        """Choose and freeze everything anew: the current document first, then what else fits, as it is now.

        Files that are not offered any more are dropped. Chunks at the start that would come out the same are kept.
        """
        wanted = sum(self._estimator.ratio * len(file.text) for file in others)
        share = int(max(budget * _SHARE_OF_CURRENT, budget - wanted))
        chosen = [current] if self._freeze_current(current, share) else []
        used = sum(self._estimator.tokens(file.framed) for file in chosen)
        self._fill = AFTER_OVERFLOW if overflow else 1.0
        chosen += self._chosen(others, used, budget, {current.key})
        keys = {file.key for file in chosen}
        ranked = [file for key, file in self.files.items() if key in keys]
        ranked += [file for file in chosen if not self.includes(file) and file is not current]
        ranked += [file for file in chosen if not self.includes(file) and file is current]
        self.files = {file.key: file for file in ranked}
        for file in ranked:
            file.rent = 0.0
        kept = 0 if len(self.chunks) > _MOST_CHUNKS else self._kept(*_ordered(ranked, current))
        self._replace(kept, ranked, current, budget)

    def rewrite(self, start: int, current: File, budget: int) -> None:
        """Freeze the files in the chunks from `start` on as they are now, and put them in order."""
        files = [file for chunk in self.chunks[start:] for file in chunk.files]
        before = self.tokens() - self.tokens(start)
        for file in files:
            if file is current:
                others = sum(self._estimator.tokens(f.framed) for f in files if f is not current)
                share = int(max(budget * _SHARE_OF_CURRENT, budget - before - others))
                held = self._freeze_current(file, share)
            elif file.is_slice:
                part = part_around(file, self._estimator.tokens(file.framed), self._estimator)
                held = part is not None
                file.freeze(part)
            else:
                held = True
                self._frozen_tokens(file)
            file.rent = 0.0
            if not held:
                del self.files[file.key]
        rewritten = set(files)
        self._replace(start, [file for file in self.files.values() if file in rewritten], current, budget)

    def journal(self, edits: Sequence[Edit]) -> None:
        """Append edits that were told, as one block."""
        number = 1 + sum(1 for chunk in self.chunks if chunk.edits)
        text = "".join(edit.text for edit in edits)
        self.chunks.append(Chunk((), text, Stability.JOURNAL, tuple(edits), number))

    def edits(self, start: int = 0) -> list[Edit]:
        """The edits that the journal tells in the chunks from `start` on."""
        return [edit for chunk in self.chunks[start:] for edit in chunk.edits]

    def can_hold(self, current: File, budget: int) -> bool:
        """Whether at least a part of the document would fit into an empty prefix."""
        room = int(budget * _SHARE_OF_CURRENT)
        return room >= _SMALLEST_PART and (
            self._fits_whole(current, room) or part_around(current, room, self._estimator) is not None
        )

    def _replace(self, start: int, files: Iterable[File], current: File, budget: int) -> None:
        kept = self.chunks[:start]
        held = {file.key for chunk in kept for file in chunk.files}
        for file in {edit.file for edit in self.edits(start)}:
            if file.key in held and self.includes(file) and file.journal:
                file.restate(edit for chunk in kept for edit in chunk.edits if edit.file is file)
        settled, working = _ordered([file for file in files if file.key not in held], current)
        kept += packed(settled, _behind(kept), self._estimator, budget)
        kept += packed(working, max(Stability.WORKING, _behind(kept)), self._estimator, budget, alone=True)
        self.chunks = kept

    def _kept(self, settled: list[File], working: list[File]) -> int:
        """How many chunks at the start hold just what the wanted order begins with."""
        for count, chunk in enumerate(self.chunks):
            row = settled if chunk.stability is Stability.STABLE else working
            files = tuple(row[: len(chunk.files)])
            too_early = row is working and settled
            if too_early or files != chunk.files or "".join(file.framed for file in files) != chunk.text:
                return count
            del row[: len(files)]
        return len(self.chunks)

    def _freeze_current(self, current: File, share: int, smallest: int = _SMALLEST_PART) -> bool:
        """Freeze the document, or a part of it if that is at least `smallest` tokens; False if nothing was frozen."""
        if self._fits_whole(current, share):
            self._frozen_tokens(current)
            return True
        part = part_around(current, share, self._estimator) if share >= max(smallest, _SMALLEST_PART) else None
        if part is not None:
            current.freeze(part)
        return part is not None

    def _chosen(
        self,
        others: Sequence[File],
        used: int,
        budget: int,
        there: Collection[str],
        held: Collection[str] = frozenset(),
    ) -> list[File]:
        """Those of the files that fit, in order; frozen as they are now.

        Signatures come before bodies: no file is taken in whole where that leaves too little room for the signatures
        of those behind it, and the signatures stand in for a file that does not fit whole. Files whose signatures
        are `held` need none. A part of a file that is `there`, or comes in, is left out.
        """
        chosen: list[File] = []
        briefs = {f.key: f.brief for f in others if f.brief is not None and f.key not in held}
        owed = sum(self._estimator.of_bytes(brief.size_anew) for brief in briefs.values())
        keys = set(there)
        for file in others:
            if file.part_of in keys:
                continue
            limit = int(budget * self._fill * (_SHARE_OF_OPEN if file.open or file.part_of else SHARE_OF_IMPORTS))
            brief = briefs.get(file.key)
            owed -= 0 if brief is None else self._estimator.of_bytes(brief.size_anew)
            if self._fits_whole(file, limit - used - min(owed, int(limit * _SHARE_OF_SIGNATURES))):
                used += self._frozen_tokens(file)
                chosen.append(file)
                keys.add(file.key)
            elif brief is not None and self._fits_whole(brief, limit - used):
                used += self._frozen_tokens(brief)
                chosen.append(brief)
        return chosen

    def _fits_whole(self, file: File, room: int) -> bool:
        if len(file.text) * self._estimator.ratio > room:
            return False
        if file.is_fresh:
            return self._estimator.tokens(file.framed) <= room
        return self._estimator.of_bytes(file.size_anew) <= room

    def _frozen_tokens(self, file: File) -> int:
        if not file.is_fresh:
            file.freeze()
        return self._estimator.tokens(file.framed)


def _behind(chunks: Sequence[Chunk]) -> Stability:
    """The stability of settled files behind these chunks; stability never falls."""
    return chunks[-1].stability if chunks else Stability.STABLE


def _ordered(files: Sequence[File], current: File) -> tuple[list[File], list[File]]:
    """Those that are settled, in the given order, and those that are worked on, the most recent last."""
    working = [file for file in files if file.edited or file is current]
    return (
        [file for file in files if not file.edited and file is not current],
        sorted(working, key=lambda file: (file is current, file.edited)),
    )

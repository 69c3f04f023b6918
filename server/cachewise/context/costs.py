"""What copies of files and changes to them cost, counted in plain tokens, for the decisions of the layout.

Not here: the rule that decides by these figures (`rent.py`), and the prefix itself (`prefix.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cachewise.context.copies import File, edit_frame
from cachewise.context.differences import Region
from cachewise.context.journal import sends_before_telling
from cachewise.context.prefix import Prefix
from cachewise.context.rent import Holding, Ratios, rent_of
from cachewise.context.tokens import TokenEstimator


class Costs:
    """Counts for one prefix; the rent that is paid is kept on its files."""

    def __init__(self, prefix: Prefix, estimator: TokenEstimator) -> None:
        self._prefix = prefix
        self._estimator = estimator

    def holdings(
        self, starts: Sequence[int], changes: Mapping[str, str], ratios: Ratios, *, by_token: bool
    ) -> list[Holding]:
        """The parts of the prefix that can be written anew.

        Args:
            starts: The chunks at which they begin, rising.
            changes: What the tail of this request tells of each file, by key.
            ratios: What the model's provider charges.
            by_token: Whether the provider finds a prefix again wherever it ends, as those without marks do.
        """
        told = 1.0 if sends_before_telling(ratios) else ratios.write
        due = {key: told * self._estimator.tokens(text) for key, text in changes.items()}
        chunks = self._prefix.chunks
        holdings = []
        for start, end in zip(starts, [*starts[1:], len(chunks)], strict=True):
            files = [file for chunk in chunks[start:end] for file in chunk.files]
            owed = sum(due.get(file.key, 0) + rent_of(0, self._excess(file), ratios) for file in files)
            holdings.append(
                Holding(
                    tokens=sum(self._anew(file) for file in files),
                    rent=sum(file.rent for file in files),
                    due=owed,
                    carried=self._carried(start) if owed > 0 else 0,  # only what owes something is bought out
                    kept=self._kept(start) if by_token and owed > 0 else 0.0,
                )
            )
        return holdings

    def _carried(self, start: int) -> int:
        """Estimated tokens of the journal from a chunk on that are about files before it."""
        before = {file for chunk in self._prefix.chunks[:start] for file in chunk.files}
        size = sum(len(edit.text) for edit in self._prefix.edits(start) if edit.file in before)
        return self._estimator.of_bytes(size)

    def pay(self, changes: Mapping[str, str], ratios: Ratios) -> None:
        """Count what this request pays for changes, once it is certain what it carries."""
        for key, file in self._prefix.files.items():
            plain = self._estimator.tokens(changes[key]) if key in changes else 0
            file.rent += rent_of(plain, self._excess(file), ratios)

    def told(self, file: File, region: Region) -> int:
        """Estimated tokens that telling a change takes in the journal."""
        assert file.copy is not None
        text = "".join(file.copy.lines[region.new_start : region.new_end])
        return 1 + self._estimator.tokens(edit_frame(file.name, region.old_start, region.old_end, text))

    def _kept(self, start: int) -> float:
        """Estimated tokens at the start of a chunk that would come out the same if the prefix were written from it."""
        kept = 0.0
        for file in self._prefix.chunks[start].files:
            if not file.unchanged:
                break
            if file.unchanged < 1.0 and start != self._prefix.last_copy:
                break  # what was edited moves behind the others
            kept += self._estimator.tokens(file.framed) * file.unchanged
            if file.unchanged < 1.0:
                break
        return kept

    def _anew(self, file: File) -> int:
        """Estimated tokens of a new copy of the file, or of a new part of it."""
        if file.is_slice or file.is_fresh:
            return self._estimator.tokens(file.framed)
        return self._estimator.of_bytes(file.size_anew)

    def _excess(self, file: File) -> int:
        """Estimated tokens that the file takes in the prefix beyond those of a new copy."""
        if not file.journal:
            return 0
        return self._estimator.tokens(file.framed) + self._estimator.of_bytes(file.journal) - self._anew(file)

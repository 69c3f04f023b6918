"""What changed is told once: the append-only journal behind the copies, and when a change is put into it.

While a change lies inside the cursor's window it costs nothing, since the window shows it anyway. Once it lies outside
of it, it is carried by the tail at the plain price, or told by the journal: written to the cache once and read from
there with every later request. Not here: the blocks of the journal (`prefix.py`), and when a file's copy is written
anew, which ends all journal about it (`rent.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from cachewise.context.copies import File
from cachewise.context.differences import Region
from cachewise.context.frames import visible
from cachewise.context.rent import Ratios

MOST_BLOCKS = 60
"""Blocks of the journal. Beyond it changes stay in the tail, whose rent then soon buys a new copy."""
_NEVER = 1_000


@lru_cache(maxsize=64)
def sends_before_telling(ratios: Ratios) -> int:
    """How many requests carry a change in their tails before the journal tells it.

    To send a change of one token costs 1 with each request; to tell it costs `write` once and `read` with each later
    request. Nobody knows how many requests will come before the change is changed again. With k requests that carry
    it before it is told, the worst that can come is that it is changed right after that: k + write was paid, and the
    all-knowing would have paid the least of k + 1 (never told) and write + k * read (told at once).

    Bound: the k is chosen for which the ratio of the two, the most that this rule can cost of what was possible, is
    smallest. At read 0.1 and write 1.25 that is k = 0, so a change is told at once and never costs more than 1.25
    times the least. At write 1 it is k = 0 and nothing is ever lost; at write 2 it is k = 1 and a factor of 1.5.
    """
    if ratios.read >= 1:
        return _NEVER
    return min(range(int(min(ratios.write / (1 - ratios.read), _NEVER)) + 2), key=lambda k: worst_ratio(k, ratios))


def worst_ratio(sends: int, ratios: Ratios) -> float:
    """The cost of telling after so many sends, over the least possible, in the worst case."""
    return (sends + ratios.write) / min(sends + 1, ratios.write + sends * ratios.read)


def due(file: File, regions: Sequence[Region], window: tuple[int, int] | None, ratios: Ratios) -> list[Region]:
    """The regions of a file that the journal should tell now, the last one first.

    Left out are those that lie inside of the window, those that reach beyond what was frozen of the file, and those
    with invisible characters, which are shown as they are only in the tail of the document's own requests.

    Args:
        file: The file; the requests that carried a change are counted on it.
        regions: Where its current text differs from what was told, and the tail does not show it.
        window: The current lines that are being worked on; None where the request is about no such place.
        ratios: What the model's provider charges.
    """
    assert file.copy is not None
    wait = sends_before_telling(ratios)
    sent: dict[tuple[int, str], int] = {}
    found: list[Region] = []
    for region in file.copy.regions:
        inside = window is not None and window[0] <= region.new_start and region.new_end <= window[1]
        told_whole = file.span[0] <= region.old_start and region.old_end <= file.span[1]
        if inside or not told_whole or not any(_meet(region, other) for other in regions):
            continue
        text = "".join(file.copy.lines[region.new_start : region.new_end])
        if text != visible(text):
            continue
        key = (region.old_end - region.old_start, text)
        if file.sent.get(key, 0) >= wait:
            found.append(region)
        else:
            sent[key] = file.sent.get(key, 0) + 1
    file.sent = sent
    return found[::-1]


def _meet(one: Region, other: Region) -> bool:
    return one.old_start <= other.old_end and other.old_start <= one.old_end

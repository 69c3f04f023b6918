"""Where a plan's cache marks stand: at the ends of what stays, never on what changes with each request.

A provider with marks stores the prefix at each mark and nothing in between, and finds a stored prefix again up to 20
blocks before a mark. Marks themselves are free, so one on a prefix that turns out to be too short does no harm.
Not here: what stands in the blocks (`layout.py`) and how marks look on the wire (`providers/`).
"""

from __future__ import annotations

from collections.abc import Sequence

from cachewise.context.ttl import TtlSetting
from cachewise.model.names import CacheTraits, Ttl
from cachewise.model.plan import Block, Stability

MOST_BLOCKS_BETWEEN = 18
_MARGIN = 1.25
"""An estimate this far below the minimum may still be above it in truth, so it gets its marks."""


def marks_of(blocks: Sequence[Block], traits: CacheTraits, ttl: TtlSetting, last_end: int | None) -> dict[int, Ttl]:
    """The marks of a plan, by block.

    In order of importance, as far as the provider takes so many: the end of the prefix; the end of the stable files,
    which stays when a file behind it is written anew; the end of what is shared with the last prefix where blocks
    follow, so that it is found; steps between marks that are too far apart; the end of all but the last copy, the
    one that is most likely to be written anew; the system text where it is worth caching alone.

    With a TTL of an hour the marks on copies of files that are being edited keep five minutes: they are rewritten
    more often, and hour-long writes cost more. `auto` is five minutes: `ttl.py` chooses.

    Args:
        blocks: The blocks of the plan, tail included.
        traits: What the model's provider takes. A mark carries a TTL also where the provider knows none.
        ttl: The setting.
        last_end: Index of the last block that this prefix shares with the last plan's, if blocks follow it.
    """
    ends = [index for index, block in enumerate(blocks) if block.stability is not Stability.TAIL]
    if traits.style not in ("control", "breakpoint") or ttl == "off" or not ends or traits.max_marks <= 0:
        return {}
    sizes: list[int] = []
    for index in ends:
        sizes.append(blocks[index].tokens + (sizes[-1] if sizes else 0))
    system = _last_up_to(blocks, Stability.FIXED)
    stable = _last_up_to(blocks, Stability.STABLE)
    wanted = [ends[-1]]
    if stable is not None and stable != system:
        wanted.append(stable)
    if last_end is not None and last_end != system and last_end < ends[-1]:
        wanted.append(last_end)
    # The journal grows by a block at a time, each behind an entry that is there already.
    copies = max((index for index in ends if blocks[index].stability <= Stability.WORKING), default=-1)
    wanted.extend(_steps(sorted({min(index, copies) for index in wanted if copies >= 0})))
    working = [index for index in ends if blocks[index].stability is Stability.WORKING]
    if working and working[-1] > 0 and working[-1] - 1 != system:
        wanted.append(working[-1] - 1)
    if system is not None and sizes[system] >= traits.minimum_tokens:
        wanted.append(system)
    worth = [index for index in dict.fromkeys(wanted) if sizes[index] * _MARGIN >= traits.minimum_tokens]
    long = ttl == "1h" and "1h" in traits.ttls
    return {
        index: "1h" if long and blocks[index].stability <= Stability.STABLE else "5m"
        for index in sorted(worth[: traits.max_marks])
    }


def _last_up_to(blocks: Sequence[Block], stability: Stability) -> int | None:
    found = [index for index, block in enumerate(blocks) if block.stability <= stability]
    return found[-1] if found else None


def _steps(marked: Sequence[int]) -> list[int]:
    """Blocks between marks that are further apart than a provider looks back, the last ones first."""
    steps: list[int] = []
    for low, high in zip([-1, *marked], marked, strict=False):
        steps.extend(range(high - MOST_BLOCKS_BETWEEN, low, -MOST_BLOCKS_BETWEEN))
    return sorted(steps, reverse=True)

"""The workspace's words in a row, and for a context the places where it stood before.

Every place is entered once: under its last word, until that word's chain is full; from then on under its last two words,
and so on. So rare contexts are found by one word, frequent ones by as many as it takes to tell them apart, and every
word costs six bytes, however many contexts it is part of. Not here: words, files, and what follows from the places.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence

ORDERS = (1, 2, 3, 4, 6, 9)
"""Lengths of context, in words, that have chains."""
LONGEST = 12
"""How many words of context are compared."""
CHAIN = 48
"""Places under one context."""
_MOST_PLACES = 0xFFFF_FFFF


class Chains:
    """Words and chains. `slots` is a power of two: about one for six words keeps the chains apart."""

    def __init__(self, slots: int) -> None:
        self._mask = slots - 1
        self._words = array("H", [0] * LONGEST)
        self._earlier = array("I", [0] * LONGEST)
        self._heads = array("I", bytes(4 * slots))
        self._lengths = bytearray(slots)

    def __len__(self) -> int:
        return len(self._words)

    @property
    def memory_bytes(self) -> int:
        return sum(len(part) * part.itemsize for part in (self._words, self._earlier, self._heads)) + len(self._lengths)

    def enter(self, numbers: Sequence[int], salt: int, step: int = 1000) -> Iterator[None]:
        """Append the words of one file, and pause after every `step` of them.

        Args:
            numbers: the file's words.
            salt: contexts of different salts never meet; one for each language.
            step: words between two pauses.
        """
        words, earlier, heads, lengths, mask = self._words, self._earlier, self._heads, self._lengths, self._mask
        padded = [0] * LONGEST + list(numbers)
        words.extend([0] * LONGEST)
        earlier.extend([0] * LONGEST)
        for at in range(LONGEST, len(padded)):
            place = len(words)
            words.append(padded[at])
            a, b, c = padded[at - 1], padded[at - 2], padded[at - 3]
            slot = hash((salt, a)) & mask
            if lengths[slot] >= CHAIN:
                slot = hash((salt, a, b)) & mask
                if lengths[slot] >= CHAIN:
                    slot = hash((salt, a, b, c)) & mask
                    if lengths[slot] >= CHAIN:
                        for order in ORDERS[3:]:
                            slot = hash((salt, *padded[at - 1 : at - 1 - order : -1])) & mask
                            if lengths[slot] < CHAIN:
                                break
                        else:
                            earlier.append(0)
                            continue
            earlier.append(heads[slot])
            heads[slot] = place
            lengths[slot] += 1
            if not at % step:
                yield

    def follow(self, context: Sequence[int], salt: int) -> list[tuple[int, int, int]]:
        """Where the context stood before: how many words agree, the word that followed, and the place.

        Args:
            context: the last words, the latest one first; `LONGEST` of them.
            salt: as the files were entered with.
        """
        words, earlier, heads, lengths = self._words, self._earlier, self._heads, self._lengths
        found = []
        for order in ORDERS:
            slot = hash((salt, *context[:order])) & self._mask
            place = heads[slot]
            while place:
                agree = 0
                while agree < LONGEST and words[place - 1 - agree] == context[agree]:
                    agree += 1
                if agree >= order:
                    found.append((agree, words[place], place))
                place = earlier[place]
            if lengths[slot] < CHAIN:
                break
        return found

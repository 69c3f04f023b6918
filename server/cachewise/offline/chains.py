"""The workspace's words in a row, and for a context the places where it stood before.

Every place is entered once: under its last word, until that word's chain is full; from then on under its last two
words, and so on. So rare contexts are found by one word, frequent ones by as many as it takes to tell them apart, and
every word costs six bytes, however many contexts it is part of. Not here: texts, files, and what the places are used
for.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence

ORDERS = (1, 2, 3, 4, 6, 9)
"""Lengths of context, in words, that have chains."""
LONGEST = 12
"""How many words of context are compared."""
CHAIN = 48
"""Places under one context. Four times as many made no difference that could be measured, but took longer."""
STEP = 1000
"""Words between two pauses: one to two milliseconds."""


class Chains:
    """Words and chains. `slots` is a power of two: one for six words keeps most chains apart.

    One thread enters while another one follows: a place is linked only when all that it needs is there.
    """

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
        """What the arrays hold."""
        return sum(len(part) * part.itemsize for part in (self._words, self._earlier, self._heads)) + len(self._lengths)

    def read(self, start: int, stop: int) -> Sequence[int]:
        """The words at these places."""
        return self._words[start:stop]

    def enter(self, numbers: Sequence[int], salt: int) -> Iterator[None]:
        """Append the words of one file, and pause after every `STEP` of them.

        They begin `LONGEST` places behind the present end, so that no context reaches into the file before.

        Args:
            numbers: the file's words.
            salt: contexts of different salts never meet; one for each language.
        """
        words, earlier, heads = self._words, self._earlier, self._heads
        padded = [0] * LONGEST + list(numbers)
        words.extend(padded[:LONGEST])
        earlier.extend(padded[:LONGEST])
        for at in range(LONGEST, len(padded)):
            place = len(words)
            words.append(padded[at])
            slot = self._free(padded, at, salt)
            if slot < 0:
                earlier.append(0)
            else:
                earlier.append(heads[slot])
                heads[slot] = place
                self._lengths[slot] += 1
            if not at % STEP:
                yield

    def follow(self, context: Sequence[int], salt: int) -> list[tuple[int, int, int]]:
        """Where the context stood before: how many words agree, the word that followed, and the place.

        Args:
            context: the last words, the latest one first; `LONGEST` of them, with 0 for what lies before the file.
            salt: as the files were entered with.
        """
        words, earlier = self._words, self._earlier
        found = []
        for order in ORDERS:
            slot = hash((salt, *context[:order])) & self._mask
            place = self._heads[slot]
            while place:
                agree = 0
                while agree < LONGEST and words[place - 1 - agree] == context[agree]:
                    agree += 1
                if agree >= order:
                    found.append((agree, words[place], place))
                place = earlier[place]
            if self._lengths[slot] < CHAIN:
                break
        return found

    def _free(self, padded: list[int], at: int, salt: int) -> int:
        """The slot of the shortest context with room for one more place; -1 if there is none."""
        lengths, mask = self._lengths, self._mask
        slot = hash((salt, padded[at - 1])) & mask
        if lengths[slot] < CHAIN:
            return slot
        slot = hash((salt, padded[at - 1], padded[at - 2])) & mask
        if lengths[slot] < CHAIN:
            return slot
        for order in ORDERS[2:]:
            slot = hash((salt, *padded[at - 1 : at - 1 - order : -1])) & mask
            if lengths[slot] < CHAIN:
                return slot
        return -1

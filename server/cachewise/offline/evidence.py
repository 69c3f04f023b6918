"""What speaks for each word that may come next: where it followed before, near and far.

Not here: how much that is worth (`confidence.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from cachewise.offline.blend import blend
from cachewise.offline.chains import LONGEST
from cachewise.offline.index import Index
from cachewise.offline.papers import Match, followed, stood
from cachewise.offline.scene import Scene, current_line
from cachewise.offline.vocabulary import UNKNOWN

END = 1
"""Stands for the end of the line, whatever the next line's indentation is."""
BEST = 3
"""Candidates that are looked at closely."""
_NEAR_WEIGHT = 4.0
_FAR_DISTANCE = 3000
"""Words. What stands below the cursor counts as being at least so far away."""
_BELOW_AGE = 50
_MOST_WORDS = 40
_MOST_KNOWN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A word that may come next, and what is known about it. `near` is this document, `far` all others."""

    number: int
    word: str
    """Empty for the line's end."""
    piece: str
    """What is missing of it at the cursor."""
    chance: float
    rival_chance: float
    """Of the best other candidate."""
    near_count: int
    near_longest: int
    """Words of the longest context in common; 0 for none."""
    near_rival: int
    """The same, of any other candidate."""
    far_count: int
    far_longest: int
    far_rival: int
    distance: int
    """Words back to where it followed the same context last."""
    seen: float
    """How often the word stands anywhere in the document, where the cursor is in a word."""
    age: int
    """How many words that begin alike stand between the cursor and the last such place."""
    longest: int
    amount: float
    """See `Blend`."""


@dataclass(slots=True)
class _Finds:
    near: list[Match]
    far: list[tuple[int, int, int]]
    loose: list[tuple[int, int, float]] = field(default_factory=list)
    """Finds without context."""
    ages: dict[int, int] = field(default_factory=dict)


def candidates(index: Index, scene: Scene, context: str, unfinished: str) -> list[Candidate]:
    """The best candidates behind a context that begins with the scene's, the likeliest one first."""
    finds = _within_word(index, scene, context, unfinished) if unfinished.strip() else _between(index, scene, context)
    text_of = index.papers.text
    if unfinished:
        finds.near = [match for match in finds.near if text_of(match[1]).startswith(unfinished)]
        finds.far = [match for match in finds.far if text_of(match[1]).startswith(unfinished)]
    finds.near = [(agree, END if number < UNKNOWN else number, back) for agree, number, back in finds.near]
    finds.far = [(agree, END if number < UNKNOWN else number, place) for agree, number, place in finds.far]
    return list(_looked_at(index, finds, unfinished))


def _between(index: Index, scene: Scene, context: str) -> _Finds:
    """All that stood where a new word begins."""
    near = stood(scene.above, context)
    near += [(agree, number, back + _FAR_DISTANCE) for agree, number, back in stood(scene.below, context)]
    far = _latest(index, scene, context)
    for other in scene.others:
        far += stood(other, context)
    finds = _Finds(near, far)
    line = current_line(context)
    papers = index.papers
    if len(line) > 1 and papers.text(ord(line[-1])).strip() == "=":
        finds.loose.append((0, papers.number(" " + papers.text(ord(line[-2])).strip()), 2.0))
    return finds


def _within_word(index: Index, scene: Scene, context: str, unfinished: str) -> _Finds:
    """All that begins like the word at the cursor."""
    bare = unfinished.lstrip()
    blank = unfinished[: len(unfinished) - len(bare)]
    papers = index.papers
    finds = _Finds([], _latest(index, scene, context))
    pattern = re.compile(r"(?<!\w)" + re.escape(bare) + r"\w*")
    for age, word in enumerate(reversed(pattern.findall(scene.head))):
        number = papers.number(blank + word)
        finds.loose.append((0, number, 1.0))
        finds.ages.setdefault(number, age)
    for word in pattern.findall(scene.foot):
        number = papers.number(blank + word)
        finds.loose.append((0, number, 1.0))
        finds.ages.setdefault(number, _BELOW_AGE)
    words = list(finds.ages)[:_MOST_WORDS]
    finds.near = followed(scene.above, context, words)
    below = followed(scene.below, context, words)
    finds.near += [(agree, number, back + _FAR_DISTANCE) for agree, number, back in below]
    for other in scene.others:
        finds.far += stood(other, context)
    finds.loose += [(0, number, 0.3) for number in index.vocabulary.beginning_with(unfinished)[:_MOST_KNOWN]]
    finds.loose.append((0, papers.number(unfinished), 0.5))
    return finds


def _latest(index: Index, scene: Scene, context: str) -> list[tuple[int, int, int]]:
    latest = [ord(word) for word in context[: -LONGEST - 1 : -1]]
    return index.follow(latest + [0] * (LONGEST - len(latest)), scene.language, scene.name)


def _looked_at(index: Index, finds: _Finds, unfinished: str) -> Iterator[Candidate]:
    weighed = [(agree, number, _NEAR_WEIGHT) for agree, number, _ in finds.near]
    weighed += [(agree, number, 1.0) for agree, number, _ in finds.far]
    made = blend(weighed + finds.loose)
    made.chances.pop(UNKNOWN, None)
    text_of = index.papers.text
    ranked = sorted(made.chances.items(), key=lambda entry: (-entry[1], text_of(entry[0])))[:BEST]
    for number, chance in ranked:
        near_count, near_longest, near_rival = _support(finds.near, number)
        far_count, far_longest, far_rival = _support(finds.far, number)
        word = "" if number == END else text_of(number)
        yield Candidate(
            number=number,
            word=word,
            piece=word[len(unfinished) :],
            chance=chance,
            rival_chance=max((other for rival, other in ranked if rival != number), default=0.0),
            near_count=near_count,
            near_longest=near_longest,
            near_rival=near_rival,
            far_count=far_count,
            far_longest=far_longest,
            far_rival=far_rival,
            distance=min((back for _, follower, back in finds.near if follower == number), default=9999),
            seen=sum(weight for _, follower, weight in finds.loose if follower == number),
            age=finds.ages.get(number, _BELOW_AGE + 10),
            longest=made.longest,
            amount=made.amount,
        )


def _support(matches: Iterable[tuple[int, int, int]], number: int) -> tuple[int, int, int]:
    """How many matches are for the word, the longest context of these, and the longest of all others."""
    count = longest = rival = 0
    for agree, follower, _ in matches:
        if follower == number:
            count += 1
            longest = max(longest, agree)
        else:
            rival = max(rival, agree)
    return count, longest, rival

"""A small typeface for pictures: each letter is a set of strokes, made from a drawing of dots.

Neighbouring dots are joined, so a letter can be drawn at any size with lines of any width. Not here: drawing them
(`png.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

ROWS = 9
"""Of dots; a capital stands on the seventh."""
CAP = 6
"""Height of a capital, in the distance of two dots."""
_GAP = 2.1
"""Between two letters, in the same measure."""
_SPACE = 3.0
_DIGITS = "0123456789"

Segment = tuple[int, int, int, int]
"""From x, y to x, y; y grows downwards. A single dot begins where it ends."""


@dataclass(frozen=True, slots=True)
class Glyph:
    """The strokes of one character, and its width."""

    segments: tuple[Segment, ...]
    width: int


@cache
def glyphs() -> dict[str, Glyph]:
    """All characters that can be drawn."""
    found = {}
    lines = _DOTS.strip("\n").split("\n")
    for start in range(0, len(lines), ROWS + 1):
        names, rows = lines[start].split(), lines[start + 1 : start + 1 + ROWS]
        for place, name in enumerate(names):
            found[name] = _glyph(name, [row[place * 6 : place * 6 + 5] for row in rows])
    return found


def placed(text: str) -> list[tuple[float, Glyph]]:
    """The characters of a text with their distance from its start. What has no drawing becomes a question mark."""
    known = glyphs()
    at = 0.0
    out = []
    for character in text:
        if character == " ":
            at += _SPACE
            continue
        glyph = known.get(character) or known["?"]
        out.append((at, glyph))
        at += glyph.width + _GAP
    return out


def length(text: str) -> float:
    """The length of a text, in the distance of two dots."""
    placements = placed(text)
    return placements[-1][0] + placements[-1][1].width if placements else 0.0


def _glyph(name: str, rows: list[str]) -> Glyph:
    dots = {(x, y) for y, row in enumerate(rows) for x, dot in enumerate(row) if dot == "#"}
    segments: list[Segment] = []
    joined = set()
    for x, y in sorted(dots):
        for dx, dy in ((1, 0), (0, 1), (1, 1), (1, -1)):
            other = (x + dx, y + dy)
            # A diagonal is drawn only where the corner is not taken: else a curve would become a block.
            corner = dx and dy and ((x + dx, y) in dots or (x, y + dy) in dots)
            if other in dots and not corner:
                segments.append((x, y, *other))
                joined |= {(x, y), other}
    segments += [(x, y, x, y) for x, y in sorted(dots - joined)]
    # Digits are equally wide, so that figures stand below each other.
    width = 4 if name in _DIGITS else max(x for x, _ in dots)
    return Glyph(tuple(segments), width)


_DOTS = """
0     1     2     3     4     5     6     7     8     9     $     .     ,     :     '     ?
.###. ..#.. .###. .###. ...#. ##### ..##. ##### .###. .###. ..#.. ..... ..... ..... #.... .###.
#...# .##.. #...# #...# ..##. #.... .#... ....# #...# #...# .#### ..... ..... ..... #.... #...#
#...# #.#.. ....# ....# .#.#. ####. #.... ...#. #...# #...# #.#.. ..... ..... #.... ..... ....#
#...# ..#.. ...#. ..##. #..#. ....# ####. ...#. .###. .#### .###. ..... ..... ..... ..... ...#.
#...# ..#.. ..#.. ....# ##### ....# #...# ..#.. #...# ....# ..#.# ..... ..... ..... ..... ..#..
#...# ..#.. .#... #...# ...#. #...# #...# ..#.. #...# ...#. ####. ..... ..... ..... ..... .....
.###. ##### ##### .###. ...#. .###. .###. ..#.. .###. .##.. ..#.. #.... .#... #.... ..... ..#..
..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... .#... ..... ..... .....
..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... #.... ..... ..... .....
A     B     C     D     E     F     G     H     I     J     K     L     M     N     O     P
..#.. ####. .###. ####. ##### ##### .###. #...# ###.. ..### #...# #.... #...# #...# .###. ####.
.#.#. #...# #...# #...# #.... #.... #...# #...# .#... ...#. #..#. #.... ##.## ##..# #...# #...#
#...# #...# #.... #...# #.... #.... #.... #...# .#... ...#. #.#.. #.... #.#.# ##..# #...# #...#
#...# ####. #.... #...# ####. ####. #.### ##### .#... ...#. ##... #.... #.#.# #.#.# #...# ####.
##### #...# #.... #...# #.... #.... #...# #...# .#... ...#. #.#.. #.... #...# #..## #...# #....
#...# #...# #...# #...# #.... #.... #...# #...# .#... #..#. #..#. #.... #...# #..## #...# #....
#...# ####. .###. ####. ##### #.... .###. #...# ###.. .##.. #...# ##### #...# #...# .###. #....
..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... .....
..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... .....
Q     R     S     T     U     V     W     X     Y     Z     %     -     /     (     )     +
.###. ####. .###. ##### #...# #...# #...# #...# #...# ##### ##..# ..... ....# .#... #.... .....
#...# #...# #...# ..#.. #...# #...# #...# #...# #...# ....# ##..# ..... ....# #.... .#... ..#..
#...# #...# #.... ..#.. #...# #...# #...# .#.#. .#.#. ...#. ...#. ..... ...#. #.... .#... ..#..
#...# ####. .###. ..#.. #...# #...# #.#.# ..#.. ..#.. ..#.. ..#.. ####. ..#.. #.... .#... #####
#.#.# #.#.. ....# ..#.. #...# #...# #.#.# .#.#. ..#.. .#... .#... ..... .#... #.... .#... ..#..
#..#. #..#. #...# ..#.. #...# .#.#. ##.## #...# ..#.. #.... #..## ..... #.... #.... .#... ..#..
.##.# #...# .###. ..#.. .###. ..#.. #...# #...# ..#.. ##### #..## ..... #.... .#... #.... .....
..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... .....
..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... .....
_     a     b     c     d     e     f     g     h     i     j     k     l     m     n     o
..... ..... #.... ..... ....# ..... ..##. ..... #.... #.... ..#.. #.... #.... ..... ..... .....
..... ..... #.... ..... ....# ..... .#... ..... #.... ..... ..... #.... #.... ..... ..... .....
..... .###. ####. .###. .#### .###. ###.. .#### ####. #.... ..#.. #..#. #.... ##.#. ####. .###.
..... ....# #...# #.... #...# #...# .#... #...# #...# #.... ..#.. #.#.. #.... #.#.# #...# #...#
..... .#### #...# #.... #...# ##### .#... #...# #...# #.... ..#.. ##... #.... #.#.# #...# #...#
..... #...# #...# #.... #...# #.... .#... #...# #...# #.... ..#.. #.#.. #.... #.#.# #...# #...#
..... .#### ####. .###. .#### .###. .#... .#### #...# #.... ..#.. #..#. .#... #.#.# #...# .###.
##### ..... ..... ..... ..... ..... ..... ....# ..... ..... ..#.. ..... ..... ..... ..... .....
..... ..... ..... ..... ..... ..... ..... .###. ..... ..... ##... ..... ..... ..... ..... .....
p     q     r     s     t     u     v     w     x     y     z
..... ..... ..... ..... .#... ..... ..... ..... ..... ..... .....
..... ..... ..... ..... .#... ..... ..... ..... ..... ..... .....
####. .#### #.##. .#### ###.. #...# #...# #...# #...# #...# #####
#...# #...# ##... #.... .#... #...# #...# #.#.# .#.#. #...# ...#.
#...# #...# #.... .###. .#... #...# #...# #.#.# ..#.. #...# ..#..
#...# #...# #.... ....# .#... #...# .#.#. #.#.# .#.#. #...# .#...
####. .#### #.... ####. ..##. .#### ..#.. .#.#. #...# .#### #####
#.... ....# ..... ..... ..... ..... ..... ..... ..... ....# .....
#.... ....# ..... ..... ..... ..... ..... ..... ..... .###. .....
"""

"""Drawings as PNG, with nothing but the standard library: a small rasteriser with smooth edges.

Not here: what is drawn (`chart.py`), and the letters (`font.py`).
"""

from __future__ import annotations

import math
import struct
import zlib

from cachewise.cli.chart import CAP_SHARE, Drawing, Line, Rect, Text
from cachewise.cli.font import CAP, length, placed

SCALE = 2
"""Pixels for each point, so that it is sharp on screens of today."""
_STROKE, _BOLD = 0.62, 0.95
"""Width of a letter's strokes, over the distance of its dots."""


def to_png(drawing: Drawing) -> bytes:
    """The drawing as a PNG file."""
    canvas = _Canvas(drawing.width * SCALE, drawing.height * SCALE)
    for shape in drawing.shapes:
        match shape:
            case Rect():
                canvas.rect(shape)
            case Line():
                points = [(x * SCALE, y * SCALE) for x, y in shape.points]
                for start, end in zip(points, points[1:] or points, strict=False):
                    canvas.line(*start, *end, shape.width * SCALE, _rgb(shape.color))
            case Text():
                canvas.text(shape)
    return canvas.encoded()


def _rgb(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


class _Canvas:
    """Pixels, three bytes each, row by row."""

    def __init__(self, width: int, height: int) -> None:
        self._width = width
        self._height = height
        self._pixels = bytearray(b"\xff" * (width * height * 3))

    def rect(self, shape: Rect) -> None:
        """Fill a rectangle, with its edges on whole pixels and at least one pixel of it."""
        left, top = round(shape.x * SCALE), round(shape.y * SCALE)
        right = max(round((shape.x + shape.width) * SCALE), left + 1)
        bottom = max(round((shape.y + shape.height) * SCALE), top + 1)
        left, right = max(left, 0), min(right, self._width)
        row = bytes(_rgb(shape.color)) * max(right - left, 0)
        for y in range(max(top, 0), min(bottom, self._height)):
            start = (y * self._width + left) * 3
            self._pixels[start : start + len(row)] = row

    def line(self, x0: float, y0: float, x1: float, y1: float, width: float, color: tuple[int, int, int]) -> None:
        """Draw a line with round ends: each pixel takes as much colour as the line covers of it."""
        reach = width / 2 + 0.5
        dx, dy = x1 - x0, y1 - y0
        square = dx * dx + dy * dy
        for y in range(max(math.floor(min(y0, y1) - reach), 0), min(math.ceil(max(y0, y1) + reach), self._height)):
            py = y + 0.5 - y0
            for x in range(max(math.floor(min(x0, x1) - reach), 0), min(math.ceil(max(x0, x1) + reach), self._width)):
                px = x + 0.5 - x0
                along = min(max((px * dx + py * dy) / square, 0.0), 1.0) if square else 0.0
                cover = reach - math.hypot(px - along * dx, py - along * dy)
                if cover > 0:
                    self._blend(x, y, min(cover, 1.0), color)

    def text(self, shape: Text) -> None:
        """Write a text; its strokes lie on whole pixels, so that they are sharp."""
        unit = max(round(shape.size * CAP_SHARE / CAP * SCALE), 1)
        shift = {"start": 0.0, "middle": 0.5, "end": 1.0}[shape.anchor] * length(shape.text) * unit
        left, top = round(shape.x * SCALE - shift) + 0.5, round(shape.y * SCALE) - CAP * unit + 0.5
        width = max(unit * (_BOLD if shape.bold else _STROKE), 1.0)
        for at, glyph in placed(shape.text):
            x = left + round(at * unit)
            for x0, y0, x1, y1 in glyph.segments:
                self.line(*(x + x0 * unit, top + y0 * unit, x + x1 * unit, top + y1 * unit), width, _rgb(shape.color))

    def _blend(self, x: int, y: int, cover: float, color: tuple[int, int, int]) -> None:
        at = (y * self._width + x) * 3
        for channel in range(3):
            before = self._pixels[at + channel]
            self._pixels[at + channel] = round(before + (color[channel] - before) * cover)

    def encoded(self) -> bytes:
        """The pixels as a PNG file of eight bits a channel."""
        size = self._width * 3
        rows = b"".join(b"\0" + self._pixels[start : start + size] for start in range(0, len(self._pixels), size))
        header = struct.pack(">IIBBBBB", self._width, self._height, 8, 2, 0, 0, 0)
        density = struct.pack(">IIB", 3780 * SCALE, 3780 * SCALE, 1)  # 96 points an inch, in pixels a metre
        chunks = ((b"IHDR", header), (b"pHYs", density), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
        return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, content) for name, content in chunks)


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

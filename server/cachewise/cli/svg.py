"""Drawings as SVG, for documents and for screens of any size. Not here: what is drawn (`chart.py`)."""

from __future__ import annotations

from html import escape

from cachewise.cli.chart import Drawing, Line, Rect, Text

_FONT = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif"


def to_svg(drawing: Drawing) -> str:
    """The drawing as an SVG document. It names no other file and runs nothing."""
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {drawing.width} {drawing.height}" '
        f'width="{drawing.width}" height="{drawing.height}" font-family="{_FONT}">'
    )
    ground = f'<rect width="{drawing.width}" height="{drawing.height}" fill="#ffffff"/>'
    return "\n".join([head, ground, *map(_element, drawing.shapes), "</svg>", ""])


def _element(shape: Rect | Line | Text) -> str:
    match shape:
        case Rect():
            place = f'x="{_n(shape.x)}" y="{_n(shape.y)}" width="{_n(shape.width)}" height="{_n(shape.height)}"'
            return f'<rect {place} fill="{shape.color}"/>'
        case Line() if len(shape.points) == 1:
            [(x, y)] = shape.points
            return f'<circle cx="{_n(x)}" cy="{_n(y)}" r="{_n(shape.width / 2)}" fill="{shape.color}"/>'
        case Line():
            points = " ".join(f"{_n(x)},{_n(y)}" for x, y in shape.points)
            look = f'stroke="{shape.color}" stroke-width="{_n(shape.width)}" stroke-linejoin="round"'
            return f'<polyline points="{points}" fill="none" {look}/>'
        case Text():
            look = f'font-size="{_n(shape.size)}" fill="{shape.color}" text-anchor="{shape.anchor}"'
            weight = ' font-weight="bold"' if shape.bold else ""
            return f'<text x="{_n(shape.x)}" y="{_n(shape.y)}" {look}{weight}>{escape(shape.text)}</text>'


def _n(value: float) -> str:
    """A coordinate with at most two digits behind the point."""
    return f"{value:.2f}".rstrip("0").rstrip(".")

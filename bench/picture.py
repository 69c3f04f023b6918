"""A picture of a replay: what each layout has cost by each request, as an SVG without scripts or fonts of its own."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import accumulate

_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP = 860, 420, 60, 40, 24
_COLOURS = ("#c0392b", "#d35400", "#b7950b", "#7d3c98", "#2471a3", "#17a589", "#707b7c", "#1e8449", "#000000")
_POINTS = 400


def picture(title: str, costs: Sequence[tuple[str, Sequence[float]]]) -> str:
    """The sums of the costs over the requests, in plain input tokens, as one line for each layout."""
    sums = [(name, list(accumulate(values))) for name, values in costs]
    most = max(values[-1] for _, values in sums) * 1.05
    count = max(len(values) for _, values in sums)
    right = _WIDTH - 300
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" '
            f'font-size="12"><title>{escape(title)}</title>'
            f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>'
            f'<text x="{_LEFT}" y="15" font-size="13">{escape(title)}</text>'
        )
    ]
    base = _HEIGHT - _BOTTOM
    for step in range(5):
        y = base - (base - _TOP) * step / 5
        label = f"{most * step / 5 / 1e6:.1f} M"
        parts.append(f'<path d="M{_LEFT} {y:.1f}H{right}" stroke="#dddddd"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{label}</text>')
    parts.append(f'<text x="{_LEFT}" y="{_HEIGHT - 12}">requests, 1 to {count:,}; plain input tokens so far</text>')
    ranked = sorted(sums, key=lambda item: -item[1][-1])
    for place, (name, values) in enumerate(ranked):
        every = max(1, len(values) // _POINTS)
        points = [*[*enumerate(values)][::every], (len(values) - 1, values[-1])]
        path = " ".join(
            f"{_LEFT + (right - _LEFT) * index / max(count - 1, 1):.1f},{base - (base - _TOP) * value / most:.1f}"
            for index, value in points
        )
        colour = _COLOURS[place % len(_COLOURS)]
        dash = ' stroke-dasharray="4 3"' if name == "floor" else ""
        y = _TOP + 16 + 20 * place
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.6"{dash}/>')
        parts.append(f'<path d="M{right + 12} {y - 4}h18" stroke="{colour}" stroke-width="2"{dash}/>')
        parts.append(f'<text x="{right + 36}" y="{y}">{escape(name)}</text>')
    return "".join((*parts, "</svg>\n"))

"""Draws the prompts of a short session, one strip each, coloured by how the simulated provider bills them.

    python bench/strips.py docs/prompt-layout.svg

The session is made up, and the planner, the account and every width in the picture are real. Not here: costs of long
sessions (`replay.py`).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.layouts import Planner, Request
from bench.replay import market

from cachewise.context.pieces import Piece
from cachewise.simulator.account import Account, Charge
from cachewise.simulator.prompt import Prompt, PromptBlock
from cachewise.simulator.tokens import TokenTable, count_tokens

_COLOURS = {"read": "#8fbf9f", "written": "#e6a04b", "plain": "#7a94c9"}
_KINDS = (("You are", "system"), ("<file", "file"), ("<edit", "edits"), ("<change", "changes"), ("Task", "tail"))
_WIDTH, _LEFT, _RIGHT, _ROW = 900, 10, 300, 26


@dataclass(frozen=True, slots=True)
class Strip:
    """One request: what happened before it, and its blocks as (kind, tokens)."""

    words: str
    blocks: tuple[tuple[str, int], ...]
    charge: Charge


def session() -> list[Strip]:
    """Somebody types, goes elsewhere, comes back, and has a break."""
    others = [Piece(name=f"{name}.py", text=_text(name, 70), path=f"/{name}.py", open=True) for name in ("a", "b")]
    layout = Planner(others, market("claude"))
    layout.ttl = "5m"
    now = [0.0]
    account = Account(lambda: now[0], TokenTable(256))
    strips: list[Strip] = []
    for words, text, cursor, seconds in _moments():
        cold = not strips or seconds >= 300
        now[0] += seconds
        blocks = layout.prompt(Request(text, cursor, "", now[0], cold))
        prompt = Prompt(
            wire="openrouter", model="anthropic/claude-sonnet-4.5", blocks=blocks, stream=True, max_tokens=1,
            session_id="strips",
        )  # fmt: skip
        receipt = account.open(prompt, "one")
        account.commit(receipt)
        strips.append(Strip(words, tuple(_measured(block) for block in blocks), receipt.charge))
    return strips


def drawn(strips: list[Strip]) -> str:
    """The picture as an SVG."""
    most = max(sum(tokens for _, tokens in strip.blocks) for strip in strips)
    scale = (_WIDTH - _LEFT - _RIGHT) / most
    height = _ROW * (len(strips) + 1) + 16
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" font-family="sans-serif" '
            f'font-size="11"><title>Prompts of a session</title><rect width="{_WIDTH}" height="{height}" fill="#fff"/>'
        )
    ]
    for row, strip in enumerate(strips):
        y = 8 + row * _ROW
        for x, width, kind, bill in _segments(strip):
            colour = _COLOURS[bill]
            left, wide = _LEFT + x * scale, width * scale
            parts.append(f'<rect x="{left:.1f}" y="{y}" width="{wide:.1f}" height="18" fill="{colour}" stroke="#fff"/>')
            if wide > 7 * len(kind):
                parts.append(f'<text x="{left + wide / 2:.1f}" y="{y + 13}" text-anchor="middle">{kind}</text>')
        parts.append(f'<text x="{_WIDTH - _RIGHT + 12}" y="{y + 13}">{escape(strip.words)}</text>')
    y = 8 + len(strips) * _ROW
    legend = ("read from the cache", "written to the cache", "plain, never cached")
    for place, (colour, words) in enumerate(zip(_COLOURS.values(), legend, strict=True)):
        x = _LEFT + 170 * place
        parts.append(f'<rect x="{x}" y="{y + 4}" width="12" height="12" fill="{colour}"/>')
        parts.append(f'<text x="{x + 18}" y="{y + 14}">{words}</text>')
    return "".join((*parts, "</svg>\n"))


def _segments(strip: Strip) -> Iterator[tuple[int, int, str, str]]:
    """Start, width, kind and bill of each part of a strip; a block that is billed in two ways makes two parts."""
    read, written = strip.charge.read, strip.charge.read + strip.charge.written
    at = 0
    for kind, tokens in strip.blocks:
        end = at + tokens
        for low, high, bill in ((0, read, "read"), (read, written, "written"), (written, end, "plain")):
            start, stop = max(at, low), min(end, high)
            if start < stop:
                yield start, stop - start, kind, bill
        at = end


def _measured(block: PromptBlock) -> tuple[str, int]:
    kind = next(name for opening, name in _KINDS if block.text.startswith(opening))
    if kind == "file":
        kind = "edited.py" if 'name="edited.py"' in block.text else "other files"
    return kind, count_tokens(block.text)


def _moments() -> Iterator[tuple[str, str, int, float]]:
    """What happened, the document then, the cursor, and the seconds that went by."""
    text = _text("edited", 40)
    place = text.index("edited_10(")
    yield "the first request writes it", text, place, 0.0
    for typed in ("    # typing\n", "    # typing on\n"):
        text = text[:place] + typed + text[place:]
        yield "typing costs nothing but the tail", text, place + len(typed), 3.0
    yield "the cursor leaves: the edit is told once", text, text.index("edited_28("), 20.0
    body = ""
    for number, words in enumerate(
        ("many lines are written", *("and again",) * 5, "as dear as a new copy: copied anew")
    ):
        rewritten = "".join(f"    total_{line} = value * {number} + {line}\n" for line in range(34))
        text = text[:place] + rewritten + text[place + len(body) :]
        body = rewritten
        yield words, text, text.index("edited_28("), 20.0
    yield "and on", text, text.index("edited_28("), 5.0
    yield "after a break everything is written anew", text, text.index("edited_28("), 900.0


def _text(name: str, functions: int) -> str:
    return "".join(f"def {name}_{n}(value):\n    return value + {n}\n\n" for n in range(functions))


def main() -> int:
    """Write the picture."""
    Path(sys.argv[1]).write_text(drawn(session()), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

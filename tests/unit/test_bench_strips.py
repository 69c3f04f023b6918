from __future__ import annotations

import sys
from pathlib import Path
from xml.etree import ElementTree

sys.path.insert(0, str(Path(__file__).parents[2]))

from bench.strips import Strip, _segments, drawn, session

from cachewise.simulator.account import Charge

DOCS = Path(__file__).parents[2] / "docs"


def test_the_session_shows_each_thing_that_happens_to_a_prefix() -> None:
    strips = session()
    first, typed, again, told, *edits, copied, on, cold = strips
    assert first.charge.read == 0 < first.charge.written
    for quiet in (typed, again, on):
        assert quiet.charge.written == 0 < quiet.charge.read
    for strip in (told, *edits):
        assert 0 < strip.charge.written < strip.charge.read
        assert [kind for kind, _ in strip.blocks].count("edits") >= 1
    assert "edits" not in dict(copied.blocks)
    assert 0 < copied.charge.read < copied.charge.written + copied.charge.read
    assert cold.charge.read == 0
    for strip in strips:
        assert sum(tokens for _, tokens in strip.blocks) == strip.charge.total


def test_a_part_is_coloured_by_how_it_is_billed() -> None:
    strip = Strip("", (("files", 10), ("edits", 6), ("tail", 4)), Charge(read=8, write=8, plain=4))
    assert list(_segments(strip)) == [
        (0, 8, "files", "read"),
        (8, 2, "files", "written"),
        (10, 6, "edits", "written"),
        (16, 4, "tail", "plain"),
    ]


def test_the_picture_of_the_documentation_is_that_of_the_code() -> None:
    picture = drawn(session())
    assert (DOCS / "prompt-layout.svg").read_text(encoding="utf-8") == picture
    words = "".join(ElementTree.fromstring(picture).itertext())
    for word in ("system", "other files", "edited.py", "tail", "read from the cache", "copied anew"):
        assert word in words

from __future__ import annotations

import pytest

from cachewise.shaping.blocks import block_end
from cachewise.shaping.place import Place
from cachewise.shaping.spans import awaited

LINES: dict[str, tuple[str, str | None, str, str | None]] = {
    "plain code": ("a = b", None, "python", None),
    "docstring opens": ('    """Add.', None, "python", '"""'),
    "docstring in one line": ('    """Add."""', None, "python", None),
    "docstring goes on": ("    Both.", '"""', "python", '"""'),
    "docstring ends": ('    """', '"""', "python", None),
    "ends and another opens": ("\"\"\" + '''a", '"""', "python", "'''"),
    "the other quotes inside": ("'''", '"""', "python", '"""'),
    "quotes in a string": ('a = \'"""\'', None, "python", None),
    "quotes in a comment": ('# """', None, "python", None),
    "template literal": ("const a = `one", None, "typescript", "`"),
    "escaped backtick": ("two \\` three", "`", "typescript", "`"),
    "backtick in a string": ('const a = "`";', None, "typescript", None),
    "raw string of Go": ("var q = `", None, "go", "`"),
    "no template in C": ("`", None, "c", None),
    "comment opens": ("int a; /* one", None, "c", "*/"),
    "comment opened and closed": ("int a; /* one */ int b;", None, "c", None),
    "line comment hides a mark": ("int a; // /* one", None, "c", None),
    "comment of a page": ("<p> <!--", None, "html", "-->"),
    "long string of Lua": ("local q = [[", None, "lua", "]]"),
    "long comment of Lua": ("--[[ one", None, "lua", "]]"),
    "line comment of Lua": ("-- [[ one", None, "lua", None),
    "nothing in Markdown": ("`code", None, "markdown", None),
    "nothing in YAML": ("it's", None, "yaml", None),
}


@pytest.mark.parametrize(("line", "waits", "language", "ends"), LINES.values(), ids=LINES)
def test_awaited(line: str, waits: str | None, language: str, ends: str | None) -> None:
    assert awaited(line, waits, language) == ends


def test_a_string_that_is_open_may_be_closed_yet() -> None:
    place = Place.of('def f():\n    """', "", "python")
    lines = ["Add.", "    return 1"]
    assert block_end(lines, place, complete=False) is None
    assert block_end(lines, place, complete=True) == 1
    closed = ["Add.", "", "    Both.", '    """', "    return 1"]
    assert block_end(closed, place, complete=False) == 4
    assert block_end(closed, place, complete=True) == 4

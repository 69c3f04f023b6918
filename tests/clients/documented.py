"""The configurations that docs/editors.md shows, so that the tests load what the users read."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "editors.md"


def configurations(heading: str, language: str) -> list[str]:
    """The blocks of a language below a heading, with the folder of this checkout for the one that users put there.

    Raises:
        AssertionError: there is none.
    """
    sections = re.split(r"(?m)^## (.*)$", PAGE.read_text(encoding="utf-8"))
    body = dict(zip(sections[1::2], sections[2::2], strict=True)).get(heading)
    assert body is not None, f"docs/editors.md has no section {heading!r}; it has {sections[1::2]}"
    found: list[str] = re.findall(rf"(?ms)^```{language}\n(.*?)^```", body)
    assert found, f"docs/editors.md shows no {language} below {heading!r}"
    return [text.replace("/path/to/cachewise", str(ROOT)) for text in found]

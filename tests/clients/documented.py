"""The configurations that docs/editors.md shows, so that the tests load what the users read."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "editors.md"


def configuration(heading: str, language: str) -> str:
    """The first block of a language below a heading.

    Raises:
        AssertionError: there is none.
    """
    sections = re.split(r"(?m)^## (.*)$", PAGE.read_text(encoding="utf-8"))
    body = dict(zip(sections[1::2], sections[2::2], strict=True)).get(heading)
    assert body is not None, f"docs/editors.md has no section {heading!r}; it has {sections[1::2]}"
    found = re.search(rf"(?ms)^```{language}\n(.*?)^```", body)
    assert found is not None, f"docs/editors.md shows no {language} below {heading!r}"
    return found[1]

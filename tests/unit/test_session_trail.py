from __future__ import annotations

import pytest

from cachewise.session.trail import Trail


@pytest.mark.parametrize(
    ("seen", "about", "before"),
    [
        ([], "a", []),
        ([("a", 1)], "a", []),
        ([("a", 1), ("b", 2), ("c", 3)], "c", [("b", 2), ("a", 1)]),
        ([("a", 1), ("b", 2), ("a", 9)], "c", [("a", 9), ("b", 2)]),
        ([("a", 1), ("a", 2), ("a", 3)], "b", [("a", 3)]),
    ],
)
def test_the_latest_place_of_each_other_document(
    seen: list[tuple[str, int]], about: str, before: list[tuple[str, int]]
) -> None:
    trail = Trail()
    for uri, line in seen:
        trail.seen(uri, line)
    assert list(trail.before(about)) == before


def test_it_is_bounded() -> None:
    trail = Trail()
    for number in range(1_000):
        trail.seen(f"file:///{number}", number)
    kept = trail.before("")
    assert len(kept) == 20
    assert kept[0] == ("file:///999", 999)

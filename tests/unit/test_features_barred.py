from __future__ import annotations

from pathlib import Path

import pytest

from cachewise.features.barred import FRESH, Barred


class Clock:
    """Moves only when told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("name", "mode", "typed", "invoked"),
    [
        pytest.param("main.py", 0o644, False, False, id="ordinary"),
        pytest.param("main.py", 0o444, True, False, id="read only: not while typing, but by hand"),
        pytest.param(".env", 0o644, True, True, id="secret"),
        pytest.param(None, 0, False, False, id="no file"),
        pytest.param("new.py", None, False, False, id="not written yet"),
    ],
)
async def test_where_nothing_is_suggested(
    tmp_path: Path, name: str | None, mode: int | None, typed: bool, invoked: bool
) -> None:
    path = None if name is None else str(tmp_path / name)
    if path is not None and mode is not None:
        Path(path).write_text("x")
        Path(path).chmod(mode)
    barred = Barred()
    for _ in range(2):
        assert await barred.is_barred(path, invoked=False) is typed
        assert await barred.is_barred(path, invoked=True) is invoked


async def test_an_answer_holds_for_a_moment_and_no_longer(tmp_path: Path) -> None:
    path = tmp_path / "main.py"
    path.write_text("x")
    clock = Clock()
    barred = Barred(clock)
    assert not await barred.is_barred(str(path), invoked=False)
    path.chmod(0o444)
    clock.now += FRESH / 2
    assert not await barred.is_barred(str(path), invoked=False)
    clock.now += FRESH / 2
    assert await barred.is_barred(str(path), invoked=False)
    path.chmod(0o644)
    clock.now += FRESH
    assert not await barred.is_barred(str(path), invoked=False)


async def test_few_files_are_remembered(tmp_path: Path) -> None:
    barred = Barred()
    for number in range(200):
        assert not await barred.is_barred(str(tmp_path / f"{number}.py"), invoked=True)
    assert len(barred._known) <= 64

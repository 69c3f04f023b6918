"""Which files are the test and the implementation of one another, by their names."""

from __future__ import annotations

from pathlib import Path

import pytest

from cachewise.context.pairs import pairs_of

PAIRS: dict[str, tuple[str, str]] = {
    "Python beside": ("x.py", "test_x.py"),
    "Python in tests": ("x.py", "tests/test_x.py"),
    "Python of a package with src": ("src/app/x.py", "tests/app/test_x.py"),
    "Python, mirrored whole": ("app/inner/x.py", "tests/app/inner/test_x.py"),
    "TypeScript": ("src/x.ts", "src/x.test.ts"),
    "TypeScript, a spec": ("src/x.ts", "src/x.spec.ts"),
    "TypeScript with elements": ("src/x.tsx", "src/__tests__/x.test.tsx"),
    "TypeScript, of elements": ("src/view.tsx", "src/view.test.ts"),
    "JavaScript": ("lib/x.js", "test/x.test.js"),
    "Go": ("pkg/x.go", "pkg/x_test.go"),
    "Lua": ("lua/plugin/x.lua", "spec/plugin/x_spec.lua"),
    "Lua, flat": ("lua/x.lua", "tests/x_spec.lua"),
    "Rust": ("src/x.rs", "tests/x.rs"),
    "Ruby": ("lib/x.rb", "spec/x_spec.rb"),
    "Java": ("src/main/java/a/Thing.java", "src/test/java/a/ThingTest.java"),
}

IMPORTED: dict[str, tuple[str, str]] = {
    "Python of a package": ("app/x.py", "tests/test_x.py"),
    "Python of a package, mirrored": ("app/inner/x.py", "tests/inner/test_x.py"),
    "Python, units": ("app/x.py", "tests/unit/test_x.py"),
}
"""Pairs in which the test is found by its name only; the other way it is an import."""


def write(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x\n")


@pytest.mark.parametrize(("source", "test"), PAIRS.values(), ids=PAIRS)
def test_each_leads_to_the_other(tmp_path: Path, source: str, test: str) -> None:
    write(tmp_path, source, test, "other.py", "tests/test_other.py")
    assert pairs_of(str(tmp_path / source), str(tmp_path)) == (str(tmp_path / test),)
    assert pairs_of(str(tmp_path / test), str(tmp_path)) == (str(tmp_path / source),)


@pytest.mark.parametrize(("source", "test"), IMPORTED.values(), ids=IMPORTED)
def test_a_package_leads_to_its_test(tmp_path: Path, source: str, test: str) -> None:
    write(tmp_path, source, test, "other.py", "tests/test_other.py")
    assert pairs_of(str(tmp_path / source), str(tmp_path)) == (str(tmp_path / test),)


@pytest.mark.parametrize("name", ["x", "notes.md", "tests/conftest.py", "x.rs", "test_.py"])
def test_what_has_no_pair(tmp_path: Path, name: str) -> None:
    write(tmp_path, name, "x.py", "tests/test_x.py")
    assert pairs_of(str(tmp_path / name), str(tmp_path)) == ()


def test_nothing_above_the_folder_is_looked_for(tmp_path: Path) -> None:
    write(tmp_path, "tests/test_x.py", "ws/x.py")
    assert pairs_of(str(tmp_path / "ws" / "x.py"), str(tmp_path / "ws")) == ()
    assert pairs_of(str(tmp_path / "tests" / "test_x.py"), str(tmp_path / "ws")) == ()


def test_the_nearest_come_first_and_not_all(tmp_path: Path) -> None:
    tests = ["app/x_test.py", "app/tests/test_x.py", "tests/test_x.py", "tests/unit/test_x.py"]
    write(tmp_path, "app/x.py", *tests)
    assert pairs_of(str(tmp_path / "app/x.py"), str(tmp_path)) == tuple(str(tmp_path / at) for at in tests[:3])

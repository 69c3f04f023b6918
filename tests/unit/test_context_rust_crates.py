from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from cachewise.context.imports import imported_files
from cachewise.context.rust_crates import crate_folder

TREE = "src/lib.rs src/main.rs src/a/b.rs tests/it.rs sub/src/lib.rs sub/src/c.rs sub/src/bin/d.rs sub/other/lib.rs"
OWN = '[package]\nname = "my-crate"\n'
SUB = '[package]\nname = "sub"\n'


def write(folder: Path, manifests: Mapping[str, str]) -> None:
    """The files of `TREE`, and manifests by their folders."""
    for name in TREE.split():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("")
    for name, text in manifests.items():
        (folder / name / "Cargo.toml").write_text(text)


@pytest.mark.parametrize(
    ("manifests", "document", "path", "expected"),
    [
        pytest.param({"": OWN}, "tests/it.rs", "my_crate::a::b::f", "src/a/b.rs", id="own crate of a test"),
        pytest.param({"": OWN}, "tests/it.rs", "my_crate::f", "src/lib.rs", id="what the library itself has"),
        pytest.param({"": OWN}, "tests/it.rs", "my_crate", "src/lib.rs", id="the crate alone"),
        pytest.param({"": OWN}, "src/main.rs", "my_crate::{a::b, f}", "src/a/b.rs src/lib.rs", id="of a program"),
        pytest.param({"": OWN}, "src/lib.rs", "my_crate::f", "", id="never itself"),
        pytest.param({"": OWN}, "tests/it.rs", "std::fmt", "", id="the standard library"),
        pytest.param({"": OWN}, "tests/it.rs", "other::a::b", "", id="a crate from elsewhere"),
        pytest.param({"": OWN + '[lib]\nname = "x"\n'}, "tests/it.rs", "x::f", "src/lib.rs", id="library of a name"),
        pytest.param({"": OWN + '[lib]\npath = "sub/other/lib.rs"\n'}, "tests/it.rs", "my_crate::f",
                     "sub/other/lib.rs", id="library at a path"),
        pytest.param({"": OWN + '[dependencies]\nsub = { path = "sub" }\n', "sub": SUB}, "src/main.rs", "sub::c::D",
                     "sub/src/c.rs", id="a path"),
        pytest.param({"": OWN + '[dev-dependencies.sub]\npath = "sub"\n'}, "tests/it.rs", "sub::f",
                     "sub/src/lib.rs", id="a path without a manifest"),
        pytest.param({"": '[workspace]\n[workspace.dependencies]\nmy-crate = { path = "." }\n', "sub": SUB},
                     "sub/src/c.rs", "my_crate::a::b::f", "src/a/b.rs", id="of a workspace"),
        pytest.param({"": OWN, "sub": SUB}, "sub/src/bin/d.rs", "sub::c", "sub/src/c.rs", id="the nearest package"),
        pytest.param({"": OWN + '[dependencies]\nsub = { path = "../outside" }\n'}, "src/main.rs", "sub::f", "",
                     id="outside of the workspace"),
        pytest.param({"": "package = 1\nlib = []\ndependencies = 2\n"}, "src/main.rs", "a::f", "", id="other kinds"),
        pytest.param({"": "[package\n"}, "src/main.rs", "a::f", "", id="broken"),
        pytest.param({"": "[a]\nb = " + "[" * 50_000}, "src/main.rs", "a::f", "", id="very deep"),
    ],
)  # fmt: skip
def test_crates(tmp_path: Path, manifests: dict[str, str], document: str, path: str, expected: str) -> None:
    folder = tmp_path / "ws"
    write(folder, manifests)
    found = imported_files(str(folder / document), "rust", f"use {path};\n", str(folder))
    assert [os.path.relpath(each, folder) for each in found] == expected.split()


def test_a_manifest_that_changes_is_read_again(tmp_path: Path) -> None:
    write(tmp_path, {"": SUB})
    folders = [str(tmp_path / "src"), str(tmp_path)]
    assert crate_folder("my_crate", folders) is None
    before = (tmp_path / "Cargo.toml").stat().st_mtime_ns
    (tmp_path / "Cargo.toml").write_text(OWN)
    os.utime(tmp_path / "Cargo.toml", ns=(before + 1, before + 1))
    assert crate_folder("my_crate", folders) == str(tmp_path / "src")

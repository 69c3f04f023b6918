from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from cachewise.context.imports import imported_files
from cachewise.context.script_files import script_files

TREE = "src/a.ts src/b/index.tsx src/b/c.js lib/d.ts lib/e.vue app/src/f.ts tests/a.ts"
AT = {"compilerOptions": {"paths": {"@/*": ["./src/*"]}}}


def config(paths: object = None, base: object = None, **more: object) -> dict[str, object]:
    """A configuration with these options."""
    options = {name: value for name, value in {"paths": paths, "baseUrl": base}.items() if value is not None}
    return {"compilerOptions": options, **more}


def check(tmp_path: Path, configs: Mapping[str, object], document: str, specifier: str, expected: str) -> None:
    """What one specifier of a document stands for, among the files of `TREE`."""
    for name in TREE.split():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    for name, content in configs.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content if isinstance(content, str) else json.dumps(content))
    path = tmp_path / document
    text = f"import x from '{specifier}';\n"
    found = imported_files(str(path), "vue" if path.suffix == ".vue" else "typescript", text, str(tmp_path))
    assert [os.path.relpath(each, tmp_path) for each in found] == expected.split()


@pytest.mark.parametrize(
    ("content", "specifier", "expected"),
    [
        pytest.param(AT, "@/a", "src/a.ts", id="a star"),
        pytest.param(AT, "@/b", "src/b/index.tsx", id="index"),
        pytest.param(AT, "@/b/c", "src/b/c.js", id="deep"),
        pytest.param(AT, "@/a.js", "src/a.ts", id="compiled suffix"),
        pytest.param(AT, "@/missing", "", id="no such file"),
        pytest.param(AT, "react", "", id="a package"),
        pytest.param(config({"@/*": ["src/*"], "@/b/*": ["lib/*"]}), "@/b/d", "lib/d.ts", id="the longest head"),
        pytest.param(config({"@/*": ["src/*"], "@/a": ["lib/d"]}), "@/a", "lib/d.ts", id="no star goes first"),
        pytest.param(config({"@/*": ["src/*", "lib/*"]}), "@/d", "lib/d.ts", id="several targets"),
        pytest.param(config({"*/own": ["lib/*"]}), "d/own", "lib/d.ts", id="a tail"),
        pytest.param(config({"@/*": ["*"]}, "src"), "@/a", "src/a.ts", id="below the base"),
        pytest.param(config(None, "."), "src/a", "src/a.ts", id="base alone"),
        pytest.param(config(None, "src"), "a", "src/a.ts", id="a file of the base"),
        pytest.param(config(None, "src"), "react", "", id="a package with a base"),
        pytest.param(config({"@/*": ["../*"]}), "@/etc/hostname", "", id="outside of the workspace"),
        pytest.param('{ // why\n "compilerOptions": { /* "no" */ "paths": { "@/*": ["src/*"], }, },\n}\n', "@/a",
                     "src/a.ts", id="comments and last commas"),
        pytest.param("{", "@/a", "", id="broken"),
        pytest.param("[]", "@/a", "", id="no object"),
        pytest.param(config("@"), "@/a", "", id="paths of another kind"),
        pytest.param(config({"@/*": "src/*", "~/*": [1]}), "@/a", "", id="targets of another kind"),
        pytest.param(config(None, 1, extends=[1], references=[1, {"path": 1}]), "@/a", "", id="all of another kind"),
        pytest.param("/*" * 30_000, "@/a", "", id="an open comment"),
        pytest.param("[" * 60_000, "@/a", "", id="very deep"),
    ],
)  # fmt: skip
def test_names_of_a_project(tmp_path: Path, content: object, specifier: str, expected: str) -> None:
    check(tmp_path, {"tsconfig.json": content}, "src/main.ts", specifier, expected)


@pytest.mark.parametrize(
    ("configs", "expected"),
    [
        ({"jsconfig.json": AT}, "src/a.ts"),
        ({"tsconfig.json": AT, "tests/tsconfig.json": config({"@/*": ["./*"]})}, "tests/a.ts"),
        ({"tsconfig.json": {"extends": "./base"}, "base.json": AT}, "src/a.ts"),
        ({"tests/tsconfig.json": {"extends": "../base.json"}, "base.json": AT}, "src/a.ts"),
        ({"tsconfig.json": {"extends": ["./none", "./b"]}, "b.json": AT}, "src/a.ts"),
        ({"tsconfig.json": {"extends": "@tsconfig/node20"}}, ""),
        ({"tsconfig.json": {"extends": "./tsconfig.json", **AT}}, "src/a.ts"),
        ({"tsconfig.json": config({"@/*": ["lib/*"]}, extends="./b"), "b.json": AT}, ""),
        ({"tsconfig.json": {"references": [{"path": "./tsconfig.app.json"}]}, "tsconfig.app.json": AT}, "src/a.ts"),
        ({"tsconfig.json": {"references": [{"path": "x"}]}, "x/tsconfig.json": config({"@/*": ["../lib/*"]})}, ""),
        ({"tsconfig.json": {"references": [{"path": "x"}]}, "x/tsconfig.json": config({"@/*": ["../src/*"]})},
         "src/a.ts"),
    ],
    ids=["of JavaScript", "nearest", "extends", "further up", "one of several", "extends a package", "extends itself",
         "own paths win", "refers to", "refers to a folder, other", "refers to a folder"],
)  # fmt: skip
def test_where_they_are_told(tmp_path: Path, configs: dict[str, object], expected: str) -> None:
    check(tmp_path, configs, "tests/main.test.ts", "@/a", expected)


def test_components_have_them_too(tmp_path: Path) -> None:
    check(tmp_path, {"tsconfig.json": config({"~/*": ["lib/*"]})}, "src/App.vue", "~/e.vue", "lib/e.vue")


def test_what_changes_is_seen(tmp_path: Path) -> None:
    check(tmp_path, {"tsconfig.json": config({"@/*": ["lib/*"]})}, "src/main.ts", "@/a", "")
    before = (tmp_path / "tsconfig.json").stat().st_mtime_ns
    (tmp_path / "tsconfig.json").write_text(json.dumps(AT))
    os.utime(tmp_path / "tsconfig.json", ns=(before + 1, before + 1))
    assert list(script_files(["@/a"], str(tmp_path / "src"), [str(tmp_path)])) == [str(tmp_path / "src" / "a.ts")]


def test_many_configurations_are_not_all_read(tmp_path: Path) -> None:
    for number in range(30):
        (tmp_path / f"c{number}.json").write_text(json.dumps({"references": [{"path": f"./c{n}"} for n in range(31)]}))
    (tmp_path / "c30.json").write_text(json.dumps(AT))
    (tmp_path / "tsconfig.json").write_text('{"extends": "./c0"}')
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.ts").write_text("")
    assert list(script_files(["@/a"], str(tmp_path), [str(tmp_path)])) == []

from __future__ import annotations

from pathlib import Path

import pytest

from cachewise.context.imports import imported_files


def check(tmp_path: Path, files: str, document: str, language: str, text: str, expected: str) -> None:
    """Make the files, and compare what the document imports; paths are relative and separated by spaces."""
    folder = tmp_path / "ws"
    for name in files.split():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("module example.com/app\n" if name.endswith("go.mod") else "")
    folder.mkdir(exist_ok=True)
    found = imported_files(str(folder / document), language, text, str(folder))
    assert [str(Path(path).relative_to(folder)) for path in found] == expected.split()


PYTHON_TREE = (
    "a.py pkg/__init__.py pkg/b.py pkg/sub/__init__.py pkg/sub/c.py src/lib/__init__.py src/lib/d.py types.pyi"
)


@pytest.mark.parametrize(
    ("document", "text", "expected"),
    [
        pytest.param("main.py", "import a\n", "a.py", id="module"),
        pytest.param("main.py", "import os, a as x, missing\n", "a.py", id="several in one line"),
        pytest.param("main.py", "import pkg.b\n", "pkg/b.py", id="dotted"),
        pytest.param("main.py", "import pkg\n", "pkg/__init__.py", id="package"),
        pytest.param("main.py", "from pkg import b\n", "pkg/b.py", id="submodule"),
        pytest.param("main.py", "from pkg import b, other\n", "pkg/b.py pkg/__init__.py", id="submodule and a name"),
        pytest.param("main.py", "from pkg import *\n", "pkg/__init__.py", id="star"),
        pytest.param("main.py", "from pkg.sub.c import x as y\n", "pkg/sub/c.py", id="name of a module"),
        pytest.param("main.py", "from pkg import (\n    b,  # why\n    sub,\n)\n", "pkg/b.py pkg/sub/__init__.py",
                     id="over several lines"),
        pytest.param("main.py", "from pkg import b, \\\n  sub\n", "pkg/b.py pkg/sub/__init__.py", id="backslash"),
        pytest.param("main.py", "def f():\n    from a import x\n", "a.py", id="inside a function"),
        pytest.param("main.py", "from lib import d\n", "src/lib/d.py", id="src layout"),
        pytest.param("main.py", "import types\n", "types.pyi", id="stub"),
        pytest.param("pkg/sub/e.py", "from . import c\n", "pkg/sub/c.py", id="relative"),
        pytest.param("pkg/sub/e.py", "from .c import x\n", "pkg/sub/c.py", id="relative module"),
        pytest.param("pkg/sub/e.py", "from .. import b\n", "pkg/b.py", id="two dots"),
        pytest.param("pkg/sub/e.py", "from ..b import x\n", "pkg/b.py", id="two dots and a module"),
        pytest.param("pkg/sub/e.py", "from .... import x\n", "", id="too many dots"),
        pytest.param("pkg/sub/e.py", "import c\n", "", id="absolute names do not start in a package"),
        pytest.param("pkg/sub/e.py", "import pkg.sub.c\n", "pkg/sub/c.py", id="own package by its full name"),
        pytest.param("pkg/b.py", "import pkg.b\nimport a\n", "a.py", id="never itself"),
        pytest.param("main.py", "import a\nimport pkg.b\nimport a\n", "a.py pkg/b.py", id="once, in order"),
        pytest.param("main.py", "import a\ndef broken(:\n  'x\nimport pkg.b\n", "a.py pkg/b.py", id="half-typed text"),
        pytest.param("main.py", "# import a\nimportant = a\nx.import_(a)\n", "", id="no import"),
    ],
)  # fmt: skip
def test_python(tmp_path: Path, document: str, text: str, expected: str) -> None:
    check(tmp_path, PYTHON_TREE, document, "python", text, expected)


@pytest.mark.parametrize(
    ("files", "document", "language", "text", "expected"),
    [
        pytest.param("src/a.ts", "src/main.ts", "typescript", "import { x } from './a'\n", "src/a.ts", id="ts"),
        pytest.param("src/a.tsx", "src/main.tsx", "typescriptreact", 'import A from "./a"\n', "src/a.tsx", id="tsx"),
        pytest.param("a/index.js", "main.js", "javascript", "const a = require('./a')\n", "a/index.js", id="index"),
        pytest.param("a.ts", "main.ts", "typescript", "import './a.js'\n", "a.ts", id="compiled suffix"),
        pytest.param("a.js a.ts", "main.js", "javascript", "import './a.js'\n", "a.js", id="exact name first"),
        pytest.param("a.ts", "x/main.ts", "typescript", "export * from '../a'\n", "a.ts", id="re-export, one up"),
        pytest.param("a.ts", "main.ts", "typescript", "const a = await import(`./a`)\n", "a.ts", id="dynamic"),
        pytest.param("a.ts b.ts", "main.ts", "typescript", "import {\n  x,\n  y\n} from './b'\nimport './a'\n",
                     "b.ts a.ts", id="over several lines"),
        pytest.param("react.ts", "main.ts", "typescript", "import React from 'react'\n", "", id="a package"),
        pytest.param("data.json", "main.ts", "typescript", "import d from './data.json'\n", "data.json", id="json"),
        pytest.param("go.mod util/a.go util/b.go util/a_test.go", "main.go", "go",
                     'import (\n  "fmt"\n  u "example.com/app/util" // why\n)\n', "util/a.go util/b.go", id="go"),
        pytest.param("go.mod util/a.go", "main.go", "go", 'import "example.com/app/util"\n', "util/a.go", id="go, one"),
        pytest.param("go.mod util/a.go", "main.go", "go", 'import "example.com/application/util"\n', "",
                     id="go, other"),
        pytest.param("util/a.go", "main.go", "go", 'import "example.com/app/util"\n', "", id="go without go.mod"),
        pytest.param("src/main.rs src/a.rs src/b/mod.rs", "src/main.rs", "rust", "mod a;\npub mod b;\n",
                     "src/a.rs src/b/mod.rs", id="rust mod"),
        pytest.param("src/lib.rs src/a/c.rs src/a.rs", "src/a.rs", "rust", "mod c;\n", "src/a/c.rs",
                     id="rust mod below"),
        pytest.param("src/lib.rs src/a/c.rs src/b.rs", "src/b.rs", "rust", "use crate::a::c::Thing;\n", "src/a/c.rs",
                     id="rust use crate"),
        pytest.param("src/lib.rs src/a.rs src/d.rs", "src/b.rs", "rust", "use crate::{a::X, d::{Y, Z}};\n",
                     "src/a.rs src/d.rs", id="rust group"),
        pytest.param("src/lib.rs src/b/x.rs src/b/y.rs", "src/b/x.rs", "rust", "use super::y::Z;\n", "src/b/y.rs",
                     id="rust super"),
        pytest.param("inc/a.h b.h", "inc/main.c", "c", '#include "a.h"\n#  include "b.h"\n#include <stdio.h>\n',
                     "inc/a.h b.h", id="c"),
        pytest.param("include/x/y.hpp", "src/main.cpp", "cpp", '#include "x/y.hpp"\n', "include/x/y.hpp", id="c++"),
        pytest.param("lua/a/b.lua lua/c/init.lua", "lua/main.lua", "lua", "local b = require('a.b')\nrequire \"c\"\n",
                     "lua/a/b.lua lua/c/init.lua", id="lua"),
        pytest.param("src/com/x/A.java", "src/com/x/B.java", "java", "import com.x.A;\nimport java.util.List;\n",
                     "src/com/x/A.java", id="java"),
        pytest.param("lib/a.rb", "lib/main.rb", "ruby", "require_relative 'a'\n", "lib/a.rb", id="ruby"),
        pytest.param("a.php", "main.php", "php", "require_once './a.php';\n", "a.php", id="php"),
        pytest.param("b.sh", "main.sh", "shellscript", "source ./b.sh\n", "b.sh", id="shell"),
        pytest.param("App/Foo.hs", "Main.hs", "haskell", "import qualified App.Foo as F\n", "App/Foo.hs", id="haskell"),
        pytest.param("a.txt", "main.txt", "plaintext", "no import here\n", "", id="none"),
    ],
)  # fmt: skip
def test_other_languages(tmp_path: Path, files: str, document: str, language: str, text: str, expected: str) -> None:
    check(tmp_path, files, document, language, text, expected)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("typescript", "import '../outside'\n"), ("c", '#include "../outside.h"\n'),
        ("c", '#include "/etc/hostname"\n'), ("python", "from .. import outside\n"), ("python", "import linked\n"),
        ("lua", "require '../outside'\n"),
        ("ruby", "require_relative '../outside'\n"), ("rust", "use super::super::outside::X;\n"),
    ],
    ids=["ts", "c", "c absolute", "python", "link", "lua", "ruby", "rust"],
)  # fmt: skip
def test_nothing_outside_of_the_folder(tmp_path: Path, language: str, text: str) -> None:
    for suffix in ("ts", "h", "py", "lua", "rb", "rs", "txt"):
        (tmp_path / f"outside.{suffix}").write_text("")
    (tmp_path / "ws").mkdir()
    (tmp_path / "ws" / "linked.py").symlink_to(tmp_path / "outside.py")
    suffix = {"typescript": "ts", "python": "py", "ruby": "rb", "rust": "rs"}.get(language, "txt")
    assert imported_files(str(tmp_path / "ws" / f"main.{suffix}"), language, text, str(tmp_path / "ws")) == ()


def test_the_number_of_imports_is_bounded(tmp_path: Path) -> None:
    for number in range(100):
        (tmp_path / f"m{number}.py").write_text("")
    text = "".join(f"import m{number}\n" for number in range(100))
    found = imported_files(str(tmp_path / "main.py"), "python", text, str(tmp_path))
    assert [Path(path).stem for path in found] == [f"m{number}" for number in range(64)]


@pytest.mark.parametrize(
    "text",
    ["from " * 50_000, "import (" * 50_000, "use crate::" + "{a," * 50_000, "require(" * 50_000,
     "import " + "a," * 90_000, "from x import " + "\\\n" * 50_000, "from x import (" + "\n" * 90_000],
    ids=range(7),
)  # fmt: skip
def test_hostile_text_ends(tmp_path: Path, text: str) -> None:
    """The patterns must not take quadratic time; the timeout of the suite is the judge."""
    for language in ("python", "typescript", "go", "rust", "c", "lua", "ruby"):
        imported_files(str(tmp_path / "main.x"), language, text, str(tmp_path))

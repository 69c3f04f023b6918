"""What only a parser gets right about imports, by language."""

from __future__ import annotations

import pytest

from cachewise.syntax.imports import go_imports, python_imports, rust_imports, script_imports
from cachewise.syntax.keywords import region, within_statement


def check(found: object, expected: object) -> None:
    assert list(found) == list(expected)  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param('"""Use it so:\n\nimport a\n"""\nimport b\n', [(0, "b", ())], id="docstring"),
        pytest.param("x = '''\nfrom a import b\n'''\n", [], id="string"),
        pytest.param("# import a\nimport b  # from c import d\n", [(0, "b", ())], id="comment"),
        pytest.param("if x: import a\n", [(0, "a", ())], id="behind a colon"),
        pytest.param("import a; from c import d\n", [(0, "a", ()), (0, "c", ("d",))], id="semicolon"),
        pytest.param("from .a.b import (\n    c as d,  # (why)\n    e,\n)\n", [(1, "a.b", ("c", "e"))], id="brackets"),
        pytest.param("from .. import (a, b)\n", [(2, "", ("a", "b"))], id="dots alone"),
        pytest.param("from . . import a\n", [(2, "", ("a",))], id="dots apart"),
        pytest.param("from . import *\n", [(1, "", ("*",))], id="star"),
        pytest.param("from \\\n  a.b \\\n  import c\n", [(0, "a.b", ("c",))], id="continued before the word"),
        pytest.param("from __future__ import annotations\nimport a . b\n", [(0, "a.b", ())], id="future, spaces"),
        pytest.param("try:\n    import a\nexcept E:\n    import b as a\n", [(0, "a", ()), (0, "b", ())], id="try"),
        pytest.param("class A:\n    async def f(self):\n        import a\n", [(0, "a", ())], id="deep"),
        pytest.param("import a\nx = foo(\nimport b\n", [(0, "a", ()), (0, "b", ())], id="open bracket above"),
        pytest.param("import \nimport b\nfrom . import\n", [(0, "b", ())], id="half-typed"),
        pytest.param("s = '\ud800'\nimport a\n", [(0, "a", ())], id="half a surrogate pair"),
    ],
)  # fmt: skip
def test_python(text: str, expected: list[object]) -> None:
    check(python_imports(text), expected)


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("typescript", "import type { A } from './a';\nimport { type B } from \"./b\"\n", "./a ./b"),
        ("typescript", "export * from './a'; export * as b from './b'; export { c } from '../c'\n", "./a ./b ../c"),
        ("typescript", "import a = require('./a');\ntype T = typeof import('./t');\n", "./a ./t"),
        ("typescript", "import d, {\n  from,\n  require as r,\n} from './d';\n", "./d"),
        ("typescript", "import(/* webpackChunkName: 'x' */ './a').then(b); const c = await import(`./c`)\n", "./a ./c"),
        ("typescript", "import(`./locale/${name}`);\n", ""),
        ("typescript", "const s = \"import './s'\"; // import './c'\n/* from './d' */\n", ""),
        ("typescript", "const s = `\nimport './s'\n`;\nimport './t'\n", "./t"),
        ("typescript", "load('./no'); jest.require('./no'); x.import('./no')\n", ""),
        ("typescript", "import a from './a'\nimport { x } from\nimport b from './b'\nfoo(1, [\n", "./a ./b"),
        ("typescriptreact", "const x = <p a='./no'>import './no'</p>; import './a'\n", "./a"),
        ("javascript", "const { a } = require('./a'), b = require(\n  './b'\n).c;\n", "./a ./b"),
        ("javascript", "// require('./no')\nif (x) require(\"./a\"); import d from './d.json' with { type: 'json' };\n",
         "./a ./d.json"),
        ("javascript", "import type { A } from './a'\n", "./a"),
        ("javascriptreact", "import A from './a'\nexport default () => <A>{await import('./b')}</A>\n", "./a ./b"),
        ("javascript", "import '.'; import '..'; import '.hidden'; import 'react'; import '@/x'\n",
         ". .. .hidden react @/x"),
    ],
)  # fmt: skip
def test_scripts(language: str, text: str, expected: str) -> None:
    check(script_imports(text, language), expected.split())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('package x\nimport (\n\tu "a/b" // c "d"\n\t. "e"\n\t_ `f`\n)\nimport "g"\n', "a/b e f g"),
        ('/*\nimport "no"\n*/\npackage x\n\nimport ("a"; b "b")\nvar s = `\nimport "no"\n`\n', "a b"),
        ('package x\n// import (\nimport "a"\n// "no"\n// )\n', "a"),
        ('package x\nimport (\n\t"a"\n\t"b\n)\nfunc f() {\n', "a b"),
    ],
)
def test_go(text: str, expected: str) -> None:
    check(go_imports(text), expected.split())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("use crate::{self, a::{b, c}, d as e};\nuse super::x;\nuse std::fmt;\n",
         "crate a b/crate a c/crate d/super x/name std fmt"),
        ("mod a;\nuse a::{b, c::{d, self}, e as f, g::*};\nuse other::x;\n",
         "mod a/self a b/self a c d/self a c/self a e/self a g/name other x"),
        ("pub(crate) mod a;\n#[cfg(test)]\nmod b;\nmod inline { mod c; fn f() {} }\n", "mod a/mod b/mod inline c"),
        ("mod tests {\n    use super::*;\n    use super::k::K;\n    use super::super::o;\n    use self::q;\n}\n",
         "self k K/super o/self tests q"),
        ("use super::super::x;\n", "super super x"),
        ("use\n  crate :: a // b\n  ::c;\n", "crate a c"),
        ("use crate::r#type::X;\n", "crate type X"),
        ('// mod no;\n/* use crate::no; */\nconst S: &str = "\nmod no;\nuse crate::no;\n";\nmod a;\n', "mod a"),
        ("fn f() {\n    use crate::a::b;\n    let x = g(;\n}\nmod c;\n", "crate a b/mod c"),
        ("macro_rules! m { () => { mod no; } }\n", ""),
    ],
)  # fmt: skip
def test_rust(text: str, expected: str) -> None:
    found = [" ".join((kind, *parts)) for kind, parts in rust_imports(text)]
    assert "/".join(found) == expected


@pytest.mark.parametrize(
    ("language", "text", "rest"),
    [
        ("python", "import a\n", "x = 1\n" * 100_000),
        ("python", "from a import (\n    b,\n    c,\n)\n", "f(\nimportant,\n"),
        ("python", "from a \\\n  import b\n", "x = 1\n"),
        ("python", "", "x = 1\nimportant = 2\n"),
        ("python", "import a", ""),
        ("typescript", "import {\n  a,\n} from\n  './a'\n", "f();\n"),
        ("javascript", "const a = require(\n  './a'\n)\n", "f();\n"),
        ("go", 'import (\n"a"\n' + "\n" * 10_000 + ")\n", "func f() {\n"),
        ("rust", "use a::{\n  b,\n}\n;\n", "fn f() { reuse() }\n"),
        ("python", "", "x = 1\n" * 100_000 + "import a\n"),
        ("python", "'''\nimport a\nmore\n'''\n", "x = 1\n"),
        ("typescript", "/* import './no'\nmore\n*/\n", "f();\n"),
        ("go", "var s = `\nimport\nmore `\n", "func f() {\n"),
    ],
)  # fmt: skip
def test_only_what_imports_can_reach_is_parsed(language: str, text: str, rest: str) -> None:
    assert (text + rest)[: region(text + rest, language)] == text


def test_a_statement_without_an_end_reaches_only_so_far() -> None:
    text = "from a import (\n" + "b\n" * 10_000
    assert region(text, "python") == len("from a ") + 4_000
    assert within_statement(text, 1_016, "python")
    assert not within_statement(text, 10_016, "python")


def test_blocks_of_a_long_text_are_whole_strings_and_statements() -> None:
    """What looks like the start of a block inside a string is none."""
    function = "def f(x):\n    import late{n}\n    return x\n\n\n"
    text = "import a\n'''\n" + "def no():\n    import no\n\n" * 200 + "'''\n"
    text += "".join(function.format(n=n) for n in range(200)) + "@decorated\nclass A:\n    import b\n"
    found = [name for _, name, _ in python_imports(text)]
    assert found == ["a", *(f"late{n}" for n in range(200)), "b"]
    assert [name for _, name, _ in python_imports(text.replace("import a", "import other"))] == ["other", *found[1:]]

"""Where definitions begin, by language."""

from __future__ import annotations

import pytest

from cachewise.shaping.definitions import definition_at, definitions

TYPESCRIPT = """\
export class Shop<T> {
  private prices = new Map<string, number>();

  constructor(name: string) {
    super(name);
  }

  static async load<K>(url: string, key?: K): Promise<Shop<K>> {
    if (url) {
      return await fetch(url);
    }
    for (const a of b) {
      use(a, () => {
        go();
      });
    }
  }

  get size(): number {
    switch (this.x) {
    }
  }

  #hidden() {
  }
}

export const total = (a: number, b = 2): number => {
  return a + b;
};
const twice = x => x * 2;
let later = async () => { go(); };
var old = function (a) {
};
const count = 3;
const pair = [1, 2];
export type Name = string;
function* walk() {
}
"""
CASES = {
    "typescript": ("typescript", TYPESCRIPT,
                   ["Shop", "constructor", "load", "size", "#hidden", "total", "twice", "later", "old", "Name",
                    "walk"]),
    "python": ("python", "class A(B):\n    async def f(self): ...\ndef g():\n    define = 1\n", ["A", "f", "g"]),
    "go": ("go", "type T struct {\n}\nfunc (t *T) Name() {\n}\nfunc main() {\n\tif f(x) {\n", ["T", "Name", "main"]),
    "rust": ("rust", "pub(crate) struct P;\nimpl P {\n    pub async fn go(&self) {\n", ["P", "P", "go"]),
    "c": ("c", "static int add(int a, int b) {\n    if (a) {\n    return add(1, 2);\n", ["add"]),
    "lua": ("lua", "local function f()\nend\nfunction M.a:b()\nend\n", ["f", "b"]),
    "no methods in other languages": ("python", "  go(a) {\n", []),
}  # fmt: skip


@pytest.mark.parametrize(("language", "text", "names"), CASES.values(), ids=CASES)
def test_definitions(language: str, text: str, names: list[str]) -> None:
    found = definitions(text, language)
    assert [definition.name for definition in found] == names
    for definition in found:
        assert text[definition.start :].startswith(definition.name)
        assert text[: definition.start].count("\n") == definition.line


def test_line_ends_do_not_move_a_name() -> None:
    for eol in ("\n", "\r\n", "\r"):
        text = f"x = 1{eol}{eol}def f():{eol}    pass{eol}"
        [found] = definitions(text, "python")
        assert (found.line, text[found.start]) == (2, "f")


def test_the_first_one_of_a_stretch() -> None:
    text = "def a():\n    pass\ndef b():\n    pass\n"
    names = [found.name if (found := definition_at(text, "python", at, at + 1)) else None for at in (0, 9, 18, 27)]
    assert names == ["a", None, "b", None]


@pytest.mark.parametrize("language", ["typescript", "java", "python"])
@pytest.mark.parametrize("line", ["  " + "a(" * 140, "const a" + " " * 280, "  a<" + "b," * 140, "(" * 290])
def test_no_pattern_runs_away(language: str, line: str) -> None:
    """With a pattern that tries every way to split such a line, this would not end before the test's timeout."""
    assert definitions(line + "\n", language) == []

from __future__ import annotations

import subprocess
import sys

import pytest

from cachewise.syntax import trees

LANGUAGES = ("python", "typescript", "typescriptreact", "javascript", "javascriptreact", "go", "rust")


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_has_a_grammar_that_takes_any_bytes(language: str) -> None:
    assert trees.has_grammar(language)
    for data in (b"", b"\0\xff\xfe", "é 😀 (\r\n".encode(), b"x" * 20_000):
        root = trees.parse(data, language)
        assert root is not None
        assert root.end_byte <= len(data)


@pytest.mark.parametrize("language", ["lua", "vue", "", "plaintext"])
def test_other_languages_have_none(language: str) -> None:
    assert not trees.has_grammar(language)


def test_what_a_query_finds_comes_in_order_and_with_offsets_in_bytes() -> None:
    data = "".join(f"x{n} = 'é😀'  # ü\n" for n in range(2_000)).encode()
    root = trees.parse(data, "python")
    assert root is not None
    assert not root.has_error
    found = list(trees.find(root, "python", "(comment) @c (identifier) @name"))
    names = [data[node.start_byte : node.end_byte] for node in found if node.type == "identifier"]
    assert names == [b"x%d" % n for n in range(2_000)]
    assert [node.start_byte for node in found] == sorted(node.start_byte for node in found)


@pytest.mark.parametrize("end", [b"\\\n", b"\\\r\n"])
def test_what_would_take_too_long_is_given_up(end: bytes) -> None:
    assert trees.parse(b"from x import " + end * 30_000, "python") is None
    assert trees.parse(b"x" * (trees.LARGEST + 1), "python") is None
    assert trees.parse(b"x = 1 + " + (b"1 + " + end) * 100 + b"2\n", "python") is not None


def test_only_the_grammar_that_is_needed_is_loaded() -> None:
    probe = (
        "import sys; from cachewise.syntax.imports import go_imports; before = set(sys.modules);"
        "assert not [m for m in before if m.startswith('tree_sitter')];"
        "list(go_imports('package x\\nimport \"a\"\\n'));"
        "print(*sorted(m for m in sys.modules if m.startswith('tree_sitter') and '.' not in m))"
    )
    found = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["tree_sitter", "tree_sitter_go"]

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


def test_a_text_is_the_same_in_pieces() -> None:
    """Larger than what is handed over at once, with characters of several bytes across the seams."""
    data = "".join(f"x{n} = 'é😀'  # ü\n" for n in range(4_000)).encode()
    root = trees.parse(data, "python")
    assert root is not None
    assert not root.has_error
    assert root.named_child_count == 8_000
    found = list(trees.find(root, "python", "(identifier) @name"))
    assert [data[node.start_byte : node.end_byte] for node in found] == [b"x%d" % n for n in range(4_000)]


def test_what_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    data = b"from x import " + b"\\\n" * 50_000
    monkeypatch.setattr(trees, "_LONGEST", 0.05)
    assert trees.parse(data, "python") is None
    monkeypatch.undo()
    assert trees.parse(b"import a\n", "python") is not None, "the next text is none the worse"


def test_only_the_grammar_that_is_needed_is_loaded() -> None:
    probe = (
        "import sys; from cachewise.syntax.imports import go_imports; before = set(sys.modules);"
        "assert not [m for m in before if m.startswith('tree_sitter')];"
        "list(go_imports('package x\\nimport \"a\"\\n'));"
        "print(*sorted(m for m in sys.modules if m.startswith('tree_sitter') and '.' not in m))"
    )
    found = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["tree_sitter", "tree_sitter_go"]

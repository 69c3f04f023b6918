from __future__ import annotations

import subprocess
import sys
import threading
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import tree_sitter_python
from tree_sitter import Language, Parser

from cachewise.syntax import outline, trees

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


ENDLESS: dict[str, tuple[str, bytes]] = {
    "arrows": ("typescript", b"->;" * 33_000),
    "types or comparisons": ("typescript", b"a<b,\n" * 20_000),
    "the same with tags": ("typescriptreact", b"a<b,\n" * 20_000),
    "quotes": ("javascript", b"'\"" * 50_000),
    "brackets": ("go", b"[{" * 50_000),
    "arguments": ("rust", b"a<b," * 25_000),
}


@pytest.mark.parametrize(("language", "data"), ENDLESS.values(), ids=ENDLESS)
def test_a_text_that_would_take_seconds_is_given_up(language: str, data: bytes) -> None:
    """All of them together take less than the test's own deadline; the first two alone would take over a minute."""
    assert trees.parse(data[: trees.LARGEST], language) is None


SOURCES = [trees.__file__, outline.__file__, __file__]


@pytest.mark.parametrize("cut", [0, 1, 4_095, 4_096, 4_097, 100_000])
@pytest.mark.parametrize("path", SOURCES, ids=[Path(path).name for path in SOURCES])
def test_it_is_the_tree_of_the_whole_text(path: str, cut: int) -> None:
    data = Path(path).read_bytes()[:cut]
    root = trees.parse(data, "python")
    assert str(root) == str(Parser(Language(tree_sitter_python.language())).parse(data).root_node)


def test_threads_parse_their_own_texts() -> None:
    texts = dict(zip(("python", "go", "rust"), (Path(path).read_bytes() for path in SOURCES), strict=True))
    alone = {language: str(trees.parse(data, language)) for language, data in texts.items()}
    assert "None" not in alone.values()
    with ThreadPoolExecutor(len(texts)) as pool:
        beside = list(pool.map(lambda item: (item[0], str(trees.parse(item[1], item[0]))), [*texts.items()] * 20))
    assert all(alone[language] == tree for language, tree in beside)


def test_parsing_keeps_nothing() -> None:
    """The allocator's own count, since what the library keeps is no object that Python's collector knows."""
    data = [(b"x = %d\n" % number) * 2_000 for number in range(40)]
    tracemalloc.start()
    try:
        for each in data[:10]:
            trees.parse(bytes(bytearray(each)), "python")
        before = tracemalloc.get_traced_memory()[0]
        for each in data * 5:
            trees.parse(bytes(bytearray(each)), "python")
        kept = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert kept < len(data[0])


def test_other_threads_run_meanwhile() -> None:
    """Seen by how often another thread has its turn while a text is parsed that takes all the time it is given."""
    turns, done = 0, threading.Event()

    def count() -> None:
        nonlocal turns
        while not done.is_set():
            turns += 1
            time.sleep(0)

    other = threading.Thread(target=count)
    other.start()
    try:
        before = turns
        assert trees.parse(b"'\"" * 50_000, "javascript") is None
        assert turns - before > 10
    finally:
        done.set()
        other.join()


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

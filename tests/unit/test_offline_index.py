"""Files in the index: what is found, what is not any more, and what it costs."""

from __future__ import annotations

import random
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cachewise.offline.chains import CHAIN, LONGEST, Chains
from cachewise.offline.complete import Guess, complete
from cachewise.offline.index import Index

FILE = "".join(
    f"def connect_{name}(address):\n    channel = open_channel(address)\n    return channel\n\n\n" for name in "abcdef"
)
CURSOR = "def other(address):\n    channel = open_ch"


def guess(index: Index, before: str = CURSOR, name: str = "") -> str | None:
    found = complete(index, before, "\n", "python", name=name)
    return found.text[:5] if found else None


def test_a_file_is_found() -> None:
    index = Index()
    index.add("a.py", FILE)
    assert guess(index) == "annel"
    assert "a.py" in index
    assert len(index) == 1


def test_a_removed_file_is_not_found() -> None:
    index = Index()
    index.add("a.py", FILE)
    index.remove("a.py")
    index.remove("never there")
    assert guess(index) is None
    assert "a.py" not in index


def test_a_file_takes_the_place_of_its_older_state() -> None:
    index = Index()
    index.add("a.py", FILE)
    index.add("a.py", FILE.replace("open_channel", "open_chain"))
    assert guess(index) == "ain(a"
    assert len(index) == 1


def test_the_documents_own_file_is_hidden() -> None:
    index = Index()
    index.add("a.py", FILE)
    assert guess(index, name="a.py") != guess(index)


def test_languages_do_not_mix() -> None:
    index = Index()
    index.add("a.rs", FILE)
    in_rust = complete(index, CURSOR, "\n", "rust")
    in_python = complete(index, CURSOR, "\n", "python")
    assert in_rust is not None
    assert in_rust.text.startswith("annel(")
    assert in_python is None or in_python.text == "annel"


def test_an_open_document_replaces_its_file() -> None:
    index = Index()
    index.add("a.py", FILE)
    index.open("a.py", FILE.replace("open_channel", "open_chain"))
    assert guess(index) == "ain(a"
    index.close("a.py")
    assert guess(index) == "annel"


def test_a_file_given_up_half_way_is_not_found() -> None:
    index = Index()
    steps = index.adding("a.py", FILE * 400)
    for _ in range(9):
        next(steps)
    steps.close()
    assert "a.py" not in index
    assert guess(index) is None


def test_completing_between_two_steps() -> None:
    index = Index()
    index.add("a.py", FILE)
    for _ in index.adding("b.py", FILE * 200):
        assert guess(index) == "annel"


@pytest.mark.parametrize("opened", [False, True], ids=["own", "open"])
def test_what_is_half_added_is_hidden_as_well_as_what_is_there(opened: bool) -> None:
    """Else a document would count twice while its file is read."""
    index = Index()
    index.add("a.py", FILE.replace("open_channel", "open_chain"))
    if opened:
        index.open("b.py", "")
    shown = {guess(index, name="c.py" if opened else "b.py") for _ in index.adding("b.py", FILE * 200)}
    assert shown == {"ain(a"}


def test_waste_is_noticed_and_freed() -> None:
    index = Index()
    index.add("a.py", FILE)
    for at in range(20):
        index.add("b.py", f"x{at} = y\n" * 500)
    assert index.wasteful
    before = index.memory_bytes
    index.compact()
    assert not index.wasteful
    assert index.memory_bytes < before
    assert guess(index) == "annel"


def _file(seed: int) -> str:
    chance = random.Random(seed)
    names = ["alpha", "beta", "gamma", "delta", "open", "close", "read", "write"]
    lines = []
    for _ in range(25):
        indent = "    " * chance.randrange(3)
        lines.append(f"{indent}{chance.choice(names)}.{chance.choice(names)}({chance.choice(names)}, {seed % 3})")
    return "\n".join(lines)


def _guesses(index: Index) -> list[Guess | None]:
    cursors = ["alpha.", "    open.cl", "beta.read(", "        write.gamma(de", "", "x = del"]
    return [complete(index, _file(99) + "\n" + line, "\nalpha.beta()\n", "python") for line in cursors]


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["a.py", "b.py", "c.py", "d.py"]), st.none() | st.integers(0, 30)), max_size=12)
)
def test_adding_and_removing_equals_a_new_index(changes: list[tuple[str, int | None]]) -> None:
    changed, present = Index(), dict[str, str]()
    for name, seed in changes:
        present.pop(name, None)
        if seed is None:
            changed.remove(name)
        else:
            present[name] = _file(seed)
            changed.add(name, present[name])
    fresh = Index()
    for name, text in present.items():
        fresh.add(name, text)
    changed.compact()
    assert _guesses(changed) == _guesses(fresh)
    assert len(changed) == len(fresh) == len(present)


def test_chains_find_the_longest_context() -> None:
    chains = Chains(1 << 10)
    for _ in chains.enter([5, 6, 7, 8, 5, 6, 9], salt=1):
        pass
    context = [6, 5, 8] + [0] * (LONGEST - 3)
    found = {(agree, number) for agree, number, _ in chains.follow(context, salt=1)}
    assert found == {(2, 7), (3, 9)}
    assert chains.follow(context, salt=2) == []


def test_a_full_chain_goes_on_under_longer_contexts() -> None:
    chains = Chains(1 << 12)
    numbers = [number for at in range(200) for number in (100 + at, 7, 8)]
    for _ in chains.enter(numbers, salt=1):
        pass
    late = chains.follow([7, 299] + [0] * (LONGEST - 2), salt=1)
    assert (2, 8) in {(agree, number) for agree, number, _ in late}
    assert len(late) <= 2 * CHAIN


def test_files_do_not_run_into_each_other() -> None:
    chains = Chains(1 << 10)
    for numbers in ([5, 6], [7, 8]):
        for _ in chains.enter(numbers, salt=1):
            pass
    assert chains.follow([6, 5] + [0] * (LONGEST - 2), salt=1) == []


@pytest.mark.parametrize("files", [pytest.param(60, id="60 files")])
def test_memory_stays_within_what_large_workspaces_allow(files: int) -> None:
    """200 MB of code are about 45 million words; 300 MB allow six and a half bytes for each."""
    chance = random.Random(1)
    words = [f"word_{at}" for at in range(3000)]
    texts = ["\n".join(" ".join(chance.choices(words, k=8)) + f"({at})" for at in range(300)) for _ in range(files)]
    index = Index()
    index.add("vocabulary.py", "\n".join(f"{word} {word}" for word in words))
    tracemalloc.start()
    try:
        start, estimate = tracemalloc.get_traced_memory()[0], index.memory_bytes
        for at, text in enumerate(texts):
            index.add(f"{at}.py", text)
        grown = tracemalloc.get_traced_memory()[0] - start
        estimate = index.memory_bytes - estimate
    finally:
        tracemalloc.stop()
    count = files * 300 * 12
    assert 6.0 < grown / count < 7.5
    assert abs(estimate - grown) < 0.15 * grown

"""A workspace read in slices."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cachewise.offline.complete import complete
from cachewise.offline.index import Index
from cachewise.offline.indexer import LARGEST_FILE, Indexer, read

LINE = "channel = open_channel(address)\n"


def text(seed: int, lines: int = 3) -> str:
    return LINE + "".join(f"value_{seed}_{at} = {LINE}" for at in range(lines))


def named(*paths: Path) -> list[tuple[str, Path]]:
    return [(path.name, path) for path in paths]


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


class Ticks:
    """A clock that goes on by one second whenever it is looked at."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


def test_all_files_are_read(tmp_path: Path) -> None:
    index = Index()
    paths = [written(tmp_path, f"{at}.py", text(at)) for at in range(4)]
    indexer = Indexer(index, named(*paths))
    while indexer.work():
        pass
    assert indexer.done
    assert indexer.files == len(index) == 4
    assert indexer.bytes == sum(path.stat().st_size for path in paths)
    guess = complete(index, "channel = op", "\n", "python")
    assert guess is not None
    assert guess.text.startswith("en_channel")


def test_a_slice_ends_when_its_time_is_over(tmp_path: Path) -> None:
    paths = [written(tmp_path, f"{at}.py", text(at)) for at in range(10)]
    indexer = Indexer(Index(), named(*paths), clock=Ticks())
    slices = 1
    while indexer.work(2.0):
        assert not indexer.done
        slices += 1
    assert slices > 10


def test_files_are_asked_for_when_their_turn_comes(tmp_path: Path) -> None:
    asked: list[str] = []

    def files() -> Iterator[tuple[str, Path]]:
        for at in range(3):
            asked.append(str(at))
            yield f"{at}.py", written(tmp_path, f"{at}.py", text(at))

    indexer = Indexer(Index(), files(), clock=Ticks())
    assert asked == []
    assert indexer.work(0.0)
    assert len(asked) < 3


def test_a_large_file_takes_many_steps(tmp_path: Path) -> None:
    index = Index()
    path = written(tmp_path, "large.py", text(1, 5000))
    indexer = Indexer(index, named(path), clock=Ticks())
    slices = 0
    while indexer.work(0.0):
        slices += 1
    assert slices > 40
    assert "large.py" in index


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"abc\0def", id="no text"),
        pytest.param(b"x" * (LARGEST_FILE + 1), id="too large"),
    ],
)
def test_what_is_no_source_is_left_out(tmp_path: Path, content: bytes) -> None:
    assert read(written(tmp_path, "a.py", content)) is None


def test_what_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    index = Index()
    indexer = Indexer(index, [("gone.py", tmp_path / "gone.py"), ("folder.py", tmp_path)])
    while indexer.work():
        pass
    assert len(index) == 0


def test_bytes_that_are_no_utf8_are_read_all_the_same(tmp_path: Path) -> None:
    index = Index()
    indexer = Indexer(index, named(written(tmp_path, "a.py", b"caf\xe9 = 1\n" + LINE.encode())))
    while indexer.work():
        pass
    assert "a.py" in index


@pytest.mark.parametrize(
    ("second", "files"),
    [
        pytest.param(text(1, 100), 1, id="the same"),
        pytest.param(text(1, 100) + "one_more = 1\n", 1, id="almost the same"),
        pytest.param(text(1, 50) + text(2, 50), 2, id="half of it"),
        pytest.param(text(2, 100), 2, id="another"),
    ],
)
def test_copies_are_left_out(tmp_path: Path, second: str, files: int) -> None:
    index = Index()
    paths = [written(tmp_path, "a.py", text(1, 100)), written(tmp_path, "b.py", second)]
    indexer = Indexer(index, named(*paths))
    while indexer.work():
        pass
    assert indexer.files == len(index) == files


def test_what_is_indexed_already_is_not_read_again(tmp_path: Path) -> None:
    index = Index()
    index.add("a.py", LINE.replace("open", "shut"))
    indexer = Indexer(index, named(written(tmp_path, "a.py", LINE)))
    while indexer.work():
        pass
    assert indexer.files == 0


def test_the_budget_is_kept(tmp_path: Path) -> None:
    index = Index()
    paths = [
        written(tmp_path, "a.py", LINE),
        written(tmp_path, "b.py", text(1, 9)),
        written(tmp_path, "c.py", text(2, 1)),
    ]
    indexer = Indexer(index, named(*paths), most_bytes=6 * len(LINE))
    while indexer.work():
        pass
    assert "a.py" in index
    assert "b.py" not in index
    assert "c.py" in index


def test_the_memory_budget_is_kept(tmp_path: Path) -> None:
    index = Index()
    paths = [written(tmp_path, f"{at}.py", text(at, 300)) for at in range(9)]
    indexer = Indexer(index, named(*paths), most_memory=index.memory_bytes + 30_000)
    while indexer.work():
        pass
    assert 0 < indexer.files < 9


def test_giving_up(tmp_path: Path) -> None:
    index = Index()
    indexer = Indexer(index, named(written(tmp_path, "large.py", text(1, 5000))), clock=Ticks())
    for _ in range(10):
        assert indexer.work(0.0)
    indexer.close()
    assert indexer.done
    assert not indexer.work()
    assert "large.py" not in index
    assert complete(index, "channel = op", "\n", "python") is None

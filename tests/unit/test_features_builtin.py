"""The built-in completer at work: what it reads, what it never reads, and how it follows edits."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from cachewise.features.builtin import Builtin
from cachewise.features.builtin_work import Shown
from cachewise.model.snapshot import Snapshot

LINE = "channel = open_channel(address, retries)\n"
FILE = "".join(f"value_{at} = {at}\n{LINE}" for at in range(6))
TYPED = "import this\n\nchannel = open_"
REST = "channel"


@pytest_asyncio.fixture
async def builtin() -> AsyncIterator[Builtin]:
    made = Builtin(rest=0)
    yield made
    made.close()


def snapshot(text: str = TYPED, path: Path | None = None, language: str = "python") -> Snapshot:
    return Snapshot(
        uri="untitled:1" if path is None else path.as_uri(),
        version=1,
        language=language,
        text=text,
        start=len(text),
        end=len(text),
        path=None if path is None else str(path),
        folder=None,
        name="new.py",
    )


async def guessed(
    builtin: Builtin, folder: Path, *others: Shown, globs: tuple[str, ...] = (), at: Snapshot | None = None
) -> str | None:
    """What is guessed once everything is read."""
    await builtin.guess(at or snapshot(), others, [str(folder)], globs)
    await builtin.settled()
    found = await builtin.guess(at or snapshot(), others, [str(folder)], globs)
    return None if found is None else found.text


async def test_the_files_of_the_folder_are_read(builtin: Builtin, tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "a.py").write_text(FILE)
    assert builtin.memory_bytes == 0, "nothing is done before it is asked for"
    assert await guessed(builtin, tmp_path) == REST
    assert builtin.memory_bytes > 0


UNREAD: dict[str, dict[str, str]] = {
    "ignored": {"a.py": FILE, ".gitignore": "a.py\n"},
    "in an ignored folder": {"node_modules/a.py": FILE, ".gitignore": "node_modules/\n"},
    "ignored further down": {"sub/a.py": FILE, "sub/.gitignore": "*.py\n"},
    "secret": {"secrets/a.py": FILE},
    "git's own": {".git/a.py": FILE},
    "of another language": {"a.rs": FILE},
    "data": {"a.lock": FILE, "b.min.js": FILE},
    "binary": {"a.py": FILE + "\0"},
}


@pytest.mark.parametrize("files", UNREAD.values(), ids=UNREAD)
async def test_what_is_not_read(builtin: Builtin, tmp_path: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert await guessed(builtin, tmp_path) is None


async def test_links_are_not_followed(builtin: Builtin, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "a.py").write_text(FILE)
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "out").symlink_to(tmp_path / "outside")
    (folder / "a.py").symlink_to(tmp_path / "outside" / "a.py")
    assert await guessed(builtin, folder) is None


async def test_other_patterns_begin_anew(builtin: Builtin, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(FILE)
    assert await guessed(builtin, tmp_path) == REST
    assert await guessed(builtin, tmp_path, globs=("a.*",)) is None
    assert await guessed(builtin, tmp_path) == REST


async def test_open_documents_count_as_they_stand(builtin: Builtin, tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("nothing = 1\n")
    shown = Shown(path.as_uri(), str(path), "python", 1, FILE)
    assert await guessed(builtin, tmp_path) is None
    assert await guessed(builtin, tmp_path, shown) == REST
    changed = Shown(path.as_uri(), str(path), "python", 2, "nothing = 1\n")
    assert await guessed(builtin, tmp_path, changed) is None
    assert await guessed(builtin, tmp_path, shown) == REST
    assert await guessed(builtin, tmp_path) is None, "it was closed"


@pytest.mark.parametrize("name", ["secrets/a.py", "excluded.py"])
async def test_open_documents_that_must_not_be_context(builtin: Builtin, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    shown = Shown(path.as_uri(), str(path), "python", 1, FILE)
    assert await guessed(builtin, tmp_path, shown, globs=("excluded*",)) is None


async def test_a_secret_document_gets_no_suggestion(builtin: Builtin, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(FILE)
    assert await guessed(builtin, tmp_path, at=snapshot(path=tmp_path / ".env")) is None
    assert await guessed(builtin, tmp_path, at=snapshot(path=tmp_path / "b.py")) == REST


async def test_a_closed_document_is_read_again(builtin: Builtin, tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("nothing = 1\n")
    builtin.closed(str(path))  # before anything was read there is nothing to correct
    assert await guessed(builtin, tmp_path) is None
    path.write_text(FILE)
    builtin.closed(str(path))
    builtin.closed(None)
    assert await guessed(builtin, tmp_path) == REST
    path.unlink()
    builtin.closed(str(path))
    assert await guessed(builtin, tmp_path) is None


async def test_files_that_changed_outside_are_read_again(builtin: Builtin, tmp_path: Path) -> None:
    path, data, secret = tmp_path / "a.py", tmp_path / "a.csv", tmp_path / ".env"
    told = [str(path), str(data), str(secret), str(tmp_path / "no.py")]
    builtin.changed(told)
    path.write_text("nothing = 1\n")
    assert await guessed(builtin, tmp_path) is None
    for useless in (data, secret):
        useless.write_text(FILE)
    builtin.changed(told)
    assert await guessed(builtin, tmp_path) is None
    path.write_text(FILE)
    builtin.changed(told)
    assert await guessed(builtin, tmp_path) == REST
    shown = Shown(path.as_uri(), str(path), "python", 1, "nothing = 1\n")
    builtin.changed(told)
    assert await guessed(builtin, tmp_path, shown) is None, "of an open document the editor's text counts"


async def test_the_threads_end(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(FILE)
    builtin = Builtin(rest=60)
    before = set(threading.enumerate())
    await builtin.guess(snapshot(), (), [str(tmp_path)], ())
    started = set(threading.enumerate()) - before
    assert len(started) == 2
    builtin.close()
    for thread in started:
        thread.join(5)
        assert not thread.is_alive()
    builtin.close()

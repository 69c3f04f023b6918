from __future__ import annotations

import pytest

from cachewise.session.folders import Folders
from cachewise.session.uris import last_segment, path_of, printable


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        pytest.param("file:///w/a.py", "/w/a.py", id="plain"),
        pytest.param("FILE:///w/a.py", "/w/a.py", id="scheme in capitals"),
        pytest.param("file:/w/a.py", "/w/a.py", id="one slash"),
        pytest.param("file://localhost/w/a.py", "/w/a.py", id="localhost"),
        pytest.param("file://LocalHost/w/a.py", "/w/a.py", id="localhost in capitals"),
        pytest.param("file:///w/a%20b%23c%25.py", "/w/a b#c%.py", id="escapes"),
        pytest.param("file:///w/%E5%AD%97.py", "/w/字.py", id="escaped UTF-8"),
        pytest.param("file:///w/字.py", "/w/字.py", id="not escaped at all"),
        pytest.param("file:///w/%ff.py", "/w/\udcff.py", id="bytes that are no UTF-8"),
        pytest.param("file:///w/a.py?x#y", "/w/a.py", id="query and fragment"),
        pytest.param("file:///w/./b/../a.py", "/w/a.py", id="dots"),
        pytest.param("file:///w/b/%2e%2e/%2e%2e/etc/x", "/etc/x", id="escaped dots"),
        pytest.param("file:////w//a.py", "/w/a.py", id="many slashes"),
        pytest.param("file:///c:/a.py", "/c:/a.py", id="a drive is a folder here"),
        pytest.param("file:///w/a%00.py", None, id="a zero byte"),
        pytest.param("file://host/share/a.py", None, id="another host"),
        pytest.param("file:a.py", None, id="relative"),
        pytest.param("untitled:Untitled-1", None, id="another scheme"),
        pytest.param("/w/a.py", None, id="no URI"),
        pytest.param("", None, id="empty"),
        pytest.param("file://[broken/x", None, id="a broken host"),
    ],
)
def test_path_on_posix(uri: str, path: str | None) -> None:
    assert path_of(uri, windows=False) == path


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        pytest.param("file:///c:/w/a.py", "C:\\w\\a.py", id="drive"),
        pytest.param("file:///c%3A/w/a.py", "C:\\w\\a.py", id="escaped colon, as VS Code writes it"),
        pytest.param("file:///C%3a/w/a%20b.py", "C:\\w\\a b.py", id="capital drive"),
        pytest.param("file:///c:", "C:\\", id="the drive itself"),
        pytest.param("file:///c:/", "C:\\", id="the drive's root"),
        pytest.param("file://host/share/a.py", "\\\\host\\share\\a.py", id="a share"),
        pytest.param("file:///c:/w/../x", "C:\\x", id="dots"),
    ],
)
def test_path_on_windows(uri: str, path: str | None) -> None:
    assert path_of(uri, windows=True) == path


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        pytest.param("untitled:Untitled-1", "Untitled-1", id="untitled"),
        pytest.param("vscode-notebook-cell:/w/a%20b.ipynb#W0s", "a b.ipynb", id="notebook cell"),
        pytest.param("git:/w/a.py?ref=1", "a.py", id="query"),
        pytest.param("scheme:", "scheme:", id="nothing behind the scheme"),
    ],
)
def test_last_segment(uri: str, name: str) -> None:
    assert last_segment(uri) == name


def test_printable() -> None:
    assert printable("/w/\udcff字") == "/w/\ufffd字"
    assert printable("/w/字😀") == "/w/字😀"


@pytest.mark.parametrize(
    ("path", "folder", "relative"),
    [
        pytest.param("/w/a.py", "/w", "a.py", id="in the outer one"),
        pytest.param("/w/inner/b/a.py", "/w/inner", "b/a.py", id="the longest one"),
        pytest.param("/w/innermost/a.py", "/w", "innermost/a.py", id="a longer name is another folder"),
        pytest.param("/w/inner", "/w/inner", "", id="the folder itself"),
        pytest.param("/x/a.py", None, None, id="in none"),
        pytest.param("/W/a.py", None, None, id="case counts"),
    ],
)
def test_folder_of(path: str, folder: str | None, relative: str | None) -> None:
    folders = Folders(windows=False)
    assert folders.add("file:///w")
    assert folders.add("file:///w/inner/")
    assert folders.folder_of(path) == folder
    assert folders.relative(path) == relative


def test_folders_come_and_go() -> None:
    folders = Folders(windows=False)
    assert not folders.add("vscode-vfs://github/x")
    assert folders.add("file:///w")
    assert folders.add("file:///w/in%6Eer")
    assert folders.paths == ("/w", "/w/inner")
    assert folders.remove("file:///w/inner")
    assert not folders.remove("file:///w/inner")
    assert not folders.remove("untitled:x")
    assert folders.folder_of("/w/inner/a.py") == "/w"


def test_the_root_holds_everything() -> None:
    folders = Folders(windows=False)
    folders.add("file:///")
    assert folders.folder_of("/w/a.py") == "/"
    assert folders.relative("/w/a.py") == "w/a.py"


def test_folders_on_windows_ignore_case_and_name_with_forward_slashes() -> None:
    folders = Folders(windows=True)
    folders.add("file:///c%3A/Work")
    path = path_of("file:///C:/WORK/src/A.py", windows=True)
    assert path is not None
    assert folders.folder_of(path) == "C:\\Work"
    assert folders.relative(path) == "src/A.py"
    assert folders.remove("file:///C:/WORK")

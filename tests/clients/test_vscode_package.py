"""The extension's package: small, with what it needs and nothing else, and the pictures that its pages name."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import PurePosixPath

import pytest

from clients.vscode import CLIENT, PACKAGE

pytestmark = pytest.mark.vscode

MOST = 1_000_000
"""Bytes, without wheels."""
FOLDERS = {"dist", "l10n", "media", "wheels"}


@pytest.fixture
def names() -> list[str]:
    with zipfile.ZipFile(PACKAGE) as package:
        inside = package.namelist()
    return [name.removeprefix("extension/") for name in inside if name.startswith("extension/")]


def test_is_small() -> None:
    with zipfile.ZipFile(PACKAGE) as package:
        wheels = sum(info.compress_size for info in package.infolist() if info.filename.endswith(".whl"))
    assert PACKAGE.stat().st_size - wheels < MOST


def test_holds_the_extension_and_no_sources(names: list[str]) -> None:
    assert {"dist/extension.js", "dist/client.js", "dist/usage.js", "package.json", "LICENSE.txt"} <= set(names)
    nested = {PurePosixPath(name).parts[0] for name in names if "/" in name}
    assert nested <= FOLDERS
    assert not [name for name in names if name.endswith((".ts", ".map", ".cjs"))]


def test_has_every_picture_that_its_pages_name(names: list[str]) -> None:
    manifest = json.loads((CLIENT / "package.json").read_text())
    steps = manifest["contributes"]["walkthroughs"][0]["steps"]
    pictures = {step["media"]["image"] for step in steps}
    pictures |= set(re.findall(r"\]\((media/[^)]+)\)", (CLIENT / "README.md").read_text()))
    assert len(pictures) >= 4
    assert pictures <= set(names)

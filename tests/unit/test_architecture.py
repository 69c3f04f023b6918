"""The rooms import downwards only, and start-up imports nothing heavy."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_import_contracts() -> None:
    found = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-logo", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stdout + found.stderr


HEAVY = (
    "pydantic", "pydantic_ai", "openai", "anthropic", "httpx2", "genai_prices", "diskcache", "redis", "keyring",
    "tree_sitter", "tree_sitter_go", "tree_sitter_javascript", "tree_sitter_python", "tree_sitter_rust",
    "tree_sitter_typescript",
)  # fmt: skip


@pytest.mark.parametrize("module", ["cachewise.app", "cachewise.cli.serve"])
def test_start_imports_nothing_heavy(module: str) -> None:
    probe = f"import sys, {module}; print(*[m for m in {HEAVY!r} if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert found.stdout.split() == []


def test_the_probe_sees_what_is_imported() -> None:
    probe = f"import sys, pydantic; print(*[m for m in {HEAVY!r} if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["pydantic"]

"""Libraries with parts in common are imported in one thread at a time."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROBE = """
import importlib.abc, sys, threading
import cachewise.importing

class Turn:
    owners = []
    def __enter__(self): self.owners.append(threading.get_ident())
    def __exit__(self, *_): self.owners.pop()

class Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name in ("genai_prices", "pydantic_ai", "openai", "anthropic"):
            print(name, threading.get_ident() in Turn.owners)

cachewise.importing.IMPORTING = Turn()
sys.meta_path.insert(0, Finder())
"""
LOADED = {
    "price list": ("from cachewise.ledger.prices import Prices; Prices().load()", {"genai_prices"}),
    "OpenRouter": (
        "from cachewise.providers import registry; registry._import('cachewise.providers.openrouter')",
        {"genai_prices", "pydantic_ai", "openai"},
    ),
    "Anthropic": (
        "from cachewise.providers import registry; registry._import('cachewise.providers.anthropic')",
        {"genai_prices", "pydantic_ai", "anthropic"},
    ),
}


@pytest.mark.parametrize(("code", "wanted"), LOADED.values(), ids=LOADED)
def test_each_library_is_imported_in_turn(code: str, wanted: set[str]) -> None:
    found = subprocess.run([sys.executable, "-c", PROBE + code], capture_output=True, text=True, check=True)
    seen = dict(line.split() for line in found.stdout.splitlines())
    assert wanted <= set(seen)
    assert set(seen.values()) == {"True"}


def test_a_price_list_that_is_there_is_not_imported_again() -> None:
    code = "from cachewise.ledger.prices import Prices; one = Prices(); one.load(); first = one._lookup; one.load()"
    code += "; assert first is one._lookup; assert one.loaded"
    subprocess.run([sys.executable, "-c", code], check=True)

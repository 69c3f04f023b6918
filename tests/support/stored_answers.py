"""What an answer of the cache looks like, and two files of which one depends on the other."""

from __future__ import annotations

from typing import Any

import pytest

from support.server import USAGE_KEYS

HELPER = "def vat(amount: int) -> int:\n    return amount // 5\n"
BILL = "from prices import vat\nimport colours\n\n\ndef total(net: int) -> int:\n    return net + vat(net)\n"


def check_stored(result: dict[str, Any], original: dict[str, Any]) -> None:
    """An answer of the cache: the same text, nothing used, the original's cost saved."""
    assert set(result) == {"text", "source", "model", "usage", "ageSeconds"}
    assert (result["text"], result["source"], result["model"]) == (original["text"], "answers", original["model"])
    assert result["ageSeconds"] >= 0
    usage = result["usage"]
    assert set(usage) == USAGE_KEYS
    assert usage["source"] == "answers"
    assert {usage[f"{name}Tokens"] for name in ("input", "cacheRead", "cacheWrite", "output")} == {0}
    assert usage["costUsd"] == 0
    assert usage["savedUsd"] == pytest.approx(original["usage"]["costUsd"])
    assert (usage["outcome"], usage["cacheMiss"]) == ("complete", None)

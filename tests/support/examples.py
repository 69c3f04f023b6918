"""How many examples the slow property tests look at: few among all tests, many in the long runs (`make fuzz`)."""

from __future__ import annotations

import os

LONG = int(os.environ.get("CACHEWISE_EXAMPLES", "1"))
"""How many times as many as usual."""


def examples(usual: int) -> int:
    """For Hypothesis's `max_examples`."""
    return usual * LONG

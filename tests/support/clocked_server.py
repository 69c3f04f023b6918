"""The server as `cachewise serve` runs it, with a clock that a test can set forward.

`python clocked_server.py FILE` adds the seconds that stand in FILE to the time of day, by which caches go cold.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

_AHEAD = Path(sys.argv[1])
_now = time.time


def _later() -> float:
    return _now() + float(_AHEAD.read_text(encoding="ascii"))


if __name__ == "__main__":
    time.time = _later
    from cachewise.cli.main import main  # only now: some modules keep the clock that they find

    sys.exit(main(["serve"]))

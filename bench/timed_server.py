"""The server as `cachewise serve` runs it, with a stopwatch around the handling of each `didChange`.

`python bench/timed_server.py FILE` writes the seconds of each to FILE when it ends, as a JSON list in order. What a
message waited for before it was handled is not in them; the client's round trips are there for that.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import NoReturn

from cachewise.app import build
from cachewise.cli.serve import tune_interpreter
from cachewise.log import set_up
from cachewise.lsp.process import leave
from cachewise.lsp.wire import Frame


def main(times: Path) -> NoReturn:
    """Serve until the client goes away."""
    set_up(os.environ)
    tune_interpreter()
    server = build()
    accept = server.protocol.accept
    seconds: list[float] = []

    def timed(frame: Frame) -> bool:
        began = time.perf_counter()
        started = accept(frame)
        elapsed = time.perf_counter() - began
        if isinstance(frame, bytes) and b'"textDocument/didChange"' in frame[:200]:
            seconds.append(elapsed)
        return started

    server.protocol.accept = timed  # type: ignore[method-assign]
    status = server.serve_stdio()
    times.write_text(json.dumps(seconds))
    leave(status)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

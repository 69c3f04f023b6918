"""The server as `cachewise serve` runs it, with one request more: `bench/counts` tells what it holds.

The result is `{tasks, objects}`: asyncio tasks of the server's loop but the one that answers, and the objects that the
collector knows, after a full collection.
"""

from __future__ import annotations

import asyncio
import gc
import os
from typing import NoReturn

from cachewise.app import build
from cachewise.cli.serve import tune_interpreter
from cachewise.log import set_up
from cachewise.lsp.process import leave


def main() -> NoReturn:
    """Serve until the client goes away."""
    set_up(os.environ)
    tune_interpreter()
    server = build()

    async def counts(_params: object) -> dict[str, int]:
        gc.collect()
        return {"tasks": len(asyncio.all_tasks()) - 1, "objects": len(gc.get_objects())}

    server.feature("bench/counts")(counts)
    leave(server.serve_stdio())


if __name__ == "__main__":
    main()

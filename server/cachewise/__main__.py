"""`python -m cachewise`: the same as the command `cachewise`."""

from __future__ import annotations

from cachewise.cli.main import run

if __name__ == "__main__":
    run()

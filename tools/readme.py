"""Writes the table of `cachewise demo` into README.md, from a run of it: `python tools/readme.py`.

What the README shows is real output; `tests/e2e/test_readme.py` fails once it is far from what the demo prints.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

README = Path(__file__).resolve().parent.parent / "README.md"
PLACE = re.compile(r"(?<=<!-- demo-table -->\n```text\n).*?(?=\n```)", re.DOTALL)
HEADING = "What it cost\n"


def main() -> int:
    """Run the demo and put its table in place."""
    demo = subprocess.run((sys.executable, "-m", "cachewise", "demo"), capture_output=True, text=True, timeout=120)
    _, heading, table = demo.stdout.partition(HEADING)
    if demo.returncode or not heading:
        print(f"The demo failed:\n{demo.stderr}", file=sys.stderr)
        return 1
    text = README.read_text(encoding="utf-8")
    written, places = PLACE.subn(lambda _: table.rstrip("\n"), text)
    if places != 1:
        print("README.md has no place for the table, or more than one.", file=sys.stderr)
        return 1
    README.write_text(written, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

#!/bin/sh
# Puts two versions of Python's library into .cache, to make recordings of real edits from. usage: tools/library.sh
# Debian keeps each of its releases at one version: 3.11.2 in bookworm, 3.13.5 in trixie.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
"$here/tools/debian.sh" "$here/.cache/library-3.11" bookworm libpython3.11-stdlib
"$here/tools/debian.sh" "$here/.cache/library-3.13" trixie libpython3.13-stdlib

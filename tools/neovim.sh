#!/bin/sh
# Puts the Neovims that the tests drive into private folders. usage: tools/neovim.sh [--old]
# The current one goes to .cache/neovim, and with --old Neovim 0.10 to .cache/neovim-old.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
if [ "${1:-}" = --old ]; then
    "$here/tools/debian.sh" "$here/.cache/neovim-old" trixie neovim usr/bin/nvim
elif [ -z "${CACHEWISE_NVIM:-}" ]; then
    "$here/tools/debian.sh" "$here/.cache/neovim" testing neovim usr/bin/nvim
fi

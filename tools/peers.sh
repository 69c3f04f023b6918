#!/bin/sh
# Installs the completion servers that bench/peers.py measures beside cachewise, below .cache, and prints the folder.
# Needs npm. usage: tools/peers.sh
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
tool=$here/.cache/peers
PATH=$here/.venv/bin:$PATH # Node.js and npm come from there
export PATH
command -v npm >/dev/null 2>&1 || { echo "tools/peers.sh: needs Node.js and npm: make venv" >&2; exit 2; }
wanted=$(cat "$here/tools/peers/package-lock.json" | cksum)
if [ "$(cat "$tool/.installed" 2>/dev/null)" != "$wanted" ]; then
    mkdir -p "$tool"
    cp "$here/tools/peers/package.json" "$here/tools/peers/package-lock.json" "$tool/"
    (cd "$tool" && npm ci --no-audit --no-fund --loglevel=error --ignore-scripts >&2)
    echo "$wanted" >"$tool/.installed"
fi
echo "$tool"

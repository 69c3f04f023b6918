#!/bin/sh
# Checks the VS Code extension: lint, types, generated files, unit tests. usage: tools/extension.sh
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)

PATH=$here/.venv/bin:$PATH # Node.js and npm come from there
export PATH
command -v npm >/dev/null 2>&1 || {
    echo "tools/extension.sh: needs Node.js and npm: make venv" >&2
    exit 2
}
cd "$here/vscode-client"
wanted=$(cksum <package-lock.json)
if [ "$(cat node_modules/.installed 2>/dev/null)" != "$wanted" ]; then
    npm ci --no-audit --no-fund --loglevel=error --ignore-scripts >&2
    echo "$wanted" >node_modules/.installed
fi
npm run --silent check

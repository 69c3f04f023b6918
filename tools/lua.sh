#!/bin/sh
# Formats and lints the Lua files. usage: tools/lua.sh check|format
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
mode=${1:-check}
tool=$here/.cache/stylua

stop() {
    echo "tools/lua.sh: $1" >&2
    exit 2
}

PATH=$here/.venv/bin:$PATH # Node.js and npm come from there
export PATH
command -v npm >/dev/null 2>&1 || stop "needs Node.js and npm: make venv"
wanted=$(cat "$here/tools/stylua/package-lock.json" | cksum)
if [ "$(cat "$tool/.installed" 2>/dev/null)" != "$wanted" ]; then
    mkdir -p "$tool"
    cp "$here/tools/stylua/package.json" "$here/tools/stylua/package-lock.json" "$tool/"
    (cd "$tool" && npm ci --no-audit --no-fund --loglevel=error --ignore-scripts >&2)
    echo "$wanted" >"$tool/.installed"
fi

# settings.lua is written from the server's settings.
files=$(find "$here/nvim-client" -name '*.lua' ! -path '*/lua/cachewise/settings.lua' | sort)
cd "$tool"
case $mode in
check)
    # shellcheck disable=SC2086
    node "$here/tools/stylua/stylua.mjs" --check "$here/nvim-client/stylua.toml" $files
    command -v luacheck >/dev/null 2>&1 || "$here/tools/system.sh"
    cd "$here/nvim-client" && luacheck --quiet .
    ;;
format)
    # shellcheck disable=SC2086
    node "$here/tools/stylua/stylua.mjs" "$here/nvim-client/stylua.toml" $files
    ;;
*) stop "usage: tools/lua.sh check|format" ;;
esac

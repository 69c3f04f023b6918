#!/bin/sh
# Installs the programs that the tests run for real and that pip can't bring. usage: tools/system.sh
set -eu
missing=""
need() { # PROGRAM PACKAGE
    command -v "$1" >/dev/null 2>&1 || missing="$missing $2"
}
need redis-server redis-server
need tmux tmux
need emacs emacs-nox
need luacheck lua-check
need patchelf patchelf
command -v chromium >/dev/null 2>&1 || need chromium-headless-shell chromium-headless-shell
[ -z "$missing" ] && exit 0

if ! command -v apt-get >/dev/null 2>&1; then
    echo "The tests need these programs, which your system's package manager has:$missing" >&2
    exit 2
fi
run=""
if [ "$(id -u)" != 0 ]; then
    if ! command -v sudo >/dev/null 2>&1; then
        echo "The tests need:$missing. Install it as root: apt-get install$missing" >&2
        exit 2
    fi
    run=sudo
fi
echo "Installing$missing ..." >&2
$run apt-get update -qq
# shellcheck disable=SC2086
$run env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >&2

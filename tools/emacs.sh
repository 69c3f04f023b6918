#!/bin/sh
# Puts the packages of Emacs that the tests load into .cache/emacs, ready to be activated. usage: tools/emacs.sh
# Emacs itself is the system's (tools/system.sh). They are Debian's: lsp-mode 10, and eglot where Emacs has none built in.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
folder=$here/.cache/emacs

install() { # SUITE PACKAGE FOLDER
    "$here/tools/debian.sh" "$3" "$1" "$2"
    if [ ! -e "$3/.compiled" ]; then
        emacs -Q --batch -l "$here/tools/emacs-packages.el" "$3/usr/share/emacs/site-lisp/elpa-src" >"$3/.log" 2>&1 || {
            cat "$3/.log" >&2
            exit 2
        }
        touch "$3/.compiled"
    fi
}

install testing elpa-lsp-mode "$folder/lsp-mode"
if ! emacs -Q --batch --eval "(require 'eglot)" >/dev/null 2>&1; then
    install bookworm elpa-eglot "$folder/eglot"
fi

#!/bin/sh
# Gets what the tests need besides the system's programs, side by side, into .cache: the editors that they drive, and
# Python's library in two versions. usage: tools/parts.sh
set -u
here=$(cd "$(dirname "$0")/.." && pwd)
started=""
get() { # SCRIPT [ARGUMENT]
    "$here/tools/$@" &
    started="$started $!"
}
get neovim.sh
get neovim.sh --old
get helix.sh
get emacs.sh
get vscode.sh
get library.sh
status=0
for one in $started; do
    wait "$one" || status=2
done
exit $status

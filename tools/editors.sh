#!/bin/sh
# Gets the editors that the tests drive, side by side, into .cache. usage: tools/editors.sh
set -u
here=$(cd "$(dirname "$0")/.." && pwd)
"$here/tools/neovim.sh" &
neovim=$!
"$here/tools/neovim.sh" --old &
old=$!
"$here/tools/helix.sh" &
helix=$!
"$here/tools/emacs.sh" &
emacs=$!
status=0
for one in $neovim $old $helix $emacs; do
    wait "$one" || status=2
done
exit $status

#!/bin/sh
# Puts the Helix that the tests drive into .cache/helix. usage: tools/helix.sh
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
"$here/tools/debian.sh" "$here/.cache/helix" testing hx usr/lib/hx/hx

#!/bin/sh
# Makes a virtual environment from a lock file and installs cachewise into it. usage: tools/venv.sh FOLDER LOCKFILE
# Works with any Python >= 3.11, also where Debian's python3-venv is missing or the system's Python is externally managed.
set -eu
folder=$1 lock=$2
here=$(cd "$(dirname "$0")/.." && pwd)
stamp=$folder/.installed

python=${PYTHON:-}
if [ -z "$python" ]; then
    for candidate in python3 python3.14 python3.13 python3.12 python3.11; do
        if command -v "$candidate" >/dev/null 2>&1 &&
            "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            python=$candidate
            break
        fi
    done
fi
if [ -z "$python" ]; then
    echo "cachewise needs Python 3.11 or newer. Install it, or name it: make PYTHON=/path/to/python3.12 ..." >&2
    exit 2
fi

# The stamp names what was installed, so that a changed lock file or a moved checkout installs anew.
wanted=$(cat "$here/pyproject.toml" "$here/$lock" | cksum)" $lock $here"
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then
    exit 0
fi

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null 2>&1; then sudo "$@"; else return 1; fi
}

if [ ! -x "$folder/bin/python" ] || ! "$folder/bin/python" -m pip --version >/dev/null 2>&1; then
    rm -rf "$folder"
    if ! "$python" -m venv "$folder" >/dev/null 2>&1; then
        rm -rf "$folder"
        echo "This Python can't make virtual environments; trying Debian's python3-venv ..." >&2
        if ! { as_root apt-get update -qq && as_root apt-get install -y -qq python3-venv && "$python" -m venv "$folder"; } >&2; then
            echo "Install your system's package for Python virtual environments (Debian: python3-venv) and try again." >&2
            exit 2
        fi
    fi
fi

echo "Installing from $lock into $folder ..." >&2
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$here/$lock"
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e "$here"
echo "$wanted" >"$stamp"

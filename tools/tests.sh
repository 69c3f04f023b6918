#!/bin/sh
# Runs all tests: those in the real VS Code, which share one window and mostly wait for it, beside the others.
# usage: tools/tests.sh [--again]     --again runs only what failed the last time, alone
set -u
cd "$(dirname "$0")/.."
pytest=".venv/bin/python -m pytest"
window="$pytest -o cache_dir=.pytest_cache/vscode -m vscode tests/clients" # each keeps its own note of what failed
shown=.cache/vscode-tests.log

if [ "${1:-}" = --again ]; then
    status=0
    for run in "$pytest" "$window"; do
        $run --last-failed --last-failed-no-failures none
        case $? in 0 | 5) ;; *) status=1 ;; esac # 5: nothing had failed there
    done
    exit $status
fi

mkdir -p .cache
$pytest -n auto --dist worksteal -m "not vscode" &
others=$!
trap 'kill $others 2>/dev/null; exit 130' INT TERM
$window >"$shown" 2>&1
windows=$?
wait $others
others=$?
cat "$shown"
[ $others = 0 ] && [ $windows = 0 ]

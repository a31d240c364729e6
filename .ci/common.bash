# What the scripts in .ci share.  Sourced, not run; each script ends by calling `summary`.
set -euo pipefail

script=$(basename "$0")
source_tree=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=$(mktemp -d)
doing="starting"

# Announces a step; the last one is named if the script fails.
say() {
    doing=$*
    printf '\n== %s\n' "$doing"
}

# The one line that a run ends with.
summary() { printf '\n%s: %s\n' "$script" "$*"; }

finish() {
    local status=$?
    rm -rf "$work"
    [ "$status" -eq 0 ] || printf '\n%s: FAILED: %s\n' "$script" "$doing"
}
trap finish EXIT

as_root() { if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi; }

# Installs the Debian or Ubuntu packages that are missing.
need() {
    local missing=()
    for package in "$@"; do
        dpkg-query --show --showformat='${Status}' "$package" 2>/dev/null |
            grep -q 'ok installed' || missing+=("$package")
    done
    [ "${#missing[@]}" -eq 0 ] && return
    say "install ${missing[*]}"
    as_root apt-get update -qq
    DEBIAN_FRONTEND=noninteractive as_root apt-get install -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# Goes to a fresh clone of what is committed.
fresh_clone() {
    [ -z "$(git -C "$source_tree" status --porcelain)" ] ||
        echo "$script: what is not committed is not tested" >&2
    git clone --quiet "$source_tree" "$work/gelu_simd"
    cd "$work/gelu_simd"
}

# venv DIR PACKAGE...: makes a virtual environment of `python`, or of python3, and fills it.
venv() {
    local directory=$1
    shift
    "${python:-python3}" -m venv "$directory"
    [ "$#" -eq 0 ] || "$directory/bin/pip" install --quiet "$@"
}

# find_python X.Y: prints the path of that Python, from the PATH or from pyenv; fails without one.
find_python() {
    local candidate
    for candidate in "python$1" "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$1".*/bin/python; do
        # A shim of pyenv may stand for nothing.
        "$candidate" -c 'import sys; print(sys.executable)' 2>/dev/null && return
    done
    return 1
}

# emulated DIR PYTHON EMULATOR...: makes a virtual environment of the file PYTHON, which EMULATOR
# runs.  Its bin/python is what Python takes for its executable, so child processes run so as well.
emulated() {
    local directory=$1 executable=$2
    shift 2
    mkdir -p "$directory/bin"
    echo "home = $(dirname "$executable")" >"$directory/pyvenv.cfg"
    # shellcheck disable=SC2016
    printf '#!/bin/sh\nexec %s -0 "$0" %s "$@"\n' "$*" "$executable" >"$directory/bin/python"
    chmod +x "$directory/bin/python"
}

# levels DIALECT: a line for each level of this architecture, its name and setup.py's flags.
# Python's setuptools must be in $work/tools.
levels() {
    "$work/tools/bin/python" -c "import setup
for level, flags in setup.levels(setup.architecture(), '$1'):
    print(level, *flags)"
}

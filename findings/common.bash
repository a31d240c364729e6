# What each script needs: a temporary folder, removed at exit, with a virtual environment.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# Installs pinned packages.
packages() {
    python3 -m venv "$folder/venv"
    "$folder/venv/bin/python" -m pip install --quiet --quiet --disable-pip-version-check --only-binary :all: "$@"
}

# Runs a Python program from standard input; an assertion that fails ends the script with an error.
program() {
    (cd "$folder" && venv/bin/python -W ignore -)
}

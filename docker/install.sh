#!/bin/sh
# Installs the server from this source tree into a new environment, from the lockfiles alone:
#     docker/install.sh TARGET [EXTRA ...]      an EXTRA names requirements/EXTRA.lock, e.g. gpu
# The image runs it, a test runs it, and it serves a machine without Docker just as well.
set -eu

[ "$#" -ge 1 ] || { echo "usage: install.sh TARGET [EXTRA ...]" >&2; exit 2; }
target=$1
shift
source=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
python=${PYTHON:-python3}

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "Python 3.11 or newer is needed: PYTHON=/path/to/python3.11 $0 $target" >&2
    exit 1
fi
for extra in run "$@"; do
    if [ ! -f "$source/requirements/$extra.lock" ]; then
        echo "There is no requirements/$extra.lock; EXTRA must name one of these files." >&2
        exit 2
    fi
done

"$python" -m venv "$target"
pip() { "$target/bin/python" -m pip --disable-pip-version-check --no-input "$@"; }
for lock in build run "$@"; do
    pip install --quiet --no-build-isolation --use-pep517 --require-hashes \
        -r "$source/requirements/$lock.lock"
done
rm -rf "$source/build" # what an earlier build left there would be installed again
pip install --quiet --no-deps --no-build-isolation "$source"
rm -rf "$source/build"
pip uninstall --quiet --yes setuptools # it built the above; nothing that runs needs it
"$target/bin/tongchuan" --help > /dev/null
echo "Installed: $target/bin/tongchuan serve"

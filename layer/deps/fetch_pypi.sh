#!/usr/bin/env bash
# fetch_pypi.sh WORK SOURCE: download one source distribution that pypi.txt pins into WORK/src/SOURCE and print its version.
set -euo pipefail

work=$1 source=$2
here=$(cd "$(dirname "$0")" && pwd)
out=$work/src/$source
log=$work/fetch-$source.log

rm -rf "$out"
mkdir -p "$out"
grep "^$source==" "$here/pypi.txt" >"$out/pinned.txt"
/usr/bin/python3 -m pip download --disable-pip-version-check --no-deps --no-binary :all: --require-hashes \
    -r "$out/pinned.txt" -d "$out" >"$log" 2>&1 || {
    tail -n 20 "$log" >&2
    exit 1
}
sed -E 's/^[^=]+==([^ ]+) .*/\1/' "$out/pinned.txt"

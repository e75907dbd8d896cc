#!/usr/bin/env bash
# bench NAME: measure; each bench prints its figures and writes build/report/bench-NAME.json.
set -euo pipefail
. tools/lib.sh

names() { (cd tests/bench && for f in *.sh; do echo -n "${f%.sh} "; done); }

name=${1:-}
[[ -n $name && -x tests/bench/$name.sh ]] || die "usage: ./build.sh bench NAME; there are: $(names)"
shift
need_packages bench
tools/package.sh --aside "$(here)"
mkdir -p build/report
exec "tests/bench/$name.sh" "$@"

#!/usr/bin/env bash
# attack/build.sh: build the sender of the load test outside of the tree, once for each state of its sources; prints its path.
#
# With the Go that is there, else with Debian's. What it is made of is pinned with digests in go.sum.
set -euo pipefail
. tools/lib.sh

here=tests/load/attack
command -v go >/dev/null || need_packages attack
key=$({ go version && find "$here" -type f | LC_ALL=C sort | xargs cat; } | sha256sum | cut -c1-16)
out=$NARAE_CACHE/attack-$key
make_sender() {
    [[ ! -x $out ]] || return 0
    say "building the sender of the load test (once)"
    run_logged "$NARAE_CACHE/attack.log" env -C "$here" CGO_ENABLED=0 go build -mod=readonly -trimpath -ldflags '-s -w' -o "$out.part" .
    mv "$out.part" "$out"
}

[[ -x $out ]] || take_turns make_sender
echo "$out"

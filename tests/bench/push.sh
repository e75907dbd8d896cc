#!/usr/bin/env bash
# bench push: what a push costs, whole path and transport alone, beside the Admin SDKs, a Rust sender and h2load.
#
# Everything meets one server: the FCM stand-in behind nghttpx. The SDKs know no other host than fcm.googleapis.com, so all of it runs in
# network and mount namespaces of its own, where that name is 127.0.0.1. RUNS=N sets how often each takes its turn.
set -euo pipefail
. tools/lib.sh

peers=$PWD/tests/bench/peers
need_packages fcm
for tool in go cargo npm; do
    command -v $tool >/dev/null || die "bench push builds its peers with go, cargo and npm; there is no $tool"
done

# Built outside of the tree: a build writes lock files that name registries.
build_peers() {
    local names=(firebase_python firebase_node firebase_go reqwest) dir
    dir=$NARAE_CACHE/push-peers-$(cd "$peers" && find "${names[@]}" -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum | cut -c1-16)
    if [[ ! -d $dir ]]; then
        say "building the peers (some minutes, once)"
        rm -rf "$dir.part" && mkdir -p "$dir.part" && cp -r "${names[@]/#/$peers/}" "$dir.part"
        run_logged "$NARAE_CACHE/push-peers-go.log" env -C "$dir.part/firebase_go" go build -trimpath -ldflags '-s -w' -o sender .
        run_logged "$NARAE_CACHE/push-peers-rust.log" cargo build --release --manifest-path "$dir.part/reqwest/Cargo.toml"
        run_logged "$NARAE_CACHE/push-peers-node.log" npm install --prefix "$dir.part/firebase_node" --no-audit --no-fund --no-package-lock
        mv "$dir.part" "$dir"
    fi
    echo "$dir"
}

built=$(build_peers)
python=$(python_tools)
say "in a network of its own, where fcm.googleapis.com is here"
# shellcheck disable=SC2016 # the inner shell expands it
as_root unshare --mount --net bash -euc '
    ip link set lo up
    printf "127.0.0.1 localhost fcm.googleapis.com\n" >"$1"
    mount --bind "$1" /etc/hosts
    exec tools/with_postgres.sh "$2/bin/python" tests/bench/push.py "$3"' - "$(mktemp)" "$python" "$built"

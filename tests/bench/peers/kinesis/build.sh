#!/usr/bin/env bash
# peers/kinesis/build.sh: the forwarders that search_log is measured beside, built from their own registries; prints the folder they are
# in. Made once for each state of this folder, outside of the tree: a build writes lock files that name registries.
set -euo pipefail
. tools/lib.sh

here=tests/bench/peers/kinesis
for tool in go cargo npm; do
    command -v $tool >/dev/null || die "bench search builds its peers with go, cargo and npm; there is no $tool"
done

# boto3 and what it needs, with the versions and digests that tests/e2e has.
boto3_requirements() {
    awk '/^[a-z]/ {wanted = $0 ~ /^(boto3|botocore|jmespath|python-dateutil|s3transfer|six|urllib3)==/} wanted' tests/e2e/requirements.txt
}

key=$(boto3_requirements | cat - <(find "$here" -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum) | sha256sum | cut -c1-16)
out=$NARAE_CACHE/kinesis-peers-$key
if [[ ! -d $out ]]; then
    say "building the peers (some minutes, once)"
    rm -rf "$out.part"
    mkdir -p "$out.part"
    cp -r "$here"/{boto3,node,go,rust} "$out.part"
    boto3_requirements >"$out.part/boto3/requirements.txt"
    /usr/bin/python3 -m venv "$out.part/boto3/venv"
    run_logged "$NARAE_CACHE/kinesis-peers-boto3.log" "$out.part/boto3/venv/bin/python" -m pip install --disable-pip-version-check \
        --require-hashes --no-deps -r "$out.part/boto3/requirements.txt"
    run_logged "$NARAE_CACHE/kinesis-peers-go.log" env -C "$out.part/go" go build -trimpath -ldflags '-s -w' -o forward .
    run_logged "$NARAE_CACHE/kinesis-peers-node.log" npm install --prefix "$out.part/node" --no-audit --no-fund --no-package-lock
    run_logged "$NARAE_CACHE/kinesis-peers-rust.log" cargo build --release --manifest-path "$out.part/rust/Cargo.toml"
    cp "$out.part/rust/target/release/forward" "$out.part/rust/forward"
    rm -rf "$out.part/rust/target"
    mv "$out.part" "$out"
fi
echo "$out"

#!/usr/bin/env bash
# peers/build.sh: echo on the runtimes that Narae is measured beside, built from their own registries; prints the folder they are in.
#
#   go           aws-lambda-go, static, without RPC        rust    lambda_runtime, one thread, lto
#   python/bin/python -m awslambdaric                      versions, as they were built: versions.tsv
#
# Made once for each state of this folder and of the compilers. A compiler that is missing or too old is an error: a peer left out
# would make the comparison look better than it is.
set -euo pipefail
. tools/lib.sh

here=tests/bench/peers

need() { # need COMMAND WHAT
    command -v "$1" >/dev/null || die "bench runtime needs $2 in PATH ($1): Debian 12's own is too old for this peer"
}
need go "Go 1.26 or newer"
need cargo "a Rust that lambda_runtime 1.5 builds with (1.95 does)"
need /usr/bin/python3 "python3"

key=$({ go version && rustc --version && /usr/bin/python3 --version && find "$here" -type f | LC_ALL=C sort | xargs cat; } | sha256sum | cut -c1-16)
out=$NARAE_CACHE/peers-$key
if [[ -f $out/versions.tsv ]]; then
    echo "$out"
    exit 0
fi
say "building the peers (some minutes, once)"
rm -rf "$out"
mkdir -p "$out/src"
cp -r "$here/go" "$here/rust" "$here/python" "$out/src"

go_peer() {
    cd "$out/src/go"
    CGO_ENABLED=0 go build -mod=readonly -trimpath -ldflags '-s -w' -tags lambda.norpc -o "$out/go" .
}

rust_peer() {
    cd "$out/src/rust"
    cargo build --release --target-dir "$out/rust-target"
    cp "$out/rust-target/release/echo" "$out/rust"
    rm -rf "$out/rust-target"
}

python_peer() {
    /usr/bin/python3 -m venv "$out/python"
    "$out/python/bin/python" -m pip install --require-hashes --no-deps -r "$out/src/python/requirements.txt"
    cp "$out/src/python/echo.py" "$out/python/"
}

# A version as the registry's own client says it, never as we wrote it.
versions() {
    printf 'go\taws-lambda-go %s, %s\n' "$(cd "$out/src/go" && go list -m -f '{{.Version}}' github.com/aws/aws-lambda-go)" "$(go version | cut -d' ' -f3)"
    printf 'rust\tlambda_runtime %s, rustc %s\n' "$(cd "$out/src/rust" && cargo pkgid lambda_runtime | sed 's/.*[@#]//')" "$(rustc --version | cut -d' ' -f2)"
    printf 'python\tawslambdaric %s, CPython %s\n' "$("$out/python/bin/python" -c 'import importlib.metadata as m; print(m.version("awslambdaric"))')" \
        "$("$out/python/bin/python" -V | cut -d' ' -f2)"
}

for peer in go_peer rust_peer python_peer; do
    run_logged "$NARAE_CACHE/$peer.log" bash -c "$(declare -f "$peer"); set -euo pipefail; out='$out'; $peer"
done
versions >"$out/versions.part"
mv "$out/versions.part" "$out/versions.tsv"
echo "$out"

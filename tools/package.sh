#!/usr/bin/env bash
# package [--arch x86_64|arm64]: what goes to AWS, for the architecture that samconfig.toml deploys; without that file for the one that is
# named, or this machine's (tools/architecture.sh).
#
#   build/package/layer/            becomes /opt: bootstrap, lib/, share/narae/
#   build/package/functions/F/      becomes /var/task
#   build/package/layer.zip         the layer, packed so that the same files give the same bytes
#   build/package/architecture.yaml refuses a deployment for another architecture
#   build/tests/functions/F/        functions made only for tests, in the same form
#   build/symbols/                  the same binaries with their symbols
#
# Each of the three is a link to the architecture that was packaged last (build/package-arm64 ...).
#
# --aside ARCH is for what runs the package here (demo, test, bench, invoke): it makes build/package-ARCH and its kin, and leaves alone what
# is to be deployed.
set -euo pipefail
. tools/lib.sh
. tools/architecture.sh

mode=${1:---arch}
ARCH=${2:-}
[[ $mode == --arch || $mode == --aside ]] || die "package $mode: there is --arch x86_64|arm64"
if (($#)); then
    [[ $ARCH == x86_64 || $ARCH == arm64 ]] || die "package $mode $ARCH: there are x86_64 and arm64"
fi
[[ $mode == --aside ]] || ARCH=$(choose_architecture "$ARCH")
export ARCH
build=build/meson$([[ $ARCH == "$(here)" ]] || echo "-$ARCH")
strip=${ARCH/arm64/aarch64}-linux-gnu-strip
package=build/package-$ARCH tests=build/tests-$ARCH symbols=build/symbols-$ARCH stage=$PWD/build/stage-$ARCH

need_packages package
compile "$build"

# meson install puts the final run path in place of the build tree's.
stage() {
    rm -rf "$stage"
    run_logged "$stage.log" env DESTDIR="$stage" meson install -C "$build" --no-rebuild
}

copy_symbols() {
    rm -rf "$symbols"
    cp -a "$stage" "$symbols"
}

strip_all() {
    find "$stage" -type f -exec "$strip" --strip-unneeded {} +
}

# One file for each root under the name OpenSSL looks for, so that a TLS client reads the one that it needs.
certificates() {
    local out=$1 one hash n
    mkdir -p "$out"
    for one in /etc/ssl/certs/*.pem; do
        hash=$(openssl x509 -in "$one" -noout -subject_hash 2>/dev/null) || continue
        n=0
        while [[ -e $out/$hash.$n ]]; do n=$((n + 1)); done
        install -m 644 "$one" "$out/$hash.$n"
    done
    [[ -n $(ls "$out") ]] || die "no certificates in /etc/ssl/certs (package ca-certificates)"
}

make_certificates() { # make_certificates DIR
    [[ ! -d $1 ]] || return 0
    rm -rf "$1.part"
    certificates "$1.part"
    mv "$1.part" "$1"
}

# Reading 140 certificates takes a second; they change with ca-certificates only.
cached_certificates() {
    local key cached
    key=$(sha256sum </etc/ssl/certs/ca-certificates.crt | cut -c1-16)
    cached=$NARAE_CACHE/certs-$key
    [[ -d $cached ]] || take_turns make_certificates "$cached"
    mkdir -p "$1"
    cp "$cached"/* "$1"
}

assemble() {
    local layer=$package/layer
    rm -rf "$package" "$tests"
    mkdir -p "$package" "$tests"
    mv "$stage/layer" "$layer"
    mv "$stage/functions" "$package/functions"
    mv "$stage/test-functions" "$tests/functions"
    rm -rf "$stage"
    mkdir -p "$layer/share/narae"
    cp "$(layer/deps/build.sh --arch "$ARCH")/share/sbom.cdx.json" "$layer/share/narae/sbom.cdx.json"
    cached_certificates "$layer/share/narae/certs"
    cp layer/opt/rds-ca.pem "$layer/share/narae/rds-ca.pem"
    guard "$ARCH" >"$package/architecture.yaml"
    chmod -R u=rwX,go=rX "$package" "$tests"
}

# The same files, whenever and by whomever they are packed, give the same zip.
pack() {
    (
        cd "$package/layer"
        find . -exec touch -h -d '2000-01-01T00:00:00Z' {} +
        find . -type f | LC_ALL=C sort | TZ=UTC zip -q -9 -X -@ ../layer.zip
    )
}

sizes() { # "name bytes" a line
    local file
    for file in "$package"/layer.zip "$package"/layer/bootstrap "$package"/layer/lib/*.so "$package"/functions/*/*.so; do
        echo "$(basename "$file") $(stat -c %s "$file")"
    done
}

report() {
    mkdir -p build/report
    {
        printf '{\n  "verb": "package", "arch": "%s", "unit": "bytes"' "$ARCH"
        sizes | while read -r name bytes; do printf ',\n  "%s": %d' "$name" "$bytes"; done
        printf '\n}\n'
    } >build/report/package.json
    sizes | awk '{printf "   %-18s %9d bytes\n", $1, $2}' >&2
}

# What build/package and its kin mean from now on.
point() {
    local what
    for what in package tests symbols; do
        [[ $mode == --arch || ! -e build/$what ]] || continue
        [[ -L build/$what ]] || rm -rf "build/$what"
        ln -sfn "$what-$ARCH" "build/$what"
    done
    [[ $mode == --aside ]] || remember_architecture "$ARCH"
}

inputs() {
    {
        find "$build" -type f \( -name '*.so' -o -name bootstrap \) -exec stat -c '%n %Y %s' {} + | sort
        layer/deps/build.sh --arch "$ARCH"
        cat /etc/ssl/certs/ca-certificates.crt layer/opt/rds-ca.pem tools/package.sh tools/architecture.sh
    } | sha256sum
}

now=$(inputs)
if [[ -f $package.stamp && -d $package/layer && $(<"$package.stamp") == "$now" ]]; then
    point
    say "package: nothing changed"
    exit 0
fi
say "packaging for $ARCH"
stage
copy_symbols
strip_all
assemble
pack
point
report
echo "$now" >"$package.stamp"

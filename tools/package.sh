#!/usr/bin/env bash
# package [--arch ARCH]: what goes to AWS.
#
#   build/package/layer/            becomes /opt: bootstrap, lib/, share/narae/
#   build/package/functions/F/      becomes /var/task
#   build/package/layer.zip         the layer, packed so that the same files give the same bytes
#   build/tests/functions/F/        functions made only for tests, in the same form
#   build/symbols/                  the same binaries with their symbols
set -euo pipefail
. tools/lib.sh

arch=$(uname -m | sed 's/aarch64/arm64/')
if [[ ${1:-} == --arch ]]; then
    [[ ${2:-} == "$arch" ]] || die "package --arch ${2:-}: only $arch can be built on this machine"
fi

need_packages package
compile build/meson

# meson install puts the final run path in place of the build tree's.
stage() {
    rm -rf build/stage
    run_logged build/stage.log env DESTDIR="$PWD/build/stage" meson install -C build/meson --no-rebuild
}

copy_symbols() {
    rm -rf build/symbols
    cp -a build/stage build/symbols
}

strip_all() {
    find build/stage -type f -exec strip --strip-unneeded {} +
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

# Reading 140 certificates takes a second; they change with ca-certificates only.
cached_certificates() {
    local key cached
    key=$(sha256sum </etc/ssl/certs/ca-certificates.crt | cut -c1-16)
    cached=$NARAE_CACHE/certs-$key
    if [[ ! -d $cached ]]; then
        rm -rf "$cached.part"
        certificates "$cached.part"
        mv "$cached.part" "$cached"
    fi
    mkdir -p "$1"
    cp "$cached"/* "$1"
}

assemble() {
    local layer=build/package/layer
    rm -rf build/package build/tests/functions
    mkdir -p build/package build/tests
    mv build/stage/layer "$layer"
    mv build/stage/functions build/package/functions
    mv build/stage/test-functions build/tests/functions
    rm -rf build/stage
    mkdir -p "$layer/share/narae"
    cp "$(layer/deps/build.sh)/share/sbom.cdx.json" "$layer/share/narae/sbom.cdx.json"
    cached_certificates "$layer/share/narae/certs"
    cp layer/opt/rds-ca.pem "$layer/share/narae/rds-ca.pem"
    chmod -R u=rwX,go=rX build/package build/tests
}

# The same files, whenever and by whomever they are packed, give the same zip.
pack() {
    (
        cd build/package/layer
        find . -exec touch -h -d '2000-01-01T00:00:00Z' {} +
        find . -type f | LC_ALL=C sort | TZ=UTC zip -q -9 -X -@ ../layer.zip
    )
}

size() { stat -c %s "$1"; }

report() {
    mkdir -p build/report
    local layer=build/package/layer
    cat >build/report/package.json <<J
{
  "verb": "package", "arch": "$arch", "unit": "bytes",
  "layer.zip": $(size build/package/layer.zip),
  "bootstrap": $(size $layer/bootstrap),
  "libnarae.so": $(size $layer/lib/libnarae.so),
  "libnarae-net.so": $(size $layer/lib/libnarae-net.so),
  "push_send.so": $(size build/package/functions/push_send/push_send.so)
}
J
    grep -E '": [0-9]' build/report/package.json | tr -d '",:' | awk '{printf "   %-18s %9d bytes\n", $1, $2}' >&2
}

inputs() {
    {
        find build/meson -type f \( -name '*.so' -o -name bootstrap \) -exec stat -c '%n %Y %s' {} + | sort
        layer/deps/build.sh
        cat /etc/ssl/certs/ca-certificates.crt layer/opt/rds-ca.pem tools/package.sh
    } | sha256sum
}

now=$(inputs)
if [[ -f build/package.stamp && -d build/package/layer && $(<build/package.stamp) == "$now" ]]; then
    say "package: nothing changed"
    exit 0
fi
say "packaging"
stage
copy_symbols
strip_all
assemble
pack
report
echo "$now" >build/package.stamp

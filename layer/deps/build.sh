#!/usr/bin/env bash
# build.sh [--refresh] [--arch x86_64]: build the third-party libraries of sources.txt, static and position independent,
# and print the one prefix that holds them all.
#
# Cached outside the tree, keyed by version, flags, recipe and compiler: with nothing changed it prints the path and is
# done, without the network. --refresh asks the mirror for newer versions. Talk goes to stderr, the path to stdout.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
cache=${NARAE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/narae}/deps
ARCH=$(uname -m | sed 's/aarch64/arm64/')
JOBS=$(nproc)
export JOBS # the recipes use it
FLAGS=(-O2 -fPIC -ffunction-sections -fdata-sections)
refresh=false

while (($#)); do
    case $1 in
    --refresh) refresh=true ;;
    --arch)
        [[ $2 == "$ARCH" ]] || {
            echo "layer/deps: building for $2 on $ARCH is not supported yet" >&2
            exit 2
        }
        shift
        ;;
    *)
        echo "usage: layer/deps/build.sh [--refresh] [--arch $ARCH]" >&2
        exit 2
        ;;
    esac
    shift
done

say() { echo "layer/deps: $*" >&2; }

hash_of() { sha256sum | cut -c1-16; }

table() { grep -vE '^(#|$)' "$here/sources.txt"; }

compiler=$(gcc -dumpfullversion)-$ARCH
work=$cache/work
resolved=$cache/resolved-$(table | hash_of).txt # "component version archive-digest" a line
mkdir -p "$work" "$cache/built"

# Two builds at once (two checkouts, CI beside a person) take turns.
exec 9>"$cache/lock"
flock 9

# What versions are used: decided once, remembered, so that a build repeats.
resolve() {
    local component source suite least version digest
    find "$work/apt" -name updated -delete 2>/dev/null || :
    : >"$resolved.new"
    while read -r component source suite least _; do
        version=$("$here/fetch.sh" "$work" "$source" "$suite" "$least")
        digest=$(cd "$work/src/$source" && find . -name '*.orig.tar.*' ! -name '*.asc' -exec sha256sum {} + |
            sort | head -n 1 | cut -d' ' -f1)
        say "$component: $source $version"
        echo "$component $version $digest" >>"$resolved.new"
    done < <(table)
    mv "$resolved.new" "$resolved"
}

version_of() { awk -v c="$1" '$1 == c {print $2}' "$resolved"; }

# The key of a component covers everything that its archive depends on.
key_of() {
    local component=$1 needs=${2:-}
    { echo "$component $(version_of "$component") $compiler ${FLAGS[*]} $needs"; cat "$here/recipes/$component.sh"; } |
        hash_of
}

# Sources are unpacked with Debian's patches; apt has checked their signatures and digests against the index.
unpack() {
    local component=$1 source=$2 to=$3 version
    version=$(version_of "$component")
    if ! compgen -G "$work/src/$source/*.dsc" >/dev/null || ! grep -q "^Version: $version\$" "$work/src/$source"/*.dsc; then
        read -r _ _ suite least _ < <(table | awk -v c="$component" '$1 == c')
        "$here/fetch.sh" "$work" "$source" "$suite" "$least" >/dev/null
    fi
    dpkg-source --no-check -x "$work/src/$source"/*.dsc "$to"
}

declare -A minutes=([openssl]="about 90 s" [curl]="about 60 s" [libpq]="about 40 s" [nghttp2]="about 10 s" [jansson]="about 7 s")

# build_component COMPONENT KEY: into $cache/built/COMPONENT-KEY, or nothing when it is there.
build_component() {
    local component=$1 final=$cache/built/$1-$2 log=$cache/$1.log source
    [[ -d $final ]] && return 0
    source=$(table | awk -v c="$component" '$1 == c {print $2}')
    say "building $component $(version_of "$component") (${minutes[$component]})"
    local scratch
    scratch=$(mktemp -d "$work/build-XXXXXX")
    if ! (
        SRC=$scratch/src OUT=$final.part
        rm -rf "$OUT"
        unpack "$component" "$source" "$SRC"
        mkdir "$scratch/obj"
        cd "$scratch/obj"
        # shellcheck source=/dev/null
        . "$here/recipes/$component.sh"
        set -x
        "build_$component"
    ) >"$log" 2>&1; then
        tail -n 30 "$log" >&2
        say "building $component failed; the whole output is in $log"
        exit 1
    fi
    rm -rf "$scratch"
    mv "$final.part" "$final"
}

$refresh && rm -f "$resolved"
[[ -s $resolved ]] || resolve

k_openssl=$(key_of openssl)
k_nghttp2=$(key_of nghttp2)
k_jansson=$(key_of jansson)
k_curl=$(key_of curl "$k_openssl $k_nghttp2")
k_libpq=$(key_of libpq "$k_openssl")
export PREFIX_OPENSSL=$cache/built/openssl-$k_openssl PREFIX_NGHTTP2=$cache/built/nghttp2-$k_nghttp2
prefix=$cache/prefix-$(echo "$k_openssl $k_nghttp2 $k_jansson $k_curl $k_libpq $(sha256sum <"$here/sbom.sh")" | hash_of)

if [[ ! -d $prefix ]]; then
    build_component openssl "$k_openssl"
    build_component nghttp2 "$k_nghttp2"
    build_component jansson "$k_jansson"
    build_component curl "$k_curl"
    build_component libpq "$k_libpq"
    rm -rf "$prefix.part"
    mkdir -p "$prefix.part/share"
    for part in openssl-"$k_openssl" nghttp2-"$k_nghttp2" jansson-"$k_jansson" curl-"$k_curl" libpq-"$k_libpq"; do
        cp -a "$cache/built/$part"/{include,lib} "$prefix.part"
    done
    "$here/sbom.sh" "$resolved" >"$prefix.part/share/sbom.cdx.json"
    mv "$prefix.part" "$prefix"
fi
echo "$prefix"

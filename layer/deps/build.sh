#!/usr/bin/env bash
# build.sh [--refresh] [--arch x86_64|arm64]: build the third-party libraries of sources.txt, static and position independent,
# and print the one prefix that holds them all.
#
# Cached outside the tree, keyed by version, flags, recipe and compiler: with nothing changed it prints the path and is
# done, without the network. --refresh asks the mirror for newer versions. Talk goes to stderr, the path to stdout.
# shellcheck disable=SC2034 # the recipes use what this prepares
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
cache=${NARAE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/narae}/deps
HERE=$(uname -m | sed 's/aarch64/arm64/')
ARCH=$HERE
JOBS=$(nproc)
FLAGS=(-O2 -fPIC -ffunction-sections -fdata-sections)
refresh=false

while (($#)); do
    case $1 in
    --refresh) refresh=true ;;
    --arch)
        [[ $2 == x86_64 || $2 == arm64 ]] || {
            echo "layer/deps: --arch $2: there are x86_64 and arm64" >&2
            exit 2
        }
        ARCH=$2
        shift
        ;;
    *)
        echo "usage: layer/deps/build.sh [--refresh] [--arch x86_64|arm64]" >&2
        exit 2
        ;;
    esac
    shift
done

say() { echo "layer/deps: $*" >&2; }

# For another architecture than this machine's: Debian's cross compiler, and what the three kinds of build files want to hear.
TOOLS='' CONFIGURE=() CMAKE=()
if [[ $ARCH != "$HERE" ]]; then
    TRIPLET=$([[ $ARCH == arm64 ]] && echo aarch64 || echo x86_64)-linux-gnu
    TOOLS=$TRIPLET-
    CONFIGURE=(--host="$TRIPLET")
    CMAKE=(-DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR="${TRIPLET%%-*}" -DCMAKE_C_COMPILER="${TOOLS}gcc")
fi
export JOBS TOOLS # the recipes use them

hash_of() { sha256sum | cut -c1-16; }

table() { grep -vE '^(#|$)' "$here/sources.txt"; }

compiler=$("${TOOLS}gcc" -dumpfullversion)-$ARCH
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

# apt has checked signatures and digests of Debian's sources against the index.
unpack() { # unpack COMPONENT SOURCE TO
    local component=$1 source=$2 to=$3 version suite least
    version=$(version_of "$component")
    read -r _ _ suite least _ < <(table | awk -v c="$component" '$1 == c')
    if ! compgen -G "$work/src/$source/*.dsc" >/dev/null || ! grep -q "^Version: $version\$" "$work/src/$source"/*.dsc; then
        "$here/fetch.sh" "$work" "$source" "$suite" "$least" >/dev/null
    fi
    dpkg-source --no-check -x "$work/src/$source"/*.dsc "$to"
}

declare -A minutes=([openssl]="about 90 s" [curl]="about 60 s" [libpq]="about 40 s" [nghttp2]="about 10 s" [jansson]="about 7 s"
    [expat]="about 5 s" [utf8proc]="about 3 s" [zlib]="about 5 s")

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

declare -A key=()
key[openssl]=$(key_of openssl)
key[nghttp2]=$(key_of nghttp2)
key[curl]=$(key_of curl "${key[openssl]} ${key[nghttp2]}")
key[libpq]=$(key_of libpq "${key[openssl]}")
for alone in jansson expat utf8proc zlib; do
    key[$alone]=$(key_of "$alone")
done
export PREFIX_OPENSSL=$cache/built/openssl-${key[openssl]} PREFIX_NGHTTP2=$cache/built/nghttp2-${key[nghttp2]}

# In the order of sources.txt, where each comes after what it needs.
components=()
prefix_key=$(sha256sum <"$here/sbom.sh")
while read -r component _; do
    components+=("$component")
    prefix_key+=" ${key[$component]}"
done < <(table)
prefix=$cache/prefix-$(hash_of <<<"$prefix_key")

if [[ ! -d $prefix ]]; then
    rm -rf "$prefix.part"
    mkdir -p "$prefix.part/share"
    for component in "${components[@]}"; do
        build_component "$component" "${key[$component]}"
        cp -a "$cache/built/$component-${key[$component]}"/{include,lib} "$prefix.part"
    done
    "$here/sbom.sh" "$resolved" >"$prefix.part/share/sbom.cdx.json"
    mv "$prefix.part" "$prefix"
fi
echo "$prefix"

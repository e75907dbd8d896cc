#!/usr/bin/env bash
# fetch.sh WORK SOURCE SUITE LEAST: download one Debian source package into WORK/src/SOURCE and print its version.
# A mirror's index can run ahead of its pool: the newest version that comes whole is taken, and that is said.
set -euo pipefail

work=$1 source=$2 suite=$3 least=$4
here=$(cd "$(dirname "$0")" && pwd)
apt_dir=$work/apt/$suite
out=$work/src/$source
log=$work/fetch-$source.log

APT_CONFIG=$("$here/apt.sh" "$apt_dir" "$suite")
export APT_CONFIG

# One index per suite and run: the caller removes the stamp to look again.
if [[ ! -e $apt_dir/updated ]]; then
    echo "layer/deps: reading the source index of $suite" >&2
    apt-get -q -o APT::Update::Error-Mode=any update >"$log" 2>&1 || {
        tail -n 20 "$log" >&2
        exit 1
    }
    touch "$apt_dir/updated"
fi

versions() {
    apt-cache showsrc --only-source "$source" | awk '/^Version:/ {print $2}' | sort -u | sort -rV
}

rm -rf "$out"
mkdir -p "$out"
cd "$out"
for version in $(versions); do
    dpkg --compare-versions "${version#*:}" ge "$least" || continue
    if apt-get -q --download-only --only-source source "$source=$version" >"$log" 2>&1; then
        echo "$version"
        exit 0
    fi
    echo "layer/deps: $source $version is in the index but does not come whole; trying an older one" >&2
    rm -rf "${out:?}"/*
done
echo "layer/deps: no version of $source from $least on can be had from $suite; see $log" >&2
exit 1

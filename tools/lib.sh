# lib.sh - what the verbs share: talk, packages, paths. Sourced, with the working directory at the top of the tree.
# shellcheck shell=bash

NARAE_CACHE=${NARAE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/narae}
export NARAE_CACHE

say() { printf '%s\n' "== $*" >&2; }

die() {
    printf '%s\n' "build.sh: $*" >&2
    exit 1
}

as_root() {
    if [[ $(id -u) == 0 ]]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "need root, or sudo, to run: $*"
    fi
}

is_installed() { [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]; }

# need_packages VERB: install what tools/packages.txt lists for it.
need_packages() {
    local missing=() package
    while read -r package; do
        is_installed "$package" || missing+=("$package")
    done < <(awk -v v="$1" '$1 == v {for (i = 2; i <= NF; i++) print $i}' tools/packages.txt)
    ((${#missing[@]})) || return 0
    say "installing Debian packages: ${missing[*]}"
    mkdir -p "$NARAE_CACHE"
    local log=$NARAE_CACHE/apt.log
    {
        as_root apt-get -q update &&
            as_root env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends "${missing[@]}"
    } >"$log" 2>&1 </dev/null || {
        tail -n 20 "$log" >&2
        die "could not install ${missing[*]}; the whole output is in $log"
    }
}

# run_logged LOG COMMAND...: quiet when it works, the end of its output when it does not.
run_logged() {
    local log=$1
    shift
    mkdir -p "$(dirname "$log")"
    "$@" >"$log" 2>&1 || {
        tail -n 60 "$log" >&2
        die "failed: $*; the whole output is in $log"
    }
}

here() { uname -m | sed 's/aarch64/arm64/'; } # this machine's architecture, as Lambda spells it

# What runs here, whatever is to be deployed: tools/package.sh --aside "$(here)" makes it.
NARAE_PACKAGE=$PWD/build/package-$(here)
NARAE_TEST_FUNCTIONS=$PWD/build/tests-$(here)/functions
export NARAE_PACKAGE NARAE_TEST_FUNCTIONS

# compile DIR [meson setup options...]: set up once, then build what changed; NINJA_TARGET=T builds only that, ARCH=arm64 for
# that architecture.
compile() {
    local dir=$1 arch=${ARCH:-$(here)} prefix cross=()
    shift
    need_packages build
    if [[ $arch != "$(here)" ]]; then
        need_packages "cross-$arch"
        cross=(--cross-file "tools/cross-$arch.ini")
    fi
    prefix=$(layer/deps/build.sh --arch "$arch")
    if [[ ! -f $dir/build.ninja ]]; then
        say "setting up $dir"
        run_logged "$dir.setup.log" meson setup "$dir" -Ddeps="$prefix" "${cross[@]}" "$@"
    elif ! meson introspect --buildoptions "$dir" | grep -qF "\"$prefix\""; then
        run_logged "$dir.setup.log" meson configure "$dir" -Ddeps="$prefix"
    fi
    say "compiling in $dir"
    run_logged "$dir.log" ninja -C "$dir" ${NINJA_TARGET:+"$NINJA_TARGET"}
}

# take_turns COMMAND...: of several checkouts that share the cache, one at a time. Who waited looks again: it may be made by then.
take_turns() {
    mkdir -p "$NARAE_CACHE"
    exec 9>"$NARAE_CACHE/lock"
    flock 9
    "$@"
    exec 9>&-
}

make_python_environment() { # make_python_environment LIST DIR
    local list=$1 dir=$2
    [[ ! -d $dir ]] || return 0
    say "installing the Python tools of $list (about 3 minutes, once)"
    rm -rf "$dir.part"
    /usr/bin/python3 -m venv "$dir.part"
    run_logged "$NARAE_CACHE/pip.log" "$dir.part/bin/python" -m pip install --disable-pip-version-check \
        --require-hashes --no-deps -r "$list"
    # Scripts inside name the folder they were made in.
    grep -rlIF "$dir.part" "$dir.part/bin" | xargs -r sed -i "s#$dir.part#$dir#g"
    mv "$dir.part" "$dir"
}

# python_environment LIST: the path of a virtual environment with what tests/e2e/LIST.txt names, made once for each version of it.
python_environment() {
    local list=tests/e2e/$1.txt key dir
    key=$({ python3 --version && cat "$list"; } | sha256sum | cut -c1-16)
    dir=$NARAE_CACHE/venv-$key
    [[ -d $dir ]] || take_turns make_python_environment "$list" "$dir"
    echo "$dir"
}

python_tools() { python_environment requirements; } # what tests/e2e needs

#!/usr/bin/env bash
# lint: what can be said about the code without running it. Each check says its name; the first that fails ends it.
set -euo pipefail
. tools/lib.sh

need_packages build
need_packages lint
prefix=$(layer/deps/build.sh)

files() { git ls-files --cached --others --exclude-standard "$@"; }

check() { # check NAME COMMAND...
    say "lint: $1"
    shift
    "$@" || die "lint failed: $*"
}

formatting() { files '*.c' '*.h' | xargs clang-format-14 --dry-run -Werror; }

scripts() { files build.sh .ci/run 'tools/*.sh' 'layer/*.sh' 'tests/*.sh' | grep -v /recipes/ | xargs shellcheck -x; }

# Both compilers, every warning an error (meson.build).
both_compilers() {
    compile build/meson
    CC=clang compile build/meson-clang
}

# clang-tidy takes a second a file: what has not changed since it was clean is not looked at again. Headers count for every file.
tidy() {
    local headers clean=build/tidy-clean todo=() file key
    headers=$({ files '*.h' | xargs cat; cat .clang-tidy "$0"; } | sha256sum)
    mkdir -p "$clean"
    while read -r file; do
        key=$clean/$({ echo "$headers $file"; cat "$file"; } | sha256sum | cut -c1-32)
        [[ -e $key ]] || todo+=("$file" "$key")
    done < <(files 'layer/*.c' 'runtime/*.c' 'functions/*.c')
    ((${#todo[@]})) || return 0
    # shellcheck disable=SC2016 # the inner shell expands it
    printf '%s\n' "${todo[@]}" | xargs -P 2 -n 2 sh -c \
        'out=$(clang-tidy-14 -p build/meson-clang --quiet "$1" 2>/dev/null) && : >"$2" || { echo "$out"; exit 1; }' sh
}

# One run over all sources: it finds what needs the whole of a file, not the whole of the program. The loader keeps what it loads.
cpp_check() {
    cppcheck --quiet -j 2 --error-exitcode=1 --enable=warning,performance,portability --inline-suppr --std=c11 \
        --suppress=missingIncludeSystem --suppress=nullPointerRedundantCheck --suppress=resourceLeak:runtime/loader.c --suppress=leakReturnValNotUsed:runtime/loader.c --library=posix -D_GNU_SOURCE \
        '-DNARAE_VERSION="0"' -I. -Ilayer/include layer/base layer/io layer/aws runtime functions
}

check "clang-format 14" formatting
check "shellcheck" scripts
check "include rule" tools/check_includes.sh
check "headers compile alone" tools/check_headers.sh "$prefix"
check "gcc and clang without a warning" both_compilers
check "clang-tidy 14" tidy
check "cppcheck" cpp_check
say "lint: clean"

#!/usr/bin/env bash
# check_headers.sh PREFIX: every header compiles alone, with gcc and with clang.
set -euo pipefail

prefix=$1
status=0
while read -r header; do
    for compiler in gcc clang; do
        "$compiler" -std=gnu17 -D_GNU_SOURCE -DNARAE_VERSION='"0"' -Wall -Wextra -Werror -fsyntax-only -I. -Ilayer/include \
            -isystem "$prefix/include" -x c - <<<"#include \"$header\"" || {
            echo "$header does not compile alone with $compiler" >&2
            status=1
        }
    done
done < <(git ls-files --cached --others --exclude-standard '*.h')
exit $status

#!/usr/bin/env bash
# symbolize [MODULE+0xOFFSET...]: where the frames of a crash report are in the source.
#
# Without arguments it reads any text from standard input, a log for instance, and explains each frame in it, in order.
# It needs the build/symbols of the very build that crashed: `./build.sh package` makes it; keep it with the release.
# NARAE_SYMBOLS=FOLDER takes others, of either architecture.
set -euo pipefail
. tools/lib.sh

symbols=${NARAE_SYMBOLS:-build/symbols}
[[ -d $symbols ]] || die "no $symbols: run ./build.sh package, or set NARAE_SYMBOLS to the symbols of the release that crashed"

frames() { # one "module+0xoffset" a line
    if (($#)); then
        printf '%s\n' "$@"
    else
        cat
    fi | grep -oE '[A-Za-z0-9_.?-]+\+0x[0-9a-f]+' || true
}

declare -A file=()
while read -r path; do
    file[$(basename "$path")]=$path
done < <(find -L "$symbols" -type f | LC_ALL=C sort)

# The one that reads this file: a file's machine is a number at byte 18 (ELF header, e_machine).
addr2line_for() {
    case $(od -An -tu2 -j18 -N2 "$1" | tr -d ' ') in
    183) echo aarch64-linux-gnu-addr2line ;;
    62) echo x86_64-linux-gnu-addr2line ;;
    *) die "$1 is no program of x86_64 or arm64" ;;
    esac
}

explain() { # explain FRAME
    local module=${1%%+*} place
    if [[ -z ${file[$module]:-} ]]; then
        echo "$1  (no symbols of $module)"
        return
    fi
    # Inlined callers are frames of their own.
    place=$("$(addr2line_for "${file[$module]}")" -Cfpi -e "${file[$module]}" "${1#*+}" | sed "s#$PWD/##; s#\(^\| \)[^ ]*/\.\./\.\./#\1#")
    echo "$1  ${place//$'\n'/$'\n'    }"
}

n=0
while read -r frame; do
    explain "$frame"
    n=$((n + 1))
done < <(frames "$@")
((n)) || die "no MODULE+0xOFFSET in it"

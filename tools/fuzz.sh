#!/usr/bin/env bash
# fuzz [--seconds N] [NAME...]: every parser of bytes from outside under libFuzzer, AddressSanitizer and
# UndefinedBehaviorSanitizer, 60 s each; the first finding ends it.
#
# fuzz --replay: only what is in tests/fuzz/corpus, which takes moments; ./build.sh test does that.
# A finding is kept in build/fuzz/; once mended, it becomes a file of the corpus.
set -euo pipefail
. tools/lib.sh

seconds=60
if [[ ${1:-} == --seconds ]]; then
    seconds=$2
    shift 2
elif [[ ${1:-} == --replay ]]; then
    seconds=0
    shift
fi
names=("$@")
((${#names[@]})) || mapfile -t names < <(cd tests/fuzz && for f in *_fuzz.c; do echo "${f%_fuzz.c}"; done)

need_packages fuzz
CC=clang NINJA_TARGET=fuzzers compile build/meson-fuzz -Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 ASAN_OPTIONS=detect_leaks=1

run() { # run NAME: quiet when it holds; the figures of the run on one line
    local name=$1 found=build/fuzz/$1 log=build/fuzz/$1.log budget=(-max_total_time="$seconds" -max_len=65536)
    local corpora=("$found" "tests/fuzz/corpus/$name")
    ((seconds)) || { budget=(-runs=0) && corpora=("tests/fuzz/corpus/$name"); }
    mkdir -p "$found"
    [[ -n $(ls tests/fuzz/corpus/"$name") ]] || die "tests/fuzz/corpus/$name has no seed"
    build/meson-fuzz/tests/fuzz/"${name}_fuzz" "${budget[@]}" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="$found/finding-" "${corpora[@]}" >"$log" 2>&1 || {
        grep -vE '^#[0-9]' "$log" | tail -n 40 >&2
        die "fuzz: $name has a finding; see $log"
    }
    awk -v name="$name" '/stat::number_of_executed_units/ {print "   " name ": " $2 " inputs, no finding"}' "$log" >&2
}

say "fuzz: ${names[*]}$( ((seconds)) && echo " (${seconds} s each)")"
mkdir -p build/fuzz build/report
for name in "${names[@]}"; do
    run "$name"
done
if ((seconds)); then
    {
        echo "{\"verb\": \"fuzz\", \"unit\": \"inputs\", \"secondsEach\": $seconds, \"inputs\": {"
        for name in "${names[@]}"; do
            awk -v name="$name" '/stat::number_of_executed_units/ {printf "  \"%s\": %d,\n", name, $2}' "build/fuzz/$name.log"
        done | sed '$ s/,$//'
        echo "}}"
    } >build/report/fuzz.json
fi

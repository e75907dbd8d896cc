#!/usr/bin/env bash
# bench runtime: start, and what one invocation costs, beside a raw socket and beside the runtimes that one would pick instead.
#
# Programs take turns, so that what else the machine does meets all. ROUNDS=N: how often each is started, and how often it serves COUNT
# events of 300 bytes on the CPU that the server is on, too. Peers: peers/build.sh.
set -euo pipefail
. tools/lib.sh

ROUNDS=${ROUNDS:-21}
COUNT=${COUNT:-5000}
WARMUP=500
bin=$PWD/build/meson/tests/bench
peers=$(tests/bench/peers/build.sh)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

program() { # NAME [NAME=VALUE...] COMMAND...
    local IFS=$'\t'
    printf '%s\n' "$*"
}
{
    program floor "$bin/floor"
    program narae "LAMBDA_TASK_ROOT=$NARAE_TEST_FUNCTIONS/echo" _HANDLER=echo.handler "$NARAE_PACKAGE/layer/bootstrap"
    program rust AWS_LAMBDA_FUNCTION_NAME=bench AWS_LAMBDA_FUNCTION_MEMORY_SIZE=128 "AWS_LAMBDA_FUNCTION_VERSION=\$LATEST" \
        AWS_LAMBDA_LOG_GROUP_NAME=bench AWS_LAMBDA_LOG_STREAM_NAME=bench "$peers/rust"
    program go _HANDLER=go "$peers/go"
    program python "PYTHONPATH=$peers/python" AWS_REGION=us-east-1 "LAMBDA_TASK_ROOT=$peers/python" "$peers/python/bin/python" -m awslambdaric echo.handler
} >"$dir/cases"

say "$ROUNDS starts of each, taking turns"
"$bin/start_timer" 2 "$dir/cases" >/dev/null # files into the page cache
"$bin/start_timer" "$ROUNDS" "$dir/cases" >"$dir/starts"

say "$ROUNDS times $COUNT events for each, taking turns, program and server on one CPU"
cpu=$(($(nproc) - 1))
"$bin/invoke_timer" "$ROUNDS" "$WARMUP" "$COUNT" "$cpu" "$dir/cases" >"$dir/invocations"

# Go's runtime does not live under valgrind, and Python's start says nothing about a runtime.
under_valgrind() { grep -P '^(floor|narae|rust)\t' "$dir/cases"; }

# Instructions of a run of N events; of two runs, the difference tells what one event costs. A program ended by SIGTERM writes its count.
instructions() { # NAME LINE N
    local command=${2#*$'\t'}
    awk -v FS='\t' -v OFS='\t' -v to="$dir/callgrind" '{
        for (i = 2; i <= NF; i++) if ($i ~ /^\//) {
            $i = "/usr/bin/valgrind\t--tool=callgrind\t--callgrind-out-file=/dev/null\t--log-file=" to "\t" $i
            break
        }
        print }' <<<"$1"$'\t'"$command" >"$dir/one"
    "$bin/invoke_timer" 1 1 "$3" -1 "$dir/one" >/dev/null
    awk '/Collected :/ {print $4}' "$dir/callgrind"
}
say "instructions of one event (callgrind)"
under_valgrind | while IFS= read -r line; do
    name=${line%%$'\t'*}
    few=$(instructions "$name" "$line" 100)
    many=$(instructions "$name" "$line" 1100)
    printf '%s\t%d\t%d\n' "$name" "$few" $(((many - few) / 1000))
done >"$dir/instructions"

cp "$peers/versions.tsv" "$dir/versions"
python3 tests/bench/runtime_report.py "$dir" "$ROUNDS" "$COUNT"

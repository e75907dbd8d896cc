#!/usr/bin/env bash
# bench start: from exec to the first GET /next, beside a static program that only connects and asks.
#
# Starts take turns, so that what else the machine does meets all. RUNS=N sets how many of each (at least 30 for a verdict).
set -euo pipefail
. tools/lib.sh

RUNS=${RUNS:-41}
timer=$PWD/build/meson/tests/bench/start_timer
floor=$PWD/build/meson/tests/bench/floor
bootstrap=$NARAE_PACKAGE/layer/bootstrap
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# What push_send reads before its first event. Nothing is asked of either: a database or FCM is invoke's business.
push_settings() {
    openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$dir/key.pem" 2>/dev/null
    python3 - "$dir" <<'P'
import json, pathlib, sys
folder = pathlib.Path(sys.argv[1])
account = {"type": "service_account", "project_id": "bench", "private_key_id": "k1", "client_email": "bench@bench.example",
           "private_key": (folder / "key.pem").read_text(), "token_uri": "https://localhost:1/token"}
(folder / "account.json").write_text(json.dumps(account))
P
    printf 'NARAE_DATABASE=env:BENCH_DATABASE\tBENCH_DATABASE=host=localhost port=1 dbname=bench user=bench\t'
    printf 'NARAE_FCM_SERVICE_ACCOUNT=file:%s/account.json\t' "$dir"
}

# name, environment, command. The goals stand in start_report.py.
program() { # NAME TASK_ROOT SETTINGS
    printf '%s\t%s\tLAMBDA_TASK_ROOT=%s\t_HANDLER=%s.handler\t%s\n' "$1" "${3:-X=y}" "$2" "$1" "$bootstrap"
}
{
    printf 'floor\t%s\n' "$floor"
    program echo "$NARAE_TEST_FUNCTIONS/echo"
    program push_send "$NARAE_PACKAGE/functions/push_send" "$(push_settings)"
} | sed 's/\t\t*/\t/g' >"$dir/cases"

say "$RUNS starts of each, taking turns"
"$timer" 2 "$dir/cases" >/dev/null # files into the page cache
"$timer" "$RUNS" "$dir/cases" >"$dir/samples"

say "instructions of one start of each (callgrind)"
while IFS= read -r line; do
    name=${line%%$'\t'*}
    command=${line##*$'\t'}
    printf '%s\t/usr/bin/valgrind\t--tool=callgrind\t--callgrind-out-file=/dev/null\t--log-file=%s\t%s\n' "${line%$'\t'*}" \
        "$dir/$name.callgrind" "$command" >"$dir/one"
    "$timer" 1 "$dir/one" >/dev/null
    awk -v name="$name" '/Collected :/ {print name "\t" $4}' "$dir/$name.callgrind"
done <"$dir/cases" >"$dir/instructions"

python3 tests/bench/start_report.py "$dir" "$RUNS"

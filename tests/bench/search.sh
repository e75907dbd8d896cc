#!/usr/bin/env bash
# bench search: what a search event costs on its way into the stream: checked, scrubbed and packed by search_log; forwarded only, by
# AWS's SDKs for Python, JavaScript, Go and Rust. One server, one run, taking turns.
#
# RUNS=N sets how often each takes its turn, EVENTS=N how many events a turn has.
set -euo pipefail
. tools/lib.sh

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
peers=$(tests/bench/peers/kinesis/build.sh)
/usr/bin/python3 tests/bench/search_report.py "$peers" "$dir" "${RUNS:-7}" "${EVENTS:-20000}"

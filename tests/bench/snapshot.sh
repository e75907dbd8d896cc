#!/usr/bin/env bash
# bench snapshot: one run over 100 clusters with 60 snapshots each, beside a boto3 script that makes the same calls to the same scripted RDS.
#
# Programs take turns; start is included, as it is in a nightly Lambda. RUNS=N: how often each.
set -euo pipefail
. tools/lib.sh

exec "$(python_tools)/bin/python" tests/bench/snapshot_report.py "${RUNS:-7}"

#!/usr/bin/env bash
# bench faults: 50,000 device sends through kill -9, database restarts, throttling and broken connections, and an account of them.
#
# Some minutes: the floors that FCM documents for retries are waited for. tests/e2e/test_faults.py is the short form.
set -euo pipefail
. tools/lib.sh

need_packages fcm
python=$(python_tools)
exec tools/with_postgres.sh "$python/bin/python" tests/bench/faults.py

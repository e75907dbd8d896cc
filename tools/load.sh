#!/usr/bin/env bash
# load [--seconds N] [--rate R]: the functions under open-loop load, on real PostgreSQL and local stand-ins; what was seen goes to
# build/report/load.json and, drawn, into build/report/index.html.
set -euo pipefail
. tools/lib.sh

if [[ -z ${NARAE_TEST_DATABASE:-} ]]; then
    need_packages load
    need_packages fcm
    tools/package.sh --aside "$(here)"
    python_tools >/dev/null
    tests/load/attack/build.sh >/dev/null
    exec tools/with_postgres.sh tools/load.sh "$@"
fi

python=$(python_tools)
status=0
"$python/bin/python" tests/load/load.py --attack "$(tests/load/attack/build.sh)" "$@" || status=$?
/usr/bin/python3 tools/report_page.py build/report
exit $status

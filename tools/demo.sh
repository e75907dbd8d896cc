#!/usr/bin/env bash
# demo: an evening in a community app, a year of snapshots and a week of searches through the real package, on real PostgreSQL and
# local stand-ins; and a look at them, here and in build/report/index.html.
set -euo pipefail
. tools/lib.sh

if [[ -z ${NARAE_TEST_DATABASE:-} ]]; then
    need_packages demo
    need_packages fcm
    tools/package.sh --aside "$(here)"
    python_tools >/dev/null # moto and DuckDB, for the searches
    exec tools/with_postgres.sh tools/demo.sh
fi

python=$(python_tools)
status=0
rm -f build/report/demo-*.json
psql -Xq -v ON_ERROR_STOP=1 "$NARAE_TEST_DATABASE" -f functions/push/schema.sql 2>/dev/null
/usr/bin/python3 tools/demo.py || status=1
/usr/bin/python3 tools/demo_snapshot.py || status=1
"$python/bin/python" tools/demo_search.py || status=1
/usr/bin/python3 tools/report_page.py build/report
exit $status

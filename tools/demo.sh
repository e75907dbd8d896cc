#!/usr/bin/env bash
# demo: an evening in a community app through the real package, on real PostgreSQL and local stand-ins, and a look at it.
set -euo pipefail
. tools/lib.sh

if [[ -z ${NARAE_TEST_DATABASE:-} ]]; then
    need_packages demo
    need_packages fcm
    tools/package.sh
    exec tools/with_postgres.sh tools/demo.sh
fi

psql -Xq -v ON_ERROR_STOP=1 "$NARAE_TEST_DATABASE" -f functions/push/schema.sql 2>/dev/null
mkdir -p build/report
/usr/bin/python3 tools/demo.py
exec /usr/bin/python3 tools/demo_snapshot.py

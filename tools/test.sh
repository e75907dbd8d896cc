#!/usr/bin/env bash
# test: everything. Unit and component tests (also under AddressSanitizer and UndefinedBehaviorSanitizer), then end to end on the
# real package. Runs beside a temporary PostgreSQL.
set -euo pipefail
. tools/lib.sh

if [[ -z ${NARAE_TEST_DATABASE:-} ]]; then
    tools/package.sh
    need_packages test
    need_packages fcm
    need_packages sam
    exec tools/with_postgres.sh tools/test.sh "$@"
fi

sanitized() {
    compile build/meson-asan -Db_sanitize=address,undefined -Db_lundef=false
}

say "unit and component tests"
build/meson/tests/unit/unit_tests --jobs 2 --short-filename
say "the same under AddressSanitizer and UndefinedBehaviorSanitizer"
sanitized
UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 ASAN_OPTIONS=detect_leaks=1 \
    build/meson-asan/tests/unit/unit_tests --jobs 2 --short-filename
say "the seeds of the fuzzers"
tools/fuzz.sh --replay
say "end to end"
python=$(python_tools)
status=0
"$python/bin/python" -m pytest -q -p no:cacheprovider tests/e2e "$@" || status=$?
exit $status

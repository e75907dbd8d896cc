#!/usr/bin/env bash
# test: everything. Unit and component tests (also under AddressSanitizer and UndefinedBehaviorSanitizer), then end to end on the
# real package. Runs beside a temporary PostgreSQL.
set -euo pipefail
. tools/lib.sh

if [[ -z ${NARAE_TEST_DATABASE:-} ]]; then
    [[ $(here) != x86_64 ]] || tools/package.sh --arch arm64
    tools/package.sh
    need_packages test
    need_packages fcm
    need_packages sam
    exec tools/with_postgres.sh tools/test.sh "$@"
fi

# What is worth running on an emulated processor: whatever the instruction set could break.
on_arm64=(test_package.py test_runtime.py test_crash.py test_shutdown.py test_push.py test_push_devices.py
    test_snapshot.py test_search_log.py test_search_query.py)

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
if (($# == 0)) && [[ $(here) == x86_64 ]]; then
    say "end to end for arm64: the runtime and each function, under qemu"
    NARAE_TEST_ARCH=arm64 "$python/bin/python" -m pytest -q -p no:cacheprovider "${on_arm64[@]/#/tests/e2e/}" || status=$?
fi
exit $status

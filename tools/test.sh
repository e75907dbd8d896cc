#!/usr/bin/env bash
# test: everything. Unit and component tests (also under AddressSanitizer and UndefinedBehaviorSanitizer), then end to end on the
# real package. Runs beside a temporary PostgreSQL.
set -euo pipefail
. tools/lib.sh

if [[ -z ${NARAE_TEST_DATABASE:-} ]]; then
    [[ $(here) != x86_64 ]] || tools/package.sh --aside arm64
    tools/package.sh --aside "$(here)"
    need_packages test
    need_packages fcm
    need_packages sam
    exec tools/with_postgres.sh tools/test.sh "$@"
fi

# What is worth running on an emulated processor: whatever the instruction set could break.
on_arm64=(test_package.py test_runtime.py test_crash.py test_shutdown.py test_push.py test_push_devices.py
    test_snapshot.py test_search_log.py test_search_query.py)

# Every process writes its own report. Leaks that name no file of ours are the test runner's: it loses a few records of tests.
# A leak of the runner hides the result of the tests in its exit code, so its last line is read.
sanitized() {
    compile build/meson-asan -Db_sanitize=address,undefined -Db_lundef=false
    local reports=$PWD/build/asan ours='#[0-9]+ .* \.\./\.\./(layer|runtime|functions|tests)/'
    rm -rf "$reports"
    mkdir -p "$reports"
    UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 ASAN_OPTIONS=detect_leaks=1:log_path=$reports/report \
        build/meson-asan/tests/unit/unit_tests --jobs 2 --short-filename 2>&1 | tee "$reports/output" || :
    grep -qE 'Tested: [1-9][0-9]* .* Failing: 0 \| Crashing: 0' "$reports/output" || die "a test failed under the sanitizers"
    if grep -lE "$ours" "$reports"/report* 2>/dev/null; then
        grep -hE -B4 -A6 "$ours" "$reports"/report* | head -n 80 >&2
        die "the sanitizers found something; their reports are in $reports"
    fi
}

say "unit and component tests"
build/meson/tests/unit/unit_tests --jobs 2 --short-filename
say "the same under AddressSanitizer and UndefinedBehaviorSanitizer"
sanitized
say "the seeds of the fuzzers"
tools/fuzz.sh --replay
say "end to end"
python=$(python_tools)
python_environment checkov >/dev/null
status=0
"$python/bin/python" -m pytest -q -p no:cacheprovider tests/e2e "$@" || status=$?
if (($# == 0)) && [[ $(here) == x86_64 ]]; then
    say "end to end for arm64: the runtime and each function, under qemu"
    # Its memory would be the emulator's.
    NARAE_TEST_ARCH=arm64 "$python/bin/python" -m pytest -q -p no:cacheprovider "${on_arm64[@]/#/tests/e2e/}" \
        --deselect tests/e2e/test_search_log.py::test_the_largest_event_fits_in_the_memory_that_was_promised || status=$?
fi
exit $status

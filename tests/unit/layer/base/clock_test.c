#include <time.h>

#include <criterion/criterion.h>

#include <narae/clock.h>

#include "tests/support/fake_clock.h"

Test(clock, left_is_what_remains_and_never_negative)
{
    fake_clock_set(0, 1000);

    cr_assert_eq(nr_clock_left_ms(1500), 500);
    cr_assert_eq(nr_clock_left_ms(1000), 0);
    cr_assert_eq(nr_clock_left_ms(10), 0);
    cr_assert_eq(nr_clock_left_ms(NR_CLOCK_NEVER_MS), NR_CLOCK_NEVER_MS);
}

Test(clock, replaced_clocks_are_read)
{
    fake_clock_set(5, 7);
    fake_clock_advance(10);

    cr_assert_eq(nr_clock_wall_ms(), 15);
    cr_assert_eq(nr_clock_mono_ms(), 17);
    cr_assert_eq(nr_clock_mono_us(), 17000);
}

Test(clock, the_kernels_clocks_come_back)
{
    fake_clock_set(5, 7);

    nr_clock_replace(NULL);

    cr_assert_gt(nr_clock_wall_ms(), 1700000000000);
    cr_assert_leq(nr_clock_mono_us(), nr_clock_mono_us());
}

Test(clock, rfc3339_has_milliseconds_and_z)
{
    char text[NR_CLOCK_RFC3339_BYTES];

    nr_clock_rfc3339(0, text);
    cr_assert_str_eq(text, "1970-01-01T00:00:00.000Z");
    nr_clock_rfc3339(1796137608123, text);
    cr_assert_str_eq(text, "2026-12-01T15:06:48.123Z");
    nr_clock_rfc3339(INT64_MAX, text);
    cr_assert_str_eq(text, "1970-01-01T00:00:00.000Z", "a time beyond all calendars: %s", text);
}

/* Against the C library, every 9 days, 1 hour and some, over all years that have four digits. */
Test(clock, rfc3339_knows_the_calendar)
{
    for (int64_t s = 0; s < 253402300800; s += 9 * 86400 + 3661) {
        char text[NR_CLOCK_RFC3339_BYTES];
        char expected[NR_CLOCK_RFC3339_BYTES];
        struct tm utc;
        time_t time = (time_t)s;

        nr_clock_rfc3339(s * 1000 + 7, text);
        strftime(expected, sizeof(expected), "%Y-%m-%dT%H:%M:%S.007Z", gmtime_r(&time, &utc));
        cr_assert_str_eq(text, expected);
    }
}

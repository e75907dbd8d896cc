#include <time.h>

#include <criterion/criterion.h>

#include "functions/search/instant.h"

static int64_t parsed(const char *text)
{
    int64_t ms = -1;

    return instant_parse(nr_view(text), &ms) ? ms : -1;
}

Test(instant, reads_every_form)
{
    cr_assert_eq(parsed("1970-01-01T00:00:00Z"), 0);
    cr_assert_eq(parsed("2018-11-13T20:20:39+00:00"), 1542140439000);
    cr_assert_eq(parsed("2018-11-13t20:20:39z"), 1542140439000);
    cr_assert_eq(parsed("2018-11-13T20:20:39"), 1542140439000, "UBI's own sample");
    cr_assert_eq(parsed("2018-11-14T05:20:39.5+09:00"), 1542140439500);
    cr_assert_eq(parsed("2018-11-13T15:20:39.123456789-05:00"), 1542140439123);
    cr_assert_eq(parsed("2016-12-31T23:59:60Z"), 1483228799000, "a leap second");
    cr_assert_eq(parsed("2024-02-29T00:00:00Z"), 1709164800000);
    cr_assert_eq(parsed("9999-12-31T23:59:59.999Z"), 253402300799999);
}

Test(instant, refuses_everything_else)
{
    static const char *const bad[] = {
        "",
        "2018",
        "2018-11-13",
        "2018-11-13 20:20:39",
        "2018-11-13T20:20",
        "2018-11-13T20:20:39.",
        "2018-13-13T20:20:39Z",
        "2018-00-13T20:20:39Z",
        "2018-11-31T20:20:39Z",
        "2023-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2018-11-13T24:00:00Z",
        "2018-11-13T20:60:39Z",
        "2018-11-13T20:20:61Z",
        "2018-11-13T20:20:39+0900",
        "2018-11-13T20:20:39+24:00",
        "2018-11-13T20:20:39Zx",
        "1969-12-31T23:59:59Z",
        "1970-01-01T00:00:00+09:00",
        "18-11-13T20:20:39Z",
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        cr_assert_eq(parsed(bad[i]), -1, "%s", bad[i]);
}

Test(instant, writes_what_it_reads_on_every_day)
{
    for (int64_t ms = 0; ms < 253402300800000; ms += 86400000LL * 13 + 7261001) {
        char text[INSTANT_BYTES + 1] = "";
        char libc[64];
        time_t s = ms / 1000;
        struct tm tm;

        instant_format(ms, text);
        strftime(libc, sizeof(libc), "%Y-%m-%dT%H:%M:%S", gmtime_r(&s, &tm));
        cr_assert_eq(strncmp(text, libc, strlen(libc)), 0, "%s instead of %s", text, libc);
        cr_assert_eq(parsed(text), ms, "%s", text);
    }
}

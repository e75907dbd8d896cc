#include <stdlib.h>
#include <time.h>

#include <criterion/criterion.h>

#include <narae/rfc3339.h>

Test(nr_rfc3339, reads_times)
{
    static const struct {
        const char *text;
        int64_t unix_ms;
    } cases[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2026-12-01T09:00:00Z", 1796115600000},
        {"2026-12-01t09:00:00z", 1796115600000},
        {"2026-12-01T18:00:00+09:00", 1796115600000},
        {"2026-12-01T04:30:00-04:30", 1796115600000},
        {"2026-12-01T09:00:00.5Z", 1796115600500},
        {"2026-12-01T09:00:00.123999999Z", 1796115600123},
        {"2024-02-29T00:00:00Z", 1709164800000},
        {"2000-02-29T23:59:59Z", 951868799000},
        {"2016-12-31T23:59:60Z", 1483228799000},
        {"9999-12-31T23:59:59.999Z", 253402300799999},
        {"1969-12-31T23:59:59Z", -1000},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t got = 4711;

        cr_expect(nr_rfc3339_parse(nr_view(cases[i].text), &got), "refused %s", cases[i].text);
        cr_expect_eq(got, cases[i].unix_ms, "%s: got %lld", cases[i].text, (long long)got);
    }
}

Test(nr_rfc3339, refuses_what_is_no_time)
{
    static const char *const bad[] = {
        "",
        "tomorrow",
        "2026-12-01",
        "2026-12-01T09:00:00",
        "2026-12-01T09:00Z",
        "2026-12-01 09:00:00Z",
        "2026-12-01T09:00:00Zx",
        "2026-12-01T09:00:00.Z",
        "2026-12-01T09:00:00,5Z",
        "26-12-01T09:00:00Z",
        "2026-13-01T09:00:00Z",
        "2026-00-01T09:00:00Z",
        "2026-02-29T09:00:00Z",
        "2100-02-29T09:00:00Z",
        "2026-04-31T09:00:00Z",
        "2026-12-00T09:00:00Z",
        "2026-12-01T24:00:00Z",
        "2026-12-01T09:60:00Z",
        "2026-12-01T09:00:61Z",
        "2026-12-01T09:00:00+0900",
        "2026-12-01T09:00:00+24:00",
        "2026-12-01T09:00:00+09:60",
        "2026-12-01T09:00:00+9:00",
        "-2026-12-01T09:00:00Z",
        " 2026-12-01T09:00:00Z",
        "+026-12-01T09:00:00Z",
        "1796115600",
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        int64_t got = 4711;

        cr_expect_not(nr_rfc3339_parse(nr_view(bad[i]), &got), "took %s", bad[i]);
        cr_expect_eq(got, 4711, "%s: written in spite of a failure", bad[i]);
    }
}

Test(nr_rfc3339, refuses_every_truncation)
{
    static const char whole[] = "2026-12-01T09:00:00.123+09:00";

    for (size_t len = 0; len < sizeof(whole) - 1; len++) {
        int64_t got;

        cr_expect_not(nr_rfc3339_parse(nr_view_n(whole, len), &got), "took %zu bytes", len);
    }
}

Test(nr_rfc3339, does_not_depend_on_the_time_zone)
{
    int64_t got = 0;

    setenv("TZ", "Asia/Seoul", 1);
    tzset();

    cr_expect(nr_rfc3339_parse(NR_VIEW("2026-12-01T09:00:00Z"), &got));
    cr_expect_eq(got, 1796115600000);
}

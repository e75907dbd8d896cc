#include <stdlib.h>
#include <time.h>

#include <criterion/criterion.h>

#include "functions/snapshot/zone.h"

/* Every three hours and a bit of four years: both sides of each change are met within the hour that matters
 * to a bucket. */
static void expect_same_as_glibc(const char *name, const char *posix)
{
    struct zone zone;

    cr_assert(zone_parse(nr_view(name), &zone), "%s", name);
    setenv("TZ", posix, 1);
    tzset();
    for (int64_t s = 1767225600; s < 1767225600 + (int64_t)4 * 366 * CIVIL_DAY_S; s += 1799) {
        time_t when = s;
        struct tm tm;
        struct civil civil = zone_civil(&zone, s);

        localtime_r(&when, &tm);
        cr_assert(civil.year == tm.tm_year + 1900 && civil.month == tm.tm_mon + 1 &&
                      civil.day == tm.tm_mday && civil.hour == tm.tm_hour && civil.minute == tm.tm_min,
                  "%s at %lld: %d-%d-%d %d:%d", name, (long long)s, civil.year, civil.month, civil.day,
                  civil.hour, civil.minute);
    }
}

Test(zone, knows_the_iana_names_and_reckons_as_glibc_does)
{
    static const char *const names[] = {
        "UTC",
        "Asia/Seoul",
        "Asia/Tokyo",
        "Asia/Kolkata",
        "Europe/Berlin",
        "Europe/Dublin",
        "Europe/London",
        "Africa/Cairo",
        "America/New_York",
        "America/Nuuk",
        "America/Los_Angeles",
        "Australia/Sydney",
        "Asia/Gaza",
        "Africa/Casablanca",
        "Pacific/Chatham",
        "America/St_Johns",
        "Australia/Lord_Howe",
        "Asia/Jerusalem",
        "America/Santiago",
        "Antarctica/Troll",
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        expect_same_as_glibc(names[i], zone_rule_of(nr_view(names[i])));
}

Test(zone, reads_posix_strings)
{
    static const char *const texts[] = {"KST-9",
                                        "CET-1CEST,M3.5.0,M10.5.0/3",
                                        "EST5EDT,M3.2.0,M11.1.0",
                                        "<+0545>-5:45",
                                        "IST-1GMT0,M10.5.0,M3.5.0/1",
                                        "AAA3BBB,J60/0,J300/24",
                                        "AAA3BBB,59,299",
                                        "AAA-11:30:15"};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        expect_same_as_glibc(texts[i], texts[i]);
}

Test(zone, refuses_what_is_neither)
{
    static const char *const bad[] = {"",
                                      "Asia",
                                      "Asia/Seou",
                                      "asia/seoul",
                                      "Seoul",
                                      "+09:00",
                                      "KST",
                                      "KST-",
                                      "KST-168",
                                      "KST-9:60",
                                      "KST-9x",
                                      "<+09-9",
                                      "AA-9",
                                      "CET-1CEST",
                                      "CET-1CEST,M3.5.0",
                                      "CET-1CEST,M13.5.0,M10.5.0",
                                      "CET-1CEST,M3.6.0,M10.5.0",
                                      "CET-1CEST,M3.5.7,M10.5.0",
                                      "CET-1CEST,J0,J300",
                                      "CET-1CEST,366,300",
                                      "CET-1CEST,M3.5.0,M10.5.0,",
                                      " UTC"};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct zone zone = {.std_s = 4711};

        cr_expect_not(zone_parse(nr_view(bad[i]), &zone), "took \"%s\"", bad[i]);
        cr_expect_eq(zone.std_s, 4711);
    }
}

Test(zone, turns_civil_times_back_into_moments)
{
    static const char *const names[] = {"Asia/Seoul", "Europe/Berlin", "America/New_York",
                                        "Australia/Lord_Howe"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct zone zone;
        int n_ambiguous = 0;

        cr_assert(zone_parse(nr_view(names[i]), &zone));
        for (int64_t s = 1767225600; s < 1767225600 + (int64_t)366 * CIVIL_DAY_S; s += 900) {
            int64_t back = zone_unix_s(&zone, zone_civil(&zone, s));

            /* An hour that a clock shows twice comes back as the later one. */
            if (back != s) {
                cr_assert_eq(back - s, zone.dst_s - zone.std_s, "%s at %lld", names[i], (long long)s);
                n_ambiguous++;
            }
        }
        cr_expect_eq(n_ambiguous, zone.has_dst ? (zone.dst_s - zone.std_s) / 900 : 0);
    }
}

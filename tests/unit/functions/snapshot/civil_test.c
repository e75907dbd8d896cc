#include <time.h>

#include <stdlib.h>

#include <criterion/criterion.h>

#include "functions/snapshot/civil.h"

Test(civil, agrees_with_glibc_for_every_day_from_1900_to_2100)
{
    for (int64_t s = -2208988800; s < 4133980800; s += CIVIL_DAY_S - 1) {
        time_t when = s;
        struct tm tm;
        struct civil civil = civil_of(s);
        char week[16];

        gmtime_r(&when, &tm);
        strftime(week, sizeof(week), "%G%V", &tm);
        cr_assert(civil.year == tm.tm_year + 1900 && civil.month == tm.tm_mon + 1 && civil.day == tm.tm_mday,
                  "%lld", (long long)s);
        cr_assert(civil.hour == tm.tm_hour && civil.minute == tm.tm_min && civil.second == tm.tm_sec);
        cr_assert_eq(civil_s(civil), s);
        cr_assert_eq(civil_weekday(civil), tm.tm_wday);
        cr_assert_eq(civil_iso_week(civil), atoi(week), "%lld: %d, not %s", (long long)s,
                     civil_iso_week(civil), week);
    }
}

Test(civil, carries_months_and_days_out_of_range)
{
    struct civil a = civil_of(civil_s((struct civil){.year = 2026, .month = 10 - 1, .day = 31}));
    struct civil b = civil_of(civil_s((struct civil){.year = 2026, .month = 1 - 14, .day = 1}));
    struct civil c = civil_of(civil_s((struct civil){.year = 2024, .month = 3, .day = 0}));

    cr_expect(a.year == 2026 && a.month == 10 && a.day == 1);
    cr_expect(b.year == 2024 && b.month == 11 && b.day == 1);
    cr_expect(c.year == 2024 && c.month == 2 && c.day == 29);
}

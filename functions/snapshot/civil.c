#include "functions/snapshot/civil.h"

/* The count of days starts its years in March, so that the leap day is the last of a year; 400 years
 * repeat. */
enum { ERA_YEARS = 400, ERA_DAYS = 146097, DAYS_TO_1970 = 719468 };

/* Quotient and remainder towards minus infinity: what lies before 1970 is counted like what lies after. */
static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static int64_t days_to(int64_t year, int month, int day)
{
    int64_t y = year - (month <= 2);
    int64_t era = floor_div(y, ERA_YEARS);
    int64_t of_era = y - era * ERA_YEARS;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return era * ERA_DAYS + of_era * 365 + of_era / 4 - of_era / 100 + of_year - DAYS_TO_1970;
}

int64_t civil_s(struct civil civil)
{
    int64_t years = floor_div(civil.month - 1, 12);
    int month = (int)(civil.month - years * 12);

    return ((days_to(civil.year + years, month, civil.day) * 24 + civil.hour) * 60 + civil.minute) * 60 +
           civil.second;
}

struct civil civil_of(int64_t s)
{
    int64_t days = floor_div(s, CIVIL_DAY_S);
    int64_t rest = s - days * CIVIL_DAY_S;
    int64_t era = floor_div(days + DAYS_TO_1970, ERA_DAYS);
    int64_t of_era = days + DAYS_TO_1970 - era * ERA_DAYS;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / (ERA_DAYS - 1)) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t march_month = (5 * of_year + 2) / 153;
    int64_t month = march_month + (march_month < 10 ? 3 : -9);

    return (struct civil){.year = (int)(era * ERA_YEARS + year + (month <= 2)),
                          .month = (int)month,
                          .day = (int)(of_year - (153 * march_month + 2) / 5 + 1),
                          .hour = (int)(rest / 3600),
                          .minute = (int)(rest / 60 % 60),
                          .second = (int)(rest % 60)};
}

int civil_weekday(struct civil civil)
{
    int64_t days = floor_div(civil_s(civil), CIVIL_DAY_S) + 4; /* 1970-01-01 was a Thursday */

    return (int)(days - floor_div(days, 7) * 7);
}

int civil_iso_week(struct civil civil)
{
    int from_monday = (civil_weekday(civil) + 6) % 7;
    struct civil thursday;
    int64_t day_of_year;

    civil.day += 3 - from_monday; /* the week belongs to the year of its Thursday */
    thursday = civil_of(civil_s(civil));
    day_of_year = (civil_s(thursday) - civil_s((struct civil){.year = thursday.year, .month = 1, .day = 1})) /
                  CIVIL_DAY_S;
    return thursday.year * 100 + (int)(day_of_year / 7) + 1;
}

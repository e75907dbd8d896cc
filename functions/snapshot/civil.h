/* civil.h - dates of the Gregorian calendar and seconds, without zone and clock.
 *
 * Is:      pure arithmetic on what a wall calendar shows.
 * Is not:  aware of time zones; zone.h turns a moment into a civil time of a place.
 * Beware:  civil_s() takes months and days out of range and carries them, so that "a month earlier" is month
 *          - 1 and 31 October less a month is 1 October (September has no 31st), as restic and Go count.
 * Source:  ISO 8601 for weeks: week 1 holds the year's first Thursday.
 */
#ifndef NARAE_SNAPSHOT_CIVIL_H
#define NARAE_SNAPSHOT_CIVIL_H

#include <stdint.h>

enum { CIVIL_DAY_S = 24 * 60 * 60 };

struct civil {
    int year, month, day; /* 1 = January, 1 = first */
    int hour, minute, second;
};

/* Seconds from 1970-01-01 00:00 of the same calendar. Years 1 to 9999. */
int64_t civil_s(struct civil civil);

/* The way back. */
struct civil civil_of(int64_t s);

/* 0 = Sunday. */
int civil_weekday(struct civil civil);

/* ISO year * 100 + ISO week: 2027-01-03 is in 202653. */
int civil_iso_week(struct civil civil);

#endif

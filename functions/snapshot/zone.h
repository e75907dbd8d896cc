/* zone.h - the civil time of a place.
 *
 * Is:      pure: a zone is read from an IANA name ("Asia/Seoul") or a POSIX TZ string
 *          ("CET-1CEST,M3.5.0,M10.5.0/3"); the names are a table of this function, since the machine that
 *          runs it may have no time-zone files.
 * Is not:  a history: a zone has one rule for all years, the one in force when the table was made. A snapshot
 *          that is older than a change of law may fall into the neighbouring hour; days, weeks and months
 *          move only at midnight.
 * Beware:  a time that a clock skips or shows twice has one answer all the same (see zone_unix_s).
 * Source:  POSIX.1-2017 section 8.3 (TZ); RFC 8536 section 3.3.1 (hours of -167 to 167).
 */
#ifndef NARAE_SNAPSHOT_ZONE_H
#define NARAE_SNAPSHOT_ZONE_H

#include <stdbool.h>
#include <stdint.h>

#include <narae/view.h>

#include "functions/snapshot/civil.h"

enum { ZONE_NAME_MAX_BYTES = 64 };

/* When a clock is changed in a year, in the time that it shows before. */
struct zone_change {
    char form; /* 'M': weekday of a week of a month; 'J': day 1..365 without 29 February; '0': day 0..365 */
    int month, week; /* of 'M'; week 5 = last */
    int day;         /* weekday (0 = Sunday) of 'M'; else the day of the year */
    int at_s;        /* seconds from midnight, -167 to 167 hours */
};

struct zone {
    int std_s, dst_s; /* seconds east of UTC */
    bool has_dst;
    struct zone_change start, end; /* of dst */
};

/* False, and *out untouched, for a text that is neither. "UTC" is a name as others. */
bool zone_parse(struct nr_view text, struct zone *out);

/* What the clocks of the place show. */
struct civil zone_civil(const struct zone *zone, int64_t unix_s);

/* The moment at which they show it; carries fields out of range as civil_s(). Shown twice: the later;
 * skipped: by the clock that comes after. */
int64_t zone_unix_s(const struct zone *zone, struct civil local);

/* zone_names.c: the POSIX string of an IANA name, or NULL. */
const char *zone_rule_of(struct nr_view name);

#endif

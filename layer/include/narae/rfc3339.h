/* rfc3339.h - a time in text.
 *
 * Is:      pure: "2026-12-01T09:00:00.5+09:00" -> milliseconds since 1970-01-01 UTC.
 * Is not:  for other ISO 8601 forms (week dates, dates alone); nr_clock_rfc3339() writes what this reads.
 * Beware:  digits behind the third of a fraction are read and dropped: services write three or six.
 * Source:  RFC 3339 section 5.6.
 */
#ifndef NARAE_RFC3339_H
#define NARAE_RFC3339_H

#include <stdbool.h>
#include <stdint.h>

#include <narae/view.h>

/* False, and *unix_ms untouched, when text is not a whole RFC 3339 date-time. A leap second counts as the one
 * before. */
bool nr_rfc3339_parse(struct nr_view text, int64_t *unix_ms);

#endif

/* instant.h - a point in time as text, both ways.
 *
 * Is:      pure arithmetic on the Gregorian calendar: "2026-12-01T09:00:00.5+09:00" <-> ms since 1970-01-01
 *          UTC.
 * Is not:  a clock, and no time zone but the offset in the text.
 * Source:  RFC 3339 section 5.6; UBI 1.3.0 has a sample without offset, which is read as UTC.
 */
#ifndef NARAE_SEARCH_INSTANT_H
#define NARAE_SEARCH_INSTANT_H

#include <stdbool.h>
#include <stdint.h>

#include <narae/view.h>

enum { INSTANT_BYTES = sizeof("9999-12-31T23:59:59.999Z") - 1 };

/* False, and *unix_ms untouched, when text is no date-time of the years 1970 to 9999. Digits beyond
 * milliseconds are dropped; a leap second counts as the one before. */
bool instant_parse(struct nr_view text, int64_t *unix_ms);

/* INSTANT_BYTES bytes, without NUL. unix_ms in 1970 to 9999. */
void instant_format(int64_t unix_ms, char *out);

#endif

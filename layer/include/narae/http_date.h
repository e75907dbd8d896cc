/* http_date.h - a time as HTTP headers write it.
 *
 * Is:      pure: "Sun, 06 Nov 1994 08:49:37 GMT", and the two older forms that a recipient must take.
 * Source:  RFC 9110 section 5.6.7.
 */
#ifndef NARAE_HTTP_DATE_H
#define NARAE_HTTP_DATE_H

#include <stdbool.h>
#include <stdint.h>

#include <narae/view.h>

/* False, and *unix_s untouched, when text is no HTTP date. */
bool nr_http_date_parse(struct nr_view text, int64_t *unix_s);

#endif

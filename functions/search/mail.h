/* mail.h - e-mail addresses in a text.
 *
 * Is:      pure: from an "at" sign to both ends of the address around it.
 * Is not:  a validator (RFC 5322): what a reader would take for an address is one.
 * Beware:  "@nickname" is a mention, not an address: a name in front and a dot behind are needed.
 */
#ifndef NARAE_SEARCH_MAIL_H
#define NARAE_SEARCH_MAIL_H

#include <stdbool.h>
#include <stddef.h>

#include "functions/search/glyph.h"

/* Is glyph `at` the middle of an address? Then *first and *end are its glyphs: from first up to, not with,
 * end. */
bool mail_find(const struct glyph *glyphs, size_t n, size_t at, size_t *first, size_t *end);

#endif

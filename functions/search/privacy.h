/* privacy.h - personal data in a text becomes placeholders.
 *
 * Is:      pure: text in, the same text out with <email>, <rrn>, <card>, <phone> and <num> in the place of
 *          e-mail addresses, resident registration numbers, payment cards, telephone numbers and other long
 *          numbers.
 * Is not:  anonymisation: names, addresses and numbers in words stay; rare queries are for the lake's
 *          k-threshold.
 * Beware:  it is replaced, not masked: nothing of the original, not even its length, is left. Numbers of
 *          books and goods (valid ISBN, EAN-13) stay, and so do fewer than eight digits, but for the seven
 *          of a masked resident number.
 * Source:  docs/search-privacy.md has the rules with examples.
 */
#ifndef NARAE_SEARCH_PRIVACY_H
#define NARAE_SEARCH_PRIVACY_H

#include <stdbool.h>
#include <stddef.h>

#include <narae/buf.h>
#include <narae/view.h>

#include "functions/search/digits.h"

/* What kind of text it is. */
enum privacy_scope {
    PRIVACY_WORDS, /* somebody typed it */
    PRIVACY_KEY    /* a program made it: plain numbers are names of things */
};

/* Is there surely nothing to replace? True is certain; false means: look closer. Most texts end here. */
bool privacy_is_clean(struct nr_view text, enum privacy_scope scope);

/* Append the text as a JSON string, if one look says that it is clean, and short, and can stand there as it
 * is; most can. Else nothing is appended.
 *
 * text  in  valid UTF-8 */
bool privacy_add_clean(struct nr_view text, enum privacy_scope scope, struct nr_buf *out);

/* Append `text` to `out`, scrubbed.
 *
 * text   in      valid UTF-8; of one that is not surely clean and longer than GLYPHS_MAX bytes, "<long>" is
 *                left
 * found  in out  bit 1 << kind is set for each kind that was replaced */
void privacy_scrub(struct nr_view text, enum privacy_scope scope, struct nr_buf *out, unsigned *found);

/* "email", "rrn" ...; never NULL. */
const char *privacy_kind_name(enum privacy_kind kind);

#endif

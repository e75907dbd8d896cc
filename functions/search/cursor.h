/* cursor.h - a position that a stranger keeps for us.
 *
 * Is:      pure: position in, text for an URL out, and back; signed together with the search that it belongs
 *          to.
 * Is not:  a secret: whoever has it can read the position in it, but cannot make another.
 * Beware:  `context` is what the cursor must not be used apart from (the query, the sources); the same bytes
 *          must come back with it.
 */
#ifndef NARAE_SEARCH_CURSOR_H
#define NARAE_SEARCH_CURSOR_H

#include <stdint.h>

#include <narae/attr.h>
#include <narae/buf.h>
#include <narae/err.h>
#include <narae/view.h>

#include "functions/search/position.h"

enum {
    CURSOR_TEXT_BYTES = 56,
    CURSOR_KEY_MIN_BYTES = 32, /* RFC 2104 section 3: less than the hash's length is strongly discouraged */
    CURSOR_PAGE_MAX = 65535
};

struct cursor {
    struct search_position after;
    uint16_t page; /* the number of the page that it opens: 2 and up */
};

/* Append the text. Returns 0, or -1: UNAVAILABLE. */
int cursor_format(const struct cursor *cursor, struct nr_view key, struct nr_view context, struct nr_buf *out,
                  struct nr_err *err) NR_MUST_CHECK;

/* Returns 0, or -1: INVALID, Function.InvalidCursor: not one of ours, or of another search, or made with
 * another key. */
int cursor_parse(struct nr_view text, struct nr_view key, struct nr_view context, struct cursor *out,
                 struct nr_err *err) NR_MUST_CHECK;

#endif

/* position.h - where a list of results goes on.
 *
 * Is:      the place of one result in the order of all: how well it matches, then how late it ranks, then
 *          which source it is from, then its number.
 * Is not:  an offset: results that come or go before it move nothing.
 */
#ifndef NARAE_SEARCH_POSITION_H
#define NARAE_SEARCH_POSITION_H

#include <stdint.h>

enum search_source { SEARCH_PERSON, SEARCH_POST, SEARCH_N_SOURCES };

/* How well a result matches; better ones come first, whatever their rank. */
enum search_bucket {
    SEARCH_BEFORE_ALL = -1, /* no result: the place before the first */
    SEARCH_EXACT,
    SEARCH_PREFIX,
    SEARCH_CONTAINS,
    SEARCH_N_BUCKETS
};

struct search_position {
    enum search_bucket bucket;
    int64_t ranked_unix_us; /* later ones come first */
    enum search_source source;
    int64_t id; /* higher ones come first */
};

static const struct search_position SEARCH_START = {SEARCH_BEFORE_ALL, 0, SEARCH_PERSON, 0};

#endif

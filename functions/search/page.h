/* page.h - the results of all sources, in one order, a page of them.
 *
 * Is:      pure: lists that are in order already go in, the first results of all of them come out.
 * Is not:  a sort; a list out of order gives a page out of order.
 */
#ifndef NARAE_SEARCH_PAGE_H
#define NARAE_SEARCH_PAGE_H

#include <stdbool.h>
#include <stddef.h>

#include <narae/view.h>

#include "functions/search/position.h"

enum { PAGE_HITS_MAX = 50 }; /* more is no page that somebody reads */

/* One result; views borrow from its list. */
struct page_hit {
    struct search_position at;
    struct nr_view ref;   /* the app's own id */
    struct nr_view title; /* nickname, or title of the post */
};

struct page_list {
    const struct page_hit *hits;
    size_t n;
};

struct page {
    struct page_hit hits[PAGE_HITS_MAX];
    size_t n;
    bool has_more; /* some list had results left */
};

/* Take the first `limit` (at most PAGE_HITS_MAX) results of all lists. */
void page_merge(const struct page_list *lists, size_t n_lists, size_t limit, struct page *out);

#endif

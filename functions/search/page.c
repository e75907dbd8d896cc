#include "functions/search/page.h"

/* Does a come before b? Two results never have the same position. */
static bool is_before(const struct search_position *a, const struct search_position *b)
{
    if (a->bucket != b->bucket)
        return a->bucket < b->bucket;
    if (a->ranked_unix_us != b->ranked_unix_us)
        return a->ranked_unix_us > b->ranked_unix_us;
    if (a->source != b->source)
        return a->source < b->source;
    return a->id > b->id;
}

/* The list whose next result is first; NULL when all are empty. */
static struct page_list *next_of(struct page_list *lists, size_t n_lists)
{
    struct page_list *best = NULL;

    for (size_t i = 0; i < n_lists; i++)
        if (lists[i].n && (!best || is_before(&lists[i].hits->at, &best->hits->at)))
            best = &lists[i];
    return best;
}

void page_merge(const struct page_list *lists, size_t n_lists, size_t limit, struct page *out)
{
    struct page_list left[SEARCH_N_SOURCES];
    struct page_list *next;

    for (size_t i = 0; i < n_lists; i++)
        left[i] = lists[i];
    out->n = 0;
    while ((next = next_of(left, n_lists)) && out->n < limit && out->n < PAGE_HITS_MAX) {
        out->hits[out->n++] = *next->hits++;
        next->n--;
    }
    out->has_more = next != NULL;
}

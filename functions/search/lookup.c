#include <narae/clock.h>

#include "functions/search/lookup.h"

static int know_index(struct nr_pg *pg, struct lookup_index *index, int64_t deadline_mono_ms,
                      struct nr_err *err)
{
    int64_t now_mono_ms = nr_clock_mono_ms();

    if (index->index != CATALOG_UNKNOWN && now_mono_ms - index->asked_mono_ms < LOOKUP_INDEX_KEPT_MS)
        return 0;
    if (catalog_find_index(pg, deadline_mono_ms, &index->index, err) != 0)
        return -1;
    index->asked_mono_ms = now_mono_ms;
    return 0;
}

static size_t read_hits(const struct nr_pg_rows *rows, enum search_source source, struct page_hit *out)
{
    size_t n = nr_pg_rows_count(rows);

    if (n > PAGE_HITS_MAX + 1)
        n = PAGE_HITS_MAX + 1;
    for (size_t i = 0; i < n; i++)
        out[i] = (struct page_hit){.at = {.bucket = (enum search_bucket)nr_pg_int(rows, i, CATALOG_BUCKET),
                                          .ranked_unix_us = nr_pg_int(rows, i, CATALOG_RANKED_US),
                                          .source = source,
                                          .id = nr_pg_int(rows, i, CATALOG_ID)},
                                   .ref = nr_pg_text(rows, i, CATALOG_REF),
                                   .title = nr_pg_text(rows, i, CATALOG_TITLE)};
    return n;
}

/* One row more than the page holds says whether there is another page. */
static int find_all(struct nr_pg *pg, struct catalog_ask *ask, const struct search_request *request,
                    int64_t deadline_mono_ms, struct lookup *out, struct nr_err *err)
{
    struct page_hit hits[SEARCH_N_SOURCES][PAGE_HITS_MAX + 1];
    struct page_list lists[SEARCH_N_SOURCES];
    size_t n_lists = 0;

    ask->n_wanted = request->limit + 1;
    for (int source = 0; source < SEARCH_N_SOURCES; source++) {
        if (!request->wants[source])
            continue;
        ask->source = (enum search_source)source;
        if (catalog_find(pg, ask, deadline_mono_ms, &out->rows[source], err) != 0)
            return -1;
        lists[n_lists].hits = hits[source];
        lists[n_lists++].n = read_hits(out->rows[source], ask->source, hits[source]);
    }
    page_merge(lists, n_lists, request->limit, &out->page);
    return 0;
}

int lookup_run(struct nr_pg *pg, struct lookup_index *index, const struct search_request *request,
               const struct search_position *after, int64_t deadline_mono_ms, struct lookup *out,
               struct nr_err *err)
{
    struct catalog_ask ask = {.query = &request->query, .after = *after};
    struct lookup found = {0};

    if (know_index(pg, index, deadline_mono_ms, err) != 0)
        return -1;
    ask.index = index->index;
    if (find_all(pg, &ask, request, deadline_mono_ms, &found, err) != 0) {
        lookup_done(&found);
        return -1;
    }
    *out = found;
    return 0;
}

void lookup_done(struct lookup *lookup)
{
    for (int i = 0; i < SEARCH_N_SOURCES; i++)
        nr_pg_rows_free(lookup->rows[i]);
    *lookup = (struct lookup){0};
}

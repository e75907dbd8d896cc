/* lookup.h - a page of results, found.
 *
 * Is:      the questions to the database that a page needs, and their answers put in one order.
 * Beware:  a page borrows from the rows that a lookup owns.
 */
#ifndef NARAE_SEARCH_LOOKUP_H
#define NARAE_SEARCH_LOOKUP_H

#include <stdint.h>

#include <narae/attr.h>
#include <narae/err.h>
#include <narae/pg.h>

#include "functions/search/catalog.h"
#include "functions/search/page.h"
#include "functions/search/request.h"

/* Which indexes the database has, asked for again now and then: an operator adds or drops them under us. */
struct lookup_index {
    enum catalog_index index;
    int64_t asked_mono_ms;
};

enum { LOOKUP_INDEX_KEPT_MS = 10 * 60 * 1000 };

struct lookup {
    struct page page;
    struct nr_pg_rows *rows[SEARCH_N_SOURCES]; /* owned */
};

/* Find the page of `request` that comes after a position.
 *
 * index  in, out  zeroed at first; kept by the caller
 * out    out      the caller's, lookup_done(); zeroed on failure
 * Returns 0, or -1 as nr_pg_run(); NOT_FOUND, Function.MissingSchema. */
int lookup_run(struct nr_pg *pg, struct lookup_index *index, const struct search_request *request,
               const struct search_position *after, int64_t deadline_mono_ms, struct lookup *out,
               struct nr_err *err) NR_MUST_CHECK;

/* Accepts a zeroed lookup. */
void lookup_done(struct lookup *lookup);

#endif

/* catalog.h - what search_query asks of PostgreSQL, every SQL statement as a named function.
 *
 * Is:      one statement for a page of one source, whatever its three buckets hold; by pg_bigm's indexes
 *          where the database has them, else by those of narae_search.grams().
 * Is not:  where the sources' results are put in one order (page.h does that).
 * Beware:  a word that very many rows hold is not read to the end to be sorted: from 2,000 rows on the latest
 *          rows are looked at one by one instead, which fills a page soonest just then.
 */
#ifndef NARAE_SEARCH_CATALOG_H
#define NARAE_SEARCH_CATALOG_H

#include <stddef.h>
#include <stdint.h>

#include <narae/err.h>
#include <narae/pg.h>

#include "functions/search/position.h"
#include "functions/search/query.h"

enum catalog_index {
    CATALOG_UNKNOWN, /* not asked yet */
    CATALOG_GRAMS,   /* needs no extension */
    CATALOG_BIGM,
    CATALOG_N_INDEXES
};

/* Which indexes the database has: what schema.sql made.
 * Returns 0, or -1 as nr_pg_run(); INVALID, Function.MissingSchema, when schema.sql was not run. */
int catalog_find_index(struct nr_pg *pg, int64_t deadline_mono_ms, enum catalog_index *out,
                       struct nr_err *err) NR_MUST_CHECK;

/* One page's worth of one source. */
struct catalog_ask {
    enum catalog_index index; /* not CATALOG_UNKNOWN */
    enum search_source source;
    const struct query *query;
    struct search_position after;
    size_t n_wanted; /* rows at most */
};

enum { CATALOG_BUCKET, CATALOG_RANKED_US, CATALOG_ID, CATALOG_REF, CATALOG_TITLE }; /* columns of a row */

/* Rows in the order of their positions. *out is the caller's, nr_pg_rows_free().
 * Returns 0, or -1 as nr_pg_run(). */
int catalog_find(struct nr_pg *pg, const struct catalog_ask *ask, int64_t deadline_mono_ms,
                 struct nr_pg_rows **out, struct nr_err *err) NR_MUST_CHECK;

/* The same statement behind `before`, for EXPLAIN: plans are part of what is promised. */
int catalog_explain(struct nr_pg *pg, const struct catalog_ask *ask, const char *before,
                    struct nr_pg_rows **out, struct nr_err *err) NR_MUST_CHECK;

#endif

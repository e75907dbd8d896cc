/* answer.h - what search_query answers.
 *
 * Is:      pure: a page in, the reply's JSON out, alone or as an HTTP response.
 * Beware:  a stranger who asks over HTTP learns what is wrong with his own request and nothing else; the
 *          reasons of our failures are for the log.
 */
#ifndef NARAE_SEARCH_ANSWER_H
#define NARAE_SEARCH_ANSWER_H

#include <stdbool.h>
#include <stdint.h>

#include <narae/attr.h>
#include <narae/buf.h>
#include <narae/err.h>

#include "functions/search/page.h"

struct answer {
    const struct page *page;
    struct nr_view query_id;
    struct nr_view next_cursor; /* ptr NULL = this was the last page */
    int64_t number;             /* of the page, from 1 */
    int64_t took_us;
};

/* Append {"query_id":...}; check `out` afterwards. */
void answer_format(const struct answer *answer, struct nr_buf *out);

/* Append the response of an HTTP API: status 200 and `body`. */
void answer_http(struct nr_view body, struct nr_buf *out);

/* The same for a request that is wrong: it says how. */
void answer_http_refusal(const struct nr_err *why, struct nr_buf *out);

/* The same for a failure of ours: the status follows from its kind, and nothing else does. */
void answer_http_failure(const struct nr_err *why, struct nr_buf *out);

/* "person" or "post", "exact", "prefix" or "contains". */
const char *answer_source_name(enum search_source source);
const char *answer_bucket_name(enum search_bucket bucket);

#endif

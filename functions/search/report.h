/* report.h - the search event of one search, as search_log takes it.
 *
 * Is:      pure: what was asked and what came of it in, JSON out; the wire form is
 *          schema/search-event.schema.json.
 * Is not:  scrubbed: search_log does that, before anything is stored.
 */
#ifndef NARAE_SEARCH_REPORT_H
#define NARAE_SEARCH_REPORT_H

#include <stdint.h>

#include <narae/buf.h>
#include <narae/err.h>

#include "functions/search/page.h"
#include "functions/search/request.h"

struct report {
    const struct search_request *request;
    const struct page *page; /* NULL = the search failed */
    enum nr_err_kind error;  /* why; NR_ERR_NONE = it did not */
    struct nr_view event_id; /* the invocation's: a repeated one is the same event */
    struct nr_view query_id;
    int64_t number; /* of the page, from 1 */
    int64_t took_us;
    struct nr_view now; /* RFC 3339 */
};

/* Append the event; check `out` afterwards. */
void report_format(const struct report *report, struct nr_buf *out);

#endif

/* request.h - what search_query is asked.
 *
 * Is:      pure: an event in (an object of our own, or an HTTP API v2 / Function URL request whose query
 *          string has the same members), a checked request out; the wire form is
 *          schema/search-query.schema.json.
 * Beware:  views borrow from the event's JSON; the query's point into the request itself, so it must not be
 *          copied.
 */
#ifndef NARAE_SEARCH_REQUEST_H
#define NARAE_SEARCH_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include <narae/attr.h>
#include <narae/err.h>
#include <narae/view.h>

#include "functions/search/position.h"
#include "functions/search/query.h"

enum {
    REQUEST_ID_MAX_BYTES = 100, /* UBI 1.3.0: ids have at most 100 characters */
    REQUEST_LIMIT_SEARCH = 20,
    REQUEST_LIMIT_MENTION = 10, /* as many as fit above a keyboard */
};

struct search_request {
    enum query_mode mode;
    bool wants[SEARCH_N_SOURCES];
    struct nr_view typed; /* as it came */
    struct query query;
    size_t limit;
    struct nr_view cursor; /* ptr NULL = from the start */
    /* Who asked, for the search event; ptr NULL = unknown. */
    struct nr_view query_id, application, client_id, session_id, user_id;
    bool is_opt_out; /* no search event */
};

/* Did an HTTP API or Function URL send it? Then the answer is an HTTP response, whatever happens. */
bool request_is_http(const json_t *event);

/* Returns 0, or -1: INVALID: Function.InvalidQuery, Function.InvalidMessage ("limit: ...");
 * Function.InvalidMethod (HTTP, not GET); UNAVAILABLE (memory). `out` is whole only on success. */
int request_parse(const json_t *event, struct search_request *out, struct nr_err *err) NR_MUST_CHECK;

#endif

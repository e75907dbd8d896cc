/* event.h - one search event, read and checked.
 *
 * Is:      pure: JSON text in, checked values out; the wire form is schema/search-event.schema.json, a
 *          superset of UBI 1.3.0's query request and event.
 * Is not:  what is stored: nothing here is scrubbed yet (row.h does that).
 * Beware:  views borrow from the text or from the arena; the next event that is parsed into an arena ends
 *          them.
 * Source:  UBI 1.3.0 (o19s/ubi, schema/1.3.0).
 */
#ifndef NARAE_SEARCH_EVENT_H
#define NARAE_SEARCH_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <narae/buf.h>
#include <narae/err.h>
#include <narae/view.h>

#include "functions/search/scan.h"

enum search_event_type {
    SEARCH_EVENT_SEARCH,
    SEARCH_EVENT_CLICK,
    SEARCH_EVENT_IMPRESSION,
    SEARCH_EVENT_ACTION
};

enum {
    /* UBI has no limit; what is longer was pasted, not searched for. */
    SEARCH_QUERY_MAX_CHARS = 1024,
    SEARCH_MESSAGE_MAX_CHARS = 1024,  /* UBI */
    SEARCH_TEXT_MAX_CHARS = 100,      /* UBI, for every name and id but the two below */
    SEARCH_OBJECT_ID_MAX_CHARS = 256, /* UBI */
    SEARCH_FILTER_MAX_CHARS = 256,
    SEARCH_FILTERS_MAX = 32, /* names in filters, and values in one of them */
    SEARCH_HITS_MAX = 1000,
    SEARCH_HITS_KEPT = 20, /* the first page is what click positions are about */
    /* A client's clock may be wrong by so much; what is further ahead would lie in a partition that does not
       exist. */
    SEARCH_FUTURE_MAX_MS = 5 * 60 * 1000,
    SEARCH_EVENT_MAX_BYTES = 64 * 1024, /* a sixteenth of what a stream's record holds by default */
};

/* Texts: ptr NULL = absent. Numbers: -1 = absent. */
struct search_event {
    enum search_event_type type;
    int64_t timestamp_unix_ms;
    bool is_opt_out; /* nothing else is filled in then */
    struct nr_view event_id, application, query_id, client_id, session_id, user_id;
    struct nr_view user_query, lang, sort, error, object_id_field, query_response_id;
    struct nr_view action_name, message_type, message;
    struct nr_view object_id, object_id_type, internal_id;
    struct nr_view took_ms, position_x, position_y; /* JSON numbers as they stand */
    struct nr_view filters, query_attributes; /* checked JSON objects as they stand; filters is what counts */
    int64_t schema_version, result_count, page, page_size, position;
    struct nr_view hit_ids[SEARCH_HITS_KEPT];
    size_t n_hit_ids;
    size_t n_unknown; /* members that are not ours: dropped */
};

/* Where an event stands, for errors: "Records[3].body[2]", "body[2]", "[2]". */
struct event_place {
    enum { EVENT_ALONE, EVENT_IN_BODY, EVENT_IN_RECORD } in;
    size_t record;
    bool is_one_of; /* of several */
    size_t index;
};

enum { EVENT_PLACE_BYTES = 80 };

/* The place as text; "" for an event alone. */
void event_place_format(const struct event_place *place, char out[EVENT_PLACE_BYTES]);

/* Read the event that comes next in a scan.
 *
 * scan         in out  moves behind the event, read or refused; after a fault of it there is no next one
 * place        in      the event's, for errors: "Records[3].body" gives "Records[3].body.page: ..."
 * now_unix_ms  in      wall clock: when a search without timestamp was, and the bound of all others
 * arena        in      texts with escapes go here; what was in it is forgotten
 * out          out     borrows from the scan's text and from the arena; no matter on failure
 * Returns 0, or -1: INVALID, Function.InvalidJson, Function.InvalidEvent or Function.TooLarge (no room for it
 * in the arena), without a byte of the text; UNAVAILABLE (memory). */
int search_event_read(struct scan *scan, const struct event_place *place, int64_t now_unix_ms,
                      struct nr_buf *arena, struct search_event *out, struct nr_err *err) NR_MUST_CHECK;

/* The same of a text that is one event and nothing else. */
int search_event_parse(struct nr_view text, const struct event_place *place, int64_t now_unix_ms,
                       struct nr_buf *arena, struct search_event *out, struct nr_err *err) NR_MUST_CHECK;

struct nr_view search_event_type_name(enum search_event_type type);

#endif

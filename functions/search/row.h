/* row.h - an event as it is stored: one line of JSON.
 *
 * Is:      the only way from an event to the stream: texts in NFC and scrubbed, ids of people as pseudonyms,
 *          members in the order of schema/search-record.schema.json.
 * Is not:  a place for anything that came from outside untouched, but numbers and checked tokens.
 */
#ifndef NARAE_SEARCH_ROW_H
#define NARAE_SEARCH_ROW_H

#include <stddef.h>
#include <stdint.h>

#include <narae/buf.h>
#include <narae/err.h>
#include <narae/view.h>

#include "functions/search/event.h"
#include "functions/search/instant.h"
#include "functions/search/pseudonym.h"

/* What every row of an invocation shares, and room to work in. */
struct row_maker {
    const struct pseudonym_key *key;
    char received[INSTANT_BYTES]; /* when, as text */
    struct nr_buf nfc, scrubbed, norm, filters;
};

void row_maker_init(struct row_maker *maker, const struct pseudonym_key *key, int64_t received_unix_ms);
void row_maker_done(struct row_maker *maker);

/* Append the row of an event, without newline.
 *
 * source  in      what carried the event (an SQS message id, a request id): "SOURCE.INDEX" is the id of an
 *                 event that has none of its own, the same whenever the message is carried again
 * out     in out  good; nothing is appended on failure
 * pii     out     bit 1 << privacy_kind for each kind that was replaced
 * Returns 0, or -1: UNAVAILABLE (memory), INVALID (out or the room to work in is full), BUG (an id longer than
 * event.h lets through). */
int row_write(struct row_maker *maker, const struct search_event *event, struct nr_view source, size_t index,
              struct nr_buf *out, unsigned *pii, struct nr_err *err) NR_MUST_CHECK;

#endif

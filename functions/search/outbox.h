/* outbox.h - rows on their way to the stream.
 *
 * Is:      rows gather here, are packed and stored when there is a request full of them, and whatever could
 *          not be stored is reported under the item that it came in.
 * Is not:  kept beyond one invocation: outbox_flush() at its end leaves nothing.
 * Beware:  rows are appended to `text` by whoever writes them; outbox_close() then says what they are.
 */
#ifndef NARAE_SEARCH_OUTBOX_H
#define NARAE_SEARCH_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <narae/buf.h>
#include <narae/err.h>

#include "functions/search/kinesis.h"
#include "functions/search/pack.h"

struct outbox_options {
    struct kinesis_stream stream;
    size_t record_bytes, request_bytes;
    bool is_by_session;
    int64_t deadline_mono_ms; /* nothing is sent behind it */
    /* Rows of `item`, n_events of them, are not stored. Perhaps more than once for an item. */
    void (*lost)(void *ctx, uint32_t item, size_t n_events);
    void *ctx;
};

/* What has become of the rows. */
struct outbox_tally {
    struct kinesis_tally kinesis;
    size_t n_records, n_events; /* stored */
    size_t billed_bytes;        /* for the records that were stored, in Firehose's steps */
    size_t billed_alone_bytes;  /* for the same rows, each in a record of its own */
};

struct outbox {
    struct outbox_options options;
    struct nr_buf text; /* rows, each with a newline behind it */
    struct nr_buf sorted, body;
    struct pack_unit *units; /* owned; OUTBOX_UNITS_MAX */
    size_t n_units;
    struct pack_record *records; /* owned; as many */
    bool is_over;                /* a permanent error or the deadline: the rest is lost without a try */
    struct nr_err why;           /* the last reason of a loss */
    struct outbox_tally tally;
};

enum { OUTBOX_UNITS_MAX = 8192 };

/* Where rows stood, to go back to. */
struct outbox_mark {
    size_t len, n_units;
};

/* Returns 0, or -1: UNAVAILABLE (memory). */
int outbox_init(struct outbox *outbox, const struct outbox_options *options,
                struct nr_err *err) NR_MUST_CHECK;

/* Accepts a zeroed one. */
void outbox_done(struct outbox *outbox);

/* Rows of about so many bytes will come: room for them, or for a request of them, is had at once. */
void outbox_expect(struct outbox *outbox, size_t n_bytes);

static inline struct outbox_mark outbox_mark(const struct outbox *outbox)
{
    return (struct outbox_mark){outbox->text.len, outbox->n_units};
}

/* Forget all rows since. None of them may have been stored: call outbox_make_room() only between items. */
void outbox_rewind(struct outbox *outbox, struct outbox_mark mark);

/* The rows from `start` to the end of `text`, whose last newline is there, are one unit.
 *
 * n_events  in  1 to PACK_EVENTS_MAX
 * session   in  a hash: units of one share a lane
 * No more than 64 units may be closed between two calls of outbox_make_room(). */
void outbox_close(struct outbox *outbox, size_t start, size_t n_events, uint32_t item, uint64_t session);

/* Store, when a request is full. */
void outbox_make_room(struct outbox *outbox);

/* Store everything. */
void outbox_flush(struct outbox *outbox);

#endif

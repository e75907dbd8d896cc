/* log_batch.h - the events of one invocation on their way into rows.
 *
 * Is:      what search_log does with a message, a request or an event: rows into the outbox, refusals and
 *          losses kept account of under the item that they belong to.
 * Is not:  how Lambda is answered (search_log.c).
 * Beware:  an SQS message is one item: stored as a whole, or not at all. In a request and in direct events
 *          each event is one.
 */
#ifndef NARAE_SEARCH_LOG_BATCH_H
#define NARAE_SEARCH_LOG_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <narae/buf.h>
#include <narae/err.h>
#include <narae/handler.h>

#include "functions/search/decode.h"
#include "functions/search/intake.h"
#include "functions/search/log_reply.h"
#include "functions/search/log_settings.h"
#include "functions/search/outbox.h"
#include "functions/search/row.h"

/* What was seen in events that were not refused; of a message that comes back, each time. */
struct log_findings {
    size_t n_opted_out, n_with_pii; /* events */
    size_t n_unknown;               /* members */
};

struct log_batch {
    const struct nr_request *request;
    struct intake intake;
    struct row_maker rows;
    struct decode decode;
    struct nr_buf body;  /* of a message, without its escapes */
    struct nr_buf arena; /* texts of the event at hand */
    struct outbox outbox;
    struct log_reply reply;
    size_t n_items;   /* messages, or events */
    size_t n_events;  /* that could be read, of messages that could be; of requests all */
    size_t n_refused; /* messages, each time that they come, or events: they can never be stored */
    size_t n_lost;    /* events that could not be stored now; of a message that was not read, one */
    struct log_findings found;
    int64_t now_unix_ms;
    int64_t started_us;
};

/* Borrows request. */
void log_batch_init(struct log_batch *batch, const struct nr_request *request);
void log_batch_done(struct log_batch *batch);

/* What rows need: the key of pseudonyms, which must have been read, and an outbox. After intake.
 * Returns 0, or -1: UNAVAILABLE (memory). */
int log_batch_prepare(struct log_batch *batch, const struct log_settings *settings, int64_t deadline_mono_ms,
                      struct nr_err *err) NR_MUST_CHECK;

/* What a raw string of the event means; alive until the next one.
 * Returns 0, or -1: INVALID, Function.InvalidJson (an escape that is none) or Function.TooLarge; UNAVAILABLE
 * (memory). */
int log_batch_body(struct log_batch *batch, struct nr_view raw, struct nr_view *out,
                   struct nr_err *err) NR_MUST_CHECK;

/* Every message of the SQS event: stored, or marked as failed in intake.sqs. */
void log_batch_take_messages(struct log_batch *batch);

/* None of them could be tried, for this reason: they come back. */
void log_batch_give_back(struct log_batch *batch, const struct nr_err *why);

/* Look through events before anything of them is stored, and count them: one, several one after the other, or
 * an array.
 *
 * is_body  in  they came as a body: errors say so
 * Returns 0, or -1: INVALID, Function.InvalidJson (broken) or Function.TooLarge (too many). */
int log_batch_check_events(struct log_batch *batch, struct nr_view text, bool is_body, size_t max_events,
                           struct nr_err *err) NR_MUST_CHECK;

/* Each event: stored, or refused or lost in `reply`. */
void log_batch_take_events(struct log_batch *batch, struct nr_view text, bool is_body);

#endif

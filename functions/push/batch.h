/* batch.h - the messages of one event, and what becomes of each.
 *
 * Is:      records read into push messages, the order in which they may be sent, and the marks that the reply
 *          is made of.
 * Is not:  the sending (round.h).
 * Beware:  in a FIFO queue the messages of a group go one after the other, and what comes behind a failed one
 *          goes back unsent: sending it would turn the order around.
 * Source:  Lambda Developer Guide, "services-sqs-errorhandling" (FIFO: stop at the first failure).
 */
#ifndef NARAE_PUSH_BATCH_H
#define NARAE_PUSH_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <narae/err.h>
#include <narae/sqs.h>

#include "functions/push/event.h"
#include "functions/push/outcome.h"

enum batch_fate {
    BATCH_OPEN,      /* to be sent */
    BATCH_DONE,      /* deleted from the queue */
    BATCH_EXPIRED,   /* too late: deleted */
    BATCH_MALFORMED, /* poison: batch_why() */
    BATCH_REFUSED,   /* poison: none of its sends can be made */
    BATCH_AGAIN,     /* back to the queue for wait_ms */
};

struct batch_item {
    enum batch_fate fate;
    int64_t wait_ms;
    struct outcome outcome;
};

struct batch {
    struct nr_sqs_batch sqs;
    struct batch_item *items;      /* owned: one for each record */
    struct push_message *messages; /* owned: as many; zeroed where malformed */
    bool *is_left_out;             /* owned: of the present turn */
    size_t n;
    bool parks_poison; /* a message that is parked is dealt with, and holds up nobody behind it */
};

/* Read the records. spare_wait_ms: how long messages that may wait must stay away; 0 = they need not.
 * Returns 0, or -1: INVALID (no batch), UNAVAILABLE. Release with batch_done() in any case. */
int batch_parse(struct batch *batch, const json_t *event, int64_t now_unix_ms, int64_t spare_wait_ms,
                bool parks_poison, struct nr_err *err) NR_MUST_CHECK;
void batch_done(struct batch *batch);

/* Choose who is sent next, in is_left_out: all open messages of a standard queue, the first open one of each
 * group of a FIFO queue. False when nobody is left. */
bool batch_next_turn(struct batch *batch);

/* Give a message its fate. Behind one that fails, its FIFO group goes back with it. */
void batch_settle(struct batch *batch, size_t i, enum batch_fate fate, int64_t wait_ms);

/* Why a message is malformed: it is read once more, since keeping an error for each would cost megabytes. */
void batch_why(const struct batch *batch, size_t i, struct nr_err *err);

/* How many have this fate. */
size_t batch_count(const struct batch *batch, enum batch_fate fate);

#endif

/* h2_settle.h - the fate of each request.
 *
 * Is:      the one place where a slot leaves its connection, and where done() is called.
 * Beware:  "not processed" must be provable (RFC 9113 sections 6.8 and 8.7): the server refused it, its id is
 *          above a GOAWAY's last one, or no byte of it left. All else that got no whole reply is "maybe".
 */
#ifndef NARAE_IO_H2_SETTLE_H
#define NARAE_IO_H2_SETTLE_H

#include "layer/io/h2_client.h"

/* A whole reply came. */
void h2_settle_answer(struct nr_h2 *h2, struct h2_slot *slot);

/* Provably not processed: it is sent again, at most three times, unless taking has stopped. */
void h2_settle_unprocessed(struct nr_h2 *h2, struct h2_slot *slot, const struct nr_err *why);

/* No whole reply, for good: MAYBE if it has left this process, or still may, else NOT_PROCESSED. */
void h2_settle_failed(struct nr_h2 *h2, struct h2_slot *slot, const struct nr_err *why);

/* NOT_PROCESSED, for good. */
void h2_settle_unsent(struct nr_h2 *h2, struct h2_slot *slot, const struct nr_err *why);

/* The connection is gone: every slot of it gets its fate, and it is closed. */
void h2_settle_lost(struct nr_h2 *h2, struct h2_conn *conn, const struct nr_err *why);

#endif

/* store_claim.h - find the devices of a batch, and claim what must be sent.
 *
 * Is:      one statement for all messages of a batch: registry in, rows of the ledger claimed, sends out.
 * Is not:  what becomes of a send (store_finish.h).
 * Beware:  a claim is a lease. It must outlive the invocation: what is claimed when it runs out is sent again
 *          by somebody else, and the collapse key is all that keeps a device from showing it twice. The
 *          statement may be repeated: the holder, a number drawn for each invocation, makes a second run find
 *          what the first one took.
 */
#ifndef NARAE_PUSH_STORE_CLAIM_H
#define NARAE_PUSH_STORE_CLAIM_H

#include <stddef.h>
#include <stdint.h>

#include <narae/err.h>
#include <narae/pg.h>

#include "functions/push/comeback.h"
#include "functions/push/event.h"
#include "functions/push/plan.h"

/* What the ledger already knew of a message's sends that are not ours now. */
struct store_past {
    uint32_t n_settled;       /* sent, or skipped with their device */
    uint32_t n_failed;        /* will never be sent */
    uint32_t n_held;          /* claimed by another sandbox, or not to be tried yet */
    struct comeback comeback; /* when the held ones are free */
};

/* The sends of a batch that are ours; views borrow from the rows inside. */
struct store_claims {
    struct plan_device *items; /* owned; a topic or condition is device 0 */
    size_t n;
    struct store_past *past; /* owned: one for each message */
    size_t n_unknown;        /* device ids asked for that are not in the registry, or not active */
    struct nr_pg_rows *rows; /* owned */
};

/* Whose the claims are, and for how long. */
struct store_lease {
    int64_t holder; /* above 0 */
    int64_t lease_ms;
};

/* Find all active devices of the messages' users and those named by id, each (message, device) once, and
 * claim what was neither sent nor is held. Of an installation with several registrations one is taken: the
 * one that the message was begun with, else a fid, else the one that was heard of last. A validate_only
 * message is found, but leaves no trace in the ledger.
 *
 * out  out  the caller's, store_claims_done()
 * Returns 0, or -1 as nr_pg_run(). Asks nothing when all messages are skipped. */
int store_claim_sends(struct nr_pg *pg, const struct push_message *messages, const bool *is_skipped,
                      size_t n_messages, struct store_lease lease, int64_t deadline_mono_ms,
                      struct store_claims *out, struct nr_err *err) NR_MUST_CHECK;

/* Accepts a zeroed value. */
void store_claims_done(struct store_claims *claims);

#endif

/* outcome.h - what becomes of a message, from what became of its sends.
 *
 * Is:      pure: verdicts and the ledger's past are added up; then one decision.
 * Is not:  the doing (push_send.c).
 * Beware:  a message is done only when nobody holds any of its sends: if the holder dies, a deleted message
 * would be a lost push.
 */
#ifndef NARAE_PUSH_OUTCOME_H
#define NARAE_PUSH_OUTCOME_H

#include <stdbool.h>
#include <stdint.h>

#include "functions/push/fcm.h"
#include "functions/push/store_claim.h"

/* Zeroed = no sends: done. */
struct outcome {
    bool is_settled;          /* somebody got it, or is no longer there */
    bool is_refused;          /* a send will never be made */
    bool is_again;            /* something is to be tried later */
    int64_t wait_ms;          /* until the first of that */
    int64_t last_wait_ms;     /* until the last of what failed with it */
    enum fcm_verdict refusal; /* the first one; the breaker's before others */
};

enum outcome_kind {
    OUTCOME_DONE,
    OUTCOME_AGAIN, /* back to the queue */
    OUTCOME_POISON /* can never be sent: to the dead-letter queue, or parked */
};

/* Add one send. */
void outcome_add(struct outcome *outcome, enum fcm_verdict verdict, int64_t wait_ms);

/* Add what was not ours. */
void outcome_add_past(struct outcome *outcome, const struct store_past *past);

enum outcome_kind outcome_kind(const struct outcome *outcome);

/* How long the message should stay away: exactly until its retry, if there is one; else until the last of
 * those that failed with the first one, and were spread by jitter. To come for each of them would use up the
 * queue's receives. */
int64_t outcome_wait_ms(const struct outcome *outcome);

#endif

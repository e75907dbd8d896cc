/* outcome.h - what becomes of a message, from what became of its sends.
 *
 * Is:      pure: verdicts and the ledger's past are added up; then one decision.
 * Is not:  the doing (push_send.c).
 * Beware:  a message is done only when nobody holds any of its sends: if the holder dies, a deleted message
 *          would be a lost push.
 */
#ifndef NARAE_PUSH_OUTCOME_H
#define NARAE_PUSH_OUTCOME_H

#include <stdbool.h>
#include <stdint.h>

#include "functions/push/comeback.h"
#include "functions/push/fcm.h"
#include "functions/push/store_claim.h"

/* Zeroed = no sends: done. */
struct outcome {
    bool is_settled;          /* somebody got it, or is no longer there */
    bool is_refused;          /* a send will never be made */
    struct comeback comeback; /* what is to be tried later */
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

#endif

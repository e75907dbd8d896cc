#include <string.h>

#include "functions/push/outcome.h"

static void add_refusal(struct outcome *outcome, enum fcm_verdict verdict)
{
    if (!outcome->is_refused || verdict == FCM_STOPPED)
        outcome->refusal = verdict;
    outcome->is_refused = true;
}

void outcome_add(struct outcome *outcome, enum fcm_verdict verdict, int64_t wait_ms)
{
    const char *state = fcm_meaning(verdict)->state;

    if (fcm_is_retry(verdict))
        comeback_add(&outcome->comeback, wait_ms);
    else if (strcmp(state, "failed") == 0)
        add_refusal(outcome, verdict);
    else
        outcome->is_settled = true;
}

void outcome_add_past(struct outcome *outcome, const struct store_past *past)
{
    comeback_join(&outcome->comeback, &past->comeback);
    if (past->n_failed)
        add_refusal(outcome, FCM_INVALID_ARGUMENT);
    if (past->n_settled)
        outcome->is_settled = true;
}

enum outcome_kind outcome_kind(const struct outcome *outcome)
{
    if (outcome->comeback.is_due)
        return OUTCOME_AGAIN;
    if (outcome->refusal == FCM_STOPPED || (outcome->is_refused && !outcome->is_settled))
        return OUTCOME_POISON;
    return OUTCOME_DONE;
}

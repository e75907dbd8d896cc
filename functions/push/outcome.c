#include <string.h>

#include "functions/push/outcome.h"

/* As far as one level's jitter reaches (backoff.h): what lies within it failed together. */
enum { TOGETHER_DIVISOR = 2 };

static int64_t together_until_ms(const struct outcome *outcome)
{
    return outcome->wait_ms + outcome->wait_ms / TOGETHER_DIVISOR;
}

static void add_wait(struct outcome *outcome, int64_t wait_ms)
{
    if (!outcome->is_again || wait_ms < outcome->wait_ms)
        outcome->wait_ms = wait_ms;
    outcome->is_again = true;
    if (wait_ms > outcome->last_wait_ms && wait_ms <= together_until_ms(outcome))
        outcome->last_wait_ms = wait_ms;
}

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
        add_wait(outcome, wait_ms);
    else if (strcmp(state, "failed") == 0)
        add_refusal(outcome, verdict);
    else
        outcome->is_settled = true;
}

void outcome_add_past(struct outcome *outcome, const struct store_past *past)
{
    if (past->n_held)
        add_wait(outcome, past->wait_ms);
    if (past->n_failed)
        add_refusal(outcome, FCM_INVALID_ARGUMENT);
    if (past->n_settled)
        outcome->is_settled = true;
}

enum outcome_kind outcome_kind(const struct outcome *outcome)
{
    if (outcome->is_again)
        return OUTCOME_AGAIN;
    if (outcome->refusal == FCM_STOPPED || (outcome->is_refused && !outcome->is_settled))
        return OUTCOME_POISON;
    return OUTCOME_DONE;
}

int64_t outcome_wait_ms(const struct outcome *outcome)
{
    int64_t until_ms = together_until_ms(outcome);

    return outcome->last_wait_ms < until_ms ? outcome->last_wait_ms : until_ms;
}

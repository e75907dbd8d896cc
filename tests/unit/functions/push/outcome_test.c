#include <criterion/criterion.h>

#include "functions/push/outcome.h"

enum { NONE = FCM_N_VERDICTS };

/* What up to three sends, and the ledger's past, make of a message. */
static const struct {
    int verdicts[3];
    struct store_past past;
    enum outcome_kind kind;
} rows[] = {
    {{NONE, NONE, NONE}, {0}, OUTCOME_DONE}, /* nobody to send to */
    {{FCM_SENT, FCM_UNREGISTERED, NONE}, {0}, OUTCOME_DONE},
    {{FCM_SENDER_ID_MISMATCH, FCM_APNS_UNREGISTERED, FCM_INVALID_REGISTRATION}, {0}, OUTCOME_DONE},
    {{FCM_SENT, FCM_UNAVAILABLE, NONE}, {0}, OUTCOME_AGAIN},
    {{FCM_PENDING, NONE, NONE}, {0}, OUTCOME_AGAIN},
    {{FCM_NO_ANSWER, FCM_INVALID_PAYLOAD, NONE}, {0}, OUTCOME_AGAIN},
    {{FCM_INVALID_PAYLOAD, NONE, NONE}, {0}, OUTCOME_POISON},
    {{FCM_INVALID_ARGUMENT, FCM_THIRD_PARTY_AUTH, FCM_GAVE_UP}, {0}, OUTCOME_POISON},
    {{FCM_INVALID_PAYLOAD, FCM_SENT, NONE}, {0}, OUTCOME_DONE},
    {{FCM_STOPPED, FCM_SENT, NONE}, {0}, OUTCOME_POISON},
    {{FCM_INVALID_PAYLOAD, FCM_STOPPED, FCM_SENT}, {0}, OUTCOME_POISON},
    {{NONE, NONE, NONE}, {.n_settled = 3}, OUTCOME_DONE}, /* all was sent before */
    {{FCM_SENT, NONE, NONE}, {.n_held = 1, .comeback = {true, 5, 5, 5}}, OUTCOME_AGAIN},
    {{NONE, NONE, NONE},
     {.n_held = 1, .n_settled = 1, .n_failed = 1, .comeback = {.is_due = true}},
     OUTCOME_AGAIN},
    {{NONE, NONE, NONE},
     {.n_failed = 2},
     OUTCOME_POISON}, /* comes again on its way to the dead-letter queue */
    {{NONE, NONE, NONE}, {.n_failed = 2, .n_settled = 1}, OUTCOME_DONE},
};

Test(outcome, follows_from_the_sends_and_the_past)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct outcome outcome = {0};

        for (int s = 0; s < 3 && rows[i].verdicts[s] != NONE; s++)
            outcome_add(&outcome, (enum fcm_verdict)rows[i].verdicts[s], 1000);
        outcome_add_past(&outcome, &rows[i].past);

        cr_expect_eq(outcome_kind(&outcome), rows[i].kind, "row %zu: %d", i, (int)outcome_kind(&outcome));
    }
}

Test(outcome, names_the_breaker_before_other_refusals)
{
    struct outcome outcome = {0};

    outcome_add(&outcome, FCM_INVALID_PAYLOAD, 0);
    outcome_add(&outcome, FCM_STOPPED, 0);
    outcome_add(&outcome, FCM_INVALID_PAYLOAD, 0);

    cr_expect_eq(outcome.refusal, FCM_STOPPED);
}

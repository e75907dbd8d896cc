#include <stdlib.h>

#include "functions/push/evidence.h"

/* Which platforms have taken a message: one bit for each. */
static uint8_t *successes(const struct plan *plan, const uint8_t *verdicts)
{
    uint8_t *taken = calloc(plan->n_messages + 1, 1);

    for (size_t i = 0; taken && i < plan->n_sends; i++)
        if (verdicts[i] == FCM_SENT)
            taken[plan->sends[i].message] |= (uint8_t)(1U << plan->sends[i].platform);
    return taken;
}

int evidence_weigh(const struct plan *plan, uint8_t *verdicts, size_t *probes, size_t *n_probes,
                   struct nr_err *err)
{
    uint8_t *taken = successes(plan, verdicts);
    size_t n = 0;

    if (!taken)
        return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.OutOfMemory", "no memory to weigh %zu verdicts",
                          plan->n_sends);
    for (size_t i = 0; i < plan->n_sends; i++) {
        const struct plan_send *send = &plan->sends[i];

        if (verdicts[i] != FCM_INVALID_ARGUMENT)
            continue;
        if (!send->device_id)
            verdicts[i] = FCM_INVALID_PAYLOAD;
        else if (taken[send->message] & 1U << send->platform)
            verdicts[i] = FCM_INVALID_REGISTRATION;
        else if (n < EVIDENCE_PROBES_MAX)
            probes[n++] = i;
    }
    free(taken);
    *n_probes = n;
    return 0;
}

void evidence_probe(const struct plan_send *send, struct nr_view body[PLAN_BODY_PARTS])
{
    body[0] = send->body[0];
    body[1] = send->body[1];
    body[2] = NR_VIEW(",\"notification\":{\"title\":\"-\"}},\"validate_only\":true}");
}

enum fcm_verdict evidence_conclude(enum fcm_verdict of_probe)
{
    if (of_probe == FCM_SENT)
        return FCM_INVALID_PAYLOAD;
    if (of_probe == FCM_INVALID_ARGUMENT || fcm_meaning(of_probe)->device_reason)
        return of_probe == FCM_INVALID_ARGUMENT ? FCM_INVALID_REGISTRATION : of_probe;
    return FCM_INVALID_ARGUMENT; /* the question stays open: nothing is done to the device */
}

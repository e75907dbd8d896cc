#include "functions/push/judge.h"
#include "functions/push/evidence.h"

static enum fcm_verdict verdict_of(const struct delivery *delivery, size_t i)
{
    return (enum fcm_verdict)delivery->verdicts[i];
}

/* A question that stays open is answered by leaving the device alone. */
static void ask_probes(struct delivery *delivery, const size_t *sends, size_t n)
{
    struct delivery_probe probes[EVIDENCE_PROBES_MAX] = {0};
    struct nr_err ignored = {0};

    for (size_t i = 0; i < n; i++) {
        probes[i].send = sends[i];
        evidence_probe(&delivery->plan->sends[sends[i]], probes[i].body);
    }
    if (delivery_probe(delivery, probes, n, &ignored) != 0)
        return;
    for (size_t i = 0; i < n; i++)
        delivery->verdicts[probes[i].send] = (uint8_t)evidence_conclude(probes[i].verdict);
}

static void weigh(struct delivery *delivery)
{
    size_t probes[EVIDENCE_PROBES_MAX];
    struct nr_err ignored = {0};
    size_t n = 0;

    if (evidence_weigh(delivery->plan, delivery->verdicts, probes, &n, &ignored) == 0 && n > 0)
        ask_probes(delivery, probes, n);
}

/* How many registrations are blamed now. */
static size_t count(const struct delivery *delivery, struct breaker *breaker)
{
    size_t n_answered = 0;
    size_t n_blamed = 0;

    for (size_t i = 0; i < delivery->plan->n_sends; i++) {
        enum fcm_verdict verdict = verdict_of(delivery, i);

        n_answered += verdict != FCM_PENDING && verdict != FCM_NO_ANSWER;
        n_blamed += fcm_meaning(verdict)->is_blame;
    }
    breaker_add(breaker, n_answered, n_blamed);
    return n_blamed;
}

bool judge_verdicts(struct delivery *delivery, struct breaker *breaker, int max_percent)
{
    weigh(delivery);
    if (count(delivery, breaker) == 0 || !breaker_is_open(breaker, max_percent))
        return false;
    for (size_t i = 0; i < delivery->plan->n_sends; i++)
        if (fcm_meaning(verdict_of(delivery, i))->is_blame)
            delivery->verdicts[i] = FCM_STOPPED;
    return true;
}

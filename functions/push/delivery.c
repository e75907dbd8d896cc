#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <narae/clock.h>

#include "functions/push/delivery.h"

int delivery_init(struct delivery *delivery, const struct plan *plan, const char *project_id,
                  struct nr_err *err)
{
    *delivery = (struct delivery){.plan = plan};
    delivery->verdicts = calloc(plan->n_sends + 1, sizeof(*delivery->verdicts));
    delivery->latencies_us = calloc(plan->n_sends + 1, sizeof(*delivery->latencies_us));
    if (!delivery->verdicts || !delivery->latencies_us) {
        delivery_done(delivery);
        return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.OutOfMemory", "no memory for %zu sends",
                          plan->n_sends);
    }
    snprintf(delivery->path, sizeof(delivery->path), "/v1/projects/%.128s/messages:send", project_id);
    return 0;
}

void delivery_done(struct delivery *delivery)
{
    free(delivery->verdicts);
    free(delivery->latencies_us);
    explicit_bzero(delivery, sizeof(*delivery));
}

/* --- h2's questions
 * --------------------------------------------------------------------------------------------- */

static int next(void *ctx, struct nr_h2_request *out)
{
    struct delivery *delivery = ctx;
    static struct nr_h2_header headers[] = {
        {NR_VIEW("authorization"), {NULL, 0}},
        {NR_VIEW("content-type"), NR_VIEW("application/json")},
        /* Asks for detailed errors, as the Admin SDKs do. */
        {NR_VIEW("x-goog-api-format-version"), NR_VIEW("2")},
    };

    while (delivery->at < delivery->plan->n_sends && delivery->verdicts[delivery->at] != FCM_PENDING)
        delivery->at++;
    if (delivery->is_ended || delivery->at == delivery->plan->n_sends)
        return 0;
    headers[0].value = nr_view(delivery->authorization);
    *out = (struct nr_h2_request){.method = NR_VIEW("POST"),
                                  .path = nr_view(delivery->path),
                                  .headers = headers,
                                  .n_headers = sizeof(headers) / sizeof(headers[0]),
                                  .tag = (void *)(uintptr_t)delivery->at};
    memcpy(out->body, delivery->plan->sends[delivery->at].body, sizeof(delivery->plan->sends[0].body));
    delivery->at++;
    return 1;
}

static enum fcm_verdict verdict_of(struct delivery *delivery, const struct nr_h2_reply *reply)
{
    if (reply->fate == NR_H2_ANSWERED)
        return fcm_judge(reply->status, reply->body);
    if (delivery->n_unanswered++ == 0 && reply->err)
        delivery->unanswered = *reply->err;
    return reply->fate == NR_H2_NOT_PROCESSED ? FCM_PENDING : FCM_NO_ANSWER;
}

static void done(void *ctx, const struct nr_h2_reply *reply)
{
    struct delivery *delivery = ctx;
    size_t send = (size_t)(uintptr_t)reply->tag;
    enum fcm_verdict verdict = verdict_of(delivery, reply);

    delivery->verdicts[send] = (uint8_t)verdict;
    delivery->latencies_us[send] = reply->latency_us;
    if (fcm_meaning(verdict)->is_end)
        delivery->is_ended = true;
}

/* --- the run
 * ---------------------------------------------------------------------------------------------------- */

/* Sends that FCM refused for the sake of the token alone may be sent again with another one. Returns how
 * many. */
static size_t take_back_unauthenticated(struct delivery *delivery)
{
    size_t n = 0;

    for (size_t i = 0; i < delivery->plan->n_sends; i++) {
        if (delivery->verdicts[i] == FCM_UNAUTHENTICATED) {
            delivery->verdicts[i] = FCM_PENDING;
            n++;
        }
    }
    return n;
}

static int run_once(struct delivery *delivery, struct nr_h2 *h2, const struct google_account *account,
                    struct google_token *token, int64_t deadline_mono_ms, struct nr_err *err)
{
    const struct nr_h2_work work = {next, done, delivery};

    if (google_token_ensure(account, token, nr_clock_left_ms(deadline_mono_ms), deadline_mono_ms, err) != 0)
        return -1;
    snprintf(delivery->authorization, sizeof(delivery->authorization), "Bearer %s", token->value);
    delivery->at = 0;
    delivery->is_ended = false;
    return nr_h2_run(h2, &work, deadline_mono_ms, err);
}

int delivery_run(struct delivery *delivery, struct nr_h2 *h2, const struct google_account *account,
                 struct google_token *token, int64_t deadline_mono_ms, struct nr_err *err)
{
    if (delivery->plan->n_sends == 0)
        return 0;
    if (run_once(delivery, h2, account, token, deadline_mono_ms, err) != 0)
        return -1;
    if (take_back_unauthenticated(delivery) == 0)
        return 0;
    google_token_forget(token);
    return run_once(delivery, h2, account, token, deadline_mono_ms, err);
}

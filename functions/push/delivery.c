#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <narae/clock.h>
#include <narae/rand.h>

#include "functions/push/backoff.h"
#include "functions/push/delivery.h"

int delivery_init(struct delivery *delivery, const struct plan *plan, const char *project_id,
                  struct nr_err *err)
{
    size_t n = plan->n_sends + 1;

    *delivery = (struct delivery){.plan = plan,
                                  .verdicts = calloc(n, sizeof(*delivery->verdicts)),
                                  .tries = calloc(n, sizeof(*delivery->tries)),
                                  .latencies_us = calloc(n, sizeof(*delivery->latencies_us)),
                                  .due_mono_ms = calloc(n, sizeof(*delivery->due_mono_ms))};
    if (!delivery->verdicts || !delivery->tries || !delivery->latencies_us || !delivery->due_mono_ms) {
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
    free(delivery->tries);
    free(delivery->latencies_us);
    free(delivery->due_mono_ms);
    explicit_bzero(delivery, sizeof(*delivery));
}

static void fill_request(struct delivery *delivery, const struct nr_view *body, void *tag,
                         struct nr_h2_request *out)
{
    static struct nr_h2_header headers[] = {
        {NR_VIEW("authorization"), {NULL, 0}},
        {NR_VIEW("content-type"), NR_VIEW("application/json")},
        /* Asks for detailed errors, as the Admin SDKs do. */
        {NR_VIEW("x-goog-api-format-version"), NR_VIEW("2")},
    };

    headers[0].value = nr_view(delivery->authorization);
    *out = (struct nr_h2_request){.method = NR_VIEW("POST"),
                                  .path = nr_view(delivery->path),
                                  .headers = headers,
                                  .n_headers = sizeof(headers) / sizeof(headers[0]),
                                  .tag = tag};
    memcpy(out->body, body, PLAN_BODY_PARTS * sizeof(body[0]));
}

/* --- retries: few, so a scan finds the next one --------------------------------------------------------- */

static void find_first_due(struct delivery *delivery)
{
    delivery->first_due = delivery->plan->n_sends;
    for (size_t i = 0; delivery->n_due && i < delivery->plan->n_sends; i++)
        if (delivery->due_mono_ms[i] &&
            (delivery->first_due == delivery->plan->n_sends ||
             delivery->due_mono_ms[i] < delivery->due_mono_ms[delivery->first_due]))
            delivery->first_due = i;
}

static void wait_until(struct delivery *delivery, size_t send, int64_t due_mono_ms)
{
    delivery->due_mono_ms[send] = due_mono_ms;
    if (delivery->n_due++ == 0 || due_mono_ms < delivery->due_mono_ms[delivery->first_due])
        delivery->first_due = send;
}

static void wait_no_more(struct delivery *delivery, size_t send)
{
    if (!delivery->due_mono_ms[send])
        return;
    delivery->due_mono_ms[send] = 0;
    delivery->n_due--;
    if (send == delivery->first_due)
        find_first_due(delivery);
}

static int64_t first_due_mono_ms(const struct delivery *delivery)
{
    return delivery->n_due ? delivery->due_mono_ms[delivery->first_due] : NR_CLOCK_NEVER_MS;
}

/* --- which send is next --------------------------------------------------------------------------------- */

static size_t find_new(struct delivery *delivery)
{
    while (delivery->at < delivery->plan->n_sends &&
           (delivery->verdicts[delivery->at] != FCM_PENDING || delivery->tries[delivery->at] > 0))
        delivery->at++;
    return delivery->at;
}

/* Can a request that is begun at this time end in time? */
static bool fits(const struct delivery *delivery, int64_t begun_mono_ms)
{
    int64_t deadline_ms = delivery->means.deadline_mono_ms;

    return deadline_ms == NR_CLOCK_NEVER_MS ||
           begun_mono_ms + delivery->means.request_timeout_ms <= deadline_ms;
}

static int later(struct delivery *delivery, int64_t at_mono_ms, struct nr_h2_request *out)
{
    if (!fits(delivery, at_mono_ms)) {
        delivery->is_out_of_time = true;
        return NR_H2_NO_MORE;
    }
    out->later_mono_ms = at_mono_ms;
    return NR_H2_LATER;
}

/* Only retries are left: are they worth staying for? */
static int stay(struct delivery *delivery, int64_t now_ms, struct nr_h2_request *out)
{
    int64_t due_ms = first_due_mono_ms(delivery);

    return due_ms - delivery->means.wait_max_ms > now_ms ? NR_H2_NO_MORE : later(delivery, due_ms, out);
}

static int next(void *ctx, struct nr_h2_request *out)
{
    struct delivery *delivery = ctx;
    int64_t now_ms = nr_clock_mono_ms();
    size_t n = delivery->plan->n_sends;
    size_t send = first_due_mono_ms(delivery) <= now_ms ? delivery->first_due : find_new(delivery);
    int64_t wait_ms;

    if (delivery->is_ended)
        return NR_H2_NO_MORE;
    if (send == n)
        return stay(delivery, now_ms, out);
    if (!fits(delivery, now_ms))
        return later(delivery, now_ms, out);
    wait_ms = pace_take(delivery->means.pace, now_ms);
    if (wait_ms > 0)
        return later(delivery, now_ms + wait_ms, out);
    wait_no_more(delivery, send);
    delivery->tries[send]++;
    fill_request(delivery, delivery->plan->sends[send].body, (void *)(uintptr_t)send, out);
    return NR_H2_TAKE;
}

/* --- what an answer means ------------------------------------------------------------------------------- */

/* When a retry may come, or that there will be none. */
static enum fcm_verdict plan_retry(struct delivery *delivery, size_t send, enum fcm_verdict verdict,
                                   const struct nr_h2_reply *reply)
{
    const struct plan_send *what = &delivery->plan->sends[send];
    const struct fcm_meaning *meaning = fcm_meaning(verdict);
    int64_t wait_ms = backoff_wait_ms(&(struct backoff_case){
        .floor_ms = meaning->floor_ms,
        .attempts = what->attempts + delivery->tries[send] - 1,
        .retry_after_ms = backoff_retry_after_ms(reply->retry_after, reply->date, nr_clock_wall_ms()),
        .age_ms = what->age_ms,
        .is_aged = meaning->is_aged,
        .random = nr_rand_below(1ULL << 32),
    });

    if (wait_ms < 0)
        return FCM_GAVE_UP;
    wait_until(delivery, send, nr_clock_mono_ms() + wait_ms);
    return verdict;
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

    delivery->latencies_us[send] = reply->latency_us;
    if (fcm_meaning(verdict)->is_slower)
        pace_slow(delivery->means.pace, nr_clock_mono_ms());
    if (fcm_meaning(verdict)->is_end)
        delivery->is_ended = true;
    if (verdict == FCM_PENDING)
        delivery->tries[send]--;
    else if (fcm_is_retry(verdict))
        verdict = plan_retry(delivery, send, verdict, reply);
    delivery->verdicts[send] = (uint8_t)verdict;
    if (!fcm_is_retry(verdict) && delivery->means.settled)
        delivery->means.settled(delivery->means.ctx, send);
}

/* --- the run -------------------------------------------------------------------------------------------- */

/* Sends that FCM refused for the sake of the token alone may be sent again with another one, at once. Returns
 * how many. */
static size_t take_back_unauthenticated(struct delivery *delivery)
{
    size_t n = 0;

    for (size_t i = 0; i < delivery->plan->n_sends; i++) {
        if (delivery->verdicts[i] != FCM_UNAUTHENTICATED)
            continue;
        delivery->verdicts[i] = FCM_PENDING;
        delivery->tries[i]--;
        wait_no_more(delivery, i);
        n++;
    }
    return n;
}

static int authorize(struct delivery *delivery, struct nr_err *err)
{
    const struct delivery_means *means = &delivery->means;
    int64_t left_ms = nr_clock_left_ms(means->deadline_mono_ms);

    if (google_token_ensure(means->account, means->token, left_ms, means->deadline_mono_ms, err) != 0)
        return -1;
    snprintf(delivery->authorization, sizeof(delivery->authorization), "Bearer %s", means->token->value);
    return 0;
}

static int run_once(struct delivery *delivery, struct nr_err *err)
{
    const struct nr_h2_work work = {next, done, delivery};

    if (authorize(delivery, err) != 0)
        return -1;
    delivery->at = 0;
    delivery->is_ended = false;
    return nr_h2_run(delivery->means.h2, &work, delivery->means.deadline_mono_ms, err);
}

/* A retry may have become due only after h2 was told that there is no more. */
static bool has_retry_in_time(const struct delivery *delivery)
{
    return !delivery->is_ended && !delivery->is_out_of_time &&
           first_due_mono_ms(delivery) - delivery->means.wait_max_ms <= nr_clock_mono_ms();
}

int delivery_run(struct delivery *delivery, const struct delivery_means *means, struct nr_err *err)
{
    bool is_fresh = false;

    delivery->means = *means;
    if (delivery->plan->n_sends == 0)
        return 0;
    for (;;) {
        if (run_once(delivery, err) != 0)
            return -1;
        if (!is_fresh && take_back_unauthenticated(delivery) > 0) {
            google_token_forget(means->token);
            is_fresh = true;
        } else if (!has_retry_in_time(delivery)) {
            return 0;
        }
    }
}

int64_t delivery_wait_ms(const struct delivery *delivery, size_t send)
{
    int64_t due_ms = delivery->due_mono_ms[send];

    return due_ms ? nr_clock_left_ms(due_ms) : 0;
}

/* --- probes --------------------------------------------------------------------------------------------- */

struct probing {
    struct delivery *delivery;
    struct delivery_probe *probes;
    size_t n, at;
};

static int next_probe(void *ctx, struct nr_h2_request *out)
{
    struct probing *probing = ctx;
    struct delivery_probe *probe = &probing->probes[probing->at];

    if (probing->at == probing->n)
        return NR_H2_NO_MORE;
    probing->at++;
    fill_request(probing->delivery, probe->body, probe, out);
    return NR_H2_TAKE;
}

static void probe_done(void *ctx, const struct nr_h2_reply *reply)
{
    struct delivery_probe *probe = reply->tag;

    (void)ctx;
    if (reply->fate == NR_H2_ANSWERED)
        probe->verdict = fcm_judge(reply->status, reply->body);
}

int delivery_probe(struct delivery *delivery, struct delivery_probe *probes, size_t n, struct nr_err *err)
{
    struct probing probing = {delivery, probes, n, 0};
    const struct nr_h2_work work = {next_probe, probe_done, &probing};

    return nr_h2_run(delivery->means.h2, &work, delivery->means.deadline_mono_ms, err);
}

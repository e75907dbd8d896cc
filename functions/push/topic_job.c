#include <stdlib.h>
#include <string.h>

#include <narae/clock.h>
#include <narae/rand.h>

#include "functions/push/store_topics.h"
#include "functions/push/topic_job.h"
#include "functions/push/topic_round.h"

/* A rate is kept in slices of a fifth of a second: whatever second FCM counts, there are at most six of them
 * in it. */
enum { SLICES_PER_S = 5 };

/* Two waves of requests of 10 s (a refreshed token repeats the first), and what is around them. */
enum { LEASE_MS = 120 * 1000 };

/* --- what came of it ------------------------------------------------------------------------------------ */

/* A subscription that was refused so often in six hours of growing waits will not be accepted by itself. */
enum { ATTEMPTS_MAX = 12 };

/* Indexed by enum topics_verdict: a row to be subscribed, and one to be removed. */
static const enum topic_end ends[][2] = {
    [TOPICS_LATER] = {TOPIC_WAITS, TOPIC_WAITS},     [TOPICS_DONE] = {TOPIC_SETTLED, TOPIC_SETTLED},
    [TOPICS_DEAD] = {TOPIC_FAILED, TOPIC_SETTLED}, /* what is gone has no subscriptions */
    [TOPICS_REFUSED] = {TOPIC_FAILED, TOPIC_FAILED}, [TOPICS_UNAUTHENTICATED] = {TOPIC_WAITS, TOPIC_WAITS},
    [TOPICS_STOP] = {TOPIC_WAITS, TOPIC_WAITS},
};

static struct topic_result result_of(const struct topic_row *row, const struct topic_ending *ending)
{
    const struct topics_answer *answer = &ending->answer;
    struct topic_result result = {row, TOPIC_UNTOUCHED, 0, ""};

    if (!ending->is_sent)
        return result;
    result.end = ends[answer->verdict][!row->is_wanted];
    result.reason = answer->reason;
    /* What is our own mistake is not held against the row. */
    if (result.end == TOPIC_WAITS && answer->verdict == TOPICS_LATER && row->attempts >= ATTEMPTS_MAX)
        result.end = TOPIC_FAILED;
    if (result.end == TOPIC_WAITS)
        result.wait_ms =
            topics_wait_ms(answer, row->attempts, ending->retry_after_ms, nr_rand_below(1ULL << 32));
    return result;
}

static void count(struct topic_report *report, const struct topic_result *result,
                  const struct topic_ending *ending)
{
    report->n_done += result->end == TOPIC_SETTLED;
    report->n_failed += result->end == TOPIC_FAILED;
    report->n_waiting += result->end == TOPIC_WAITS;
    report->n_untouched += result->end == TOPIC_UNTOUCHED;
    if (!ending->is_sent || !ending->answer.advice[0])
        return;
    if (report->n_advised == 0)
        report->advised = ending->answer;
    report->n_advised += strcmp(report->advised.reason, ending->answer.reason) == 0;
}

static int deactivate_dead(struct topic_round *round, const struct topic_result *results,
                           int64_t deadline_mono_ms, struct topic_report *report, struct nr_err *err)
{
    static const char *const reasons[] = {"unregistered", "sender_id_mismatch"};

    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        size_t n;

        if (store_topics_deactivate(round->client->settings->pg, results, round->n_rows, reasons[i],
                                    deadline_mono_ms, &n, err) != 0)
            return -1;
        report->n_deactivated += n;
    }
    return 0;
}

static int write_down(struct topic_round *round, int64_t deadline_mono_ms, struct topic_report *report,
                      struct nr_err *err)
{
    struct topic_result *results = calloc(round->n_rows + 1, sizeof(*results));
    int result;

    if (!results)
        return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.OutOfMemory", "no memory for results");
    for (size_t i = 0; i < round->n_rows; i++) {
        results[i] = result_of(round->calls.order[i], &round->endings[i]);
        count(report, &results[i], &round->endings[i]);
    }
    report->is_stopped = round->is_stopped;
    result = store_topics_finish(round->client->settings->pg, results, round->n_rows, deadline_mono_ms, err);
    if (result == 0)
        result = deactivate_dead(round, results, deadline_mono_ms, report, err);
    free(results);
    return result;
}

/* --- the run -------------------------------------------------------------------------------------------- */

/* What could not be asked is given back in any case; the first failure is the one that is told. */
static int work_on(struct topic_client *client, const struct topic_rows *rows, int64_t deadline_mono_ms,
                   struct topic_report *report, struct nr_err *err)
{
    struct topic_round round;
    struct nr_err of_writing = {0};
    int result;

    if (topic_round_init(&round, client, rows->items, rows->n, err) != 0)
        return -1; /* the leases end by themselves */
    result = topic_round_run(&round, deadline_mono_ms, err);
    if (write_down(&round, deadline_mono_ms, report, &of_writing) != 0) {
        if (result == 0)
            *err = of_writing;
        result = -1;
    }
    topic_round_done(&round);
    return result;
}

/* One round; *n_rows says how many rows it had. */
static int run_once(struct topic_client *client, const struct topic_scope *scope, size_t limit,
                    int64_t deadline_mono_ms, struct topic_report *report, size_t *n_rows, struct nr_err *err)
{
    struct topic_rows rows;
    int result = 0;

    if (store_topics_claim(client->settings->pg, limit, LEASE_MS, scope->device_ids, scope->n_device_ids,
                           deadline_mono_ms, &rows, err) != 0)
        return -1;
    *n_rows = rows.n;
    report->n_claimed += rows.n;
    if (rows.n)
        result = work_on(client, &rows, deadline_mono_ms, report, err);
    topic_rows_done(&rows);
    return result;
}

/* The batch API has few calls with many rows each. */
static size_t slice_of(const struct topic_client *client)
{
    size_t rate = (size_t)client->topic_settings.rate;

    return topic_client_uses_iid(client) || rate < SLICES_PER_S ? rate : rate / SLICES_PER_S;
}

int topic_job_run(struct topic_client *client, const struct topic_scope *scope, int64_t deadline_mono_ms,
                  struct topic_report *report, struct nr_err *err)
{
    size_t limit = slice_of(client);
    size_t n_rows = limit;

    *report = (struct topic_report){0};
    while (n_rows == limit && !report->is_stopped && topic_client_has_time(client, deadline_mono_ms)) {
        int64_t started_mono_ms = nr_clock_mono_ms();

        if (scope->max_rows && scope->max_rows - report->n_claimed < limit)
            limit = scope->max_rows - report->n_claimed;
        if (limit == 0)
            break;
        if (run_once(client, scope, limit, deadline_mono_ms, report, &n_rows, err) != 0)
            return -1;
        if (n_rows == limit)
            topic_client_keep_rate(client, n_rows, started_mono_ms);
    }
    return 0;
}

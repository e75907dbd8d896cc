#include <stdlib.h>

#include <criterion/criterion.h>
#include <jansson.h>

#include "functions/push/metrics.h"
#include "tests/support/log_capture.h"

static struct batch_item items[8];
static struct batch batch = {.items = items, .n = 1};
static struct round_counts counts;

TestSuite(metrics, .init = log_capture_begin);

/* The one line that is written; the caller's. */
static json_t *emitted(double pace_percent)
{
    char *text;
    json_t *line;

    metrics_emit(&batch, &counts, pace_percent);
    text = log_capture_take();
    line = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    cr_assert(line, "not one line of JSON: %s", text);
    free(text);
    return line;
}

/* -1 = it is not there. */
static double value_of(const json_t *line, const char *name)
{
    const json_t *value = json_object_get(line, name);

    return value ? json_number_value(value) : -1;
}

Test(metrics, count_by_verdict_what_there_was_and_always_what_was_sent)
{
    json_t *line;

    counts.n_by_verdict[FCM_UNREGISTERED] = 3;

    line = emitted(100);

    cr_expect_eq(value_of(line, "Sent"), 0, "an alarm looks for it");
    cr_expect_eq(value_of(line, "Unregistered"), 3);
    cr_expect_eq(value_of(line, "QuotaExceeded"), -1,
                 "a zero that nobody looks for is paid for all the same");
    json_decref(line);
}

Test(metrics, give_every_verdict_a_name_of_its_own)
{
    json_t *line;

    for (int v = 0; v < FCM_N_VERDICTS; v++)
        counts.n_by_verdict[v] = (size_t)v + 1000;

    line = emitted(100);

    for (int v = 0; v < FCM_N_VERDICTS; v++) {
        const char *name;
        json_t *value;
        int n = 0;

        json_object_foreach(line, name, value) n += json_number_value(value) == v + 1000;
        cr_expect_eq(n, 1, "%s: %d", fcm_meaning((enum fcm_verdict)v)->name, n);
    }
    json_decref(line);
}

Test(metrics, say_what_became_of_the_messages)
{
    static const enum batch_fate fates[] = {BATCH_DONE,    BATCH_AGAIN,     BATCH_AGAIN,  BATCH_EXPIRED,
                                            BATCH_REFUSED, BATCH_MALFORMED, BATCH_REFUSED};
    json_t *line;

    batch.n = sizeof(fates) / sizeof(fates[0]);
    for (size_t i = 0; i < batch.n; i++)
        items[i].fate = fates[i];
    counts.n_deactivated = 4;
    counts.n_held = 5;

    line = emitted(12.5);

    cr_expect_eq(value_of(line, "Messages"), 7);
    cr_expect_eq(value_of(line, "MessagesReturned"), 2);
    cr_expect_eq(value_of(line, "MessagesExpired"), 1);
    cr_expect_eq(value_of(line, "MessagesPoisoned"), 3);
    cr_expect_eq(value_of(line, "DevicesDeactivated"), 4);
    cr_expect_eq(value_of(line, "SendsHeld"), 5);
    cr_expect_eq(value_of(line, "PacePercent"), 12.5);
    json_decref(line);
}

/* What Google counts: 4xx but 429, among what was answered. */
Test(metrics, take_client_errors_as_a_share_of_the_answers)
{
    json_t *line;

    counts.n_by_verdict[FCM_SENT] = 6;
    counts.n_by_verdict[FCM_UNREGISTERED] = 1;
    counts.n_by_verdict[FCM_INVALID_PAYLOAD] = 1;
    counts.n_by_verdict[FCM_QUOTA_EXCEEDED] = 1;
    counts.n_by_verdict[FCM_UNAVAILABLE] = 1;
    counts.n_by_verdict[FCM_PENDING] = 70;
    counts.n_by_verdict[FCM_NO_ANSWER] = 20;
    counts.n_answered = 10;
    counts.latency_sum_us = 50000;
    counts.latency_max_us = 12000;

    line = emitted(100);

    cr_expect_eq(value_of(line, "ClientErrorPercent"), 20);
    cr_expect_eq(value_of(line, "LatencyMean"), 5);
    cr_expect_eq(value_of(line, "LatencyMax"), 12);
    json_decref(line);
}

Test(metrics, know_no_latency_where_nothing_was_answered)
{
    json_t *line = emitted(100);

    cr_expect_eq(value_of(line, "LatencyMean"), -1);
    cr_expect_eq(value_of(line, "ClientErrorPercent"), -1);
    json_decref(line);
}

Test(metrics, are_not_written_for_an_empty_batch)
{
    char *text;

    batch.n = 0;
    metrics_emit(&batch, &counts, 100);

    text = log_capture_take();
    cr_expect_str_eq(text, "");
    free(text);
}

/* push_devices - what clients say about their registrations, by SQS or by direct invocation.
 *
 * parse    every message; a malformed one fails alone
 * decide   in waves, each registration once: what the message does to its row (device_rule.c)
 * act      write the rows, then tell FCM about topics as far as time goes; the rest is resumed by the next
 *          invocation, or by push_prune
 * reply    which messages come back, and when; or a result for each message of a direct invocation
 */
#include <stdbool.h>
#include <stdlib.h>

#include <narae/clock.h>
#include <narae/handler.h>
#include <narae/log.h>
#include <narae/metric.h>
#include <narae/tls.h>

#include "functions/push/device_batch.h"
#include "functions/push/settings.h"
#include "functions/push/topic_iid.h"
#include "functions/push/topic_job.h"

enum {
    FINISH_RESERVE_MS = 500, /* kept free behind the last statement for SQS and the reply */
    REPLY_RESERVE_MS = 200,  /* of it: the reply itself takes a few */
    INIT_SECRETS_MS =
        5 * 1000, /* Lambda ends an init after 10 s: what takes longer is asked again at the first event */
    DIRECT_TOPICS_MAX = 200, /* somebody waits for the answer: what is more is left to the next invocation */
};

/* What a sandbox keeps. */
static struct {
    struct settings settings;
    struct topic_client topics;
} sandbox;

/* --- the log -------------------------------------------------------------------------------------------- */

static void complain(const struct device_batch *batch, size_t i, const struct nr_err *why)
{
    size_t n_open = 0;
    struct nr_log_field field;

    for (size_t at = 0; at < batch->intake.n; at++)
        n_open += !batch->is_closed[at];
    if (i == SIZE_MAX) {
        field = nr_log_int("messages", (int64_t)n_open);
        nr_log_err(NR_LOG_ERROR, "registrations not changed", why, &field, 1);
    } else {
        field = batch->intake.is_direct ? nr_log_int("position", (int64_t)i)
                                        : nr_log_text("messageId", device_intake_id(&batch->intake, i));
        nr_log_err(NR_LOG_ERROR, "message refused", why, &field, 1);
    }
}

static void log_advice(const struct topic_report *report)
{
    if (report->n_advised)
        nr_log(NR_LOG_WARN, "topic calls refused by FCM",
               nr_log_text("reason", nr_view(report->advised.reason)),
               nr_log_int("calls", (int64_t)report->n_advised),
               nr_log_text("hint", nr_view(report->advised.advice)));
}

static void log_summary(const struct device_batch *batch, const struct topic_report *topics,
                        int64_t started_us)
{
    const size_t *n = batch->n_by_outcome;

    nr_log(NR_LOG_INFO, "batch done", nr_log_int("messages", (int64_t)batch->intake.n),
           nr_log_int("malformed", (int64_t)batch->n_malformed),
           nr_log_int("registered", (int64_t)n[DEVICE_REGISTERED]),
           nr_log_int("refreshed", (int64_t)(n[DEVICE_REFRESHED] + n[DEVICE_REACTIVATED])),
           nr_log_int("moved", (int64_t)n[DEVICE_MOVED]), nr_log_int("replaced", (int64_t)n[DEVICE_REPLACED]),
           nr_log_int("unregistered", (int64_t)n[DEVICE_UNREGISTERED]),
           nr_log_int("outdated", (int64_t)n[DEVICE_OUTDATED]),
           nr_log_int("ignored", (int64_t)(n[DEVICE_IGNORED] + n[DEVICE_UNKNOWN])),
           nr_log_int("topicsDone", (int64_t)topics->n_done),
           nr_log_int("topicsWaiting", (int64_t)(topics->n_waiting + topics->n_untouched)),
           nr_log_int("topicsFailed", (int64_t)topics->n_failed),
           nr_log_int("returned", (int64_t)device_intake_n_failed(&batch->intake)),
           nr_log_int("durationMs", (nr_clock_mono_us() - started_us) / 1000));
}

static void emit_metrics(const struct device_batch *batch, const struct topic_report *topics)
{
    struct nr_metric metrics[DEVICE_N_OUTCOMES + 3];
    size_t n = 0;
    static const char *const names[DEVICE_N_OUTCOMES] = {
        [DEVICE_REGISTERED] = "DevicesRegistered",    [DEVICE_REFRESHED] = "DevicesRefreshed",
        [DEVICE_REACTIVATED] = "DevicesReactivated",  [DEVICE_MOVED] = "DevicesMoved",
        [DEVICE_REPLACED] = "DevicesReplaced",        [DEVICE_UNREGISTERED] = "DevicesUnregistered",
        [DEVICE_SUBSCRIBED] = "DevicesSubscribed",    [DEVICE_UNSUBSCRIBED] = "DevicesUnsubscribed",
        [DEVICE_OUTDATED] = "DeviceMessagesOutdated", [DEVICE_IGNORED] = "DeviceMessagesIgnored",
        [DEVICE_UNKNOWN] = "DeviceMessagesUnknown",
    };

    for (int i = 0; i < DEVICE_N_OUTCOMES; i++)
        if (batch->n_by_outcome[i])
            metrics[n++] = (struct nr_metric){names[i], NR_METRIC_COUNT, (double)batch->n_by_outcome[i]};
    if (batch->n_malformed)
        metrics[n++] =
            (struct nr_metric){"DeviceMessagesMalformed", NR_METRIC_COUNT, (double)batch->n_malformed};
    if (topics->n_claimed) {
        metrics[n++] = (struct nr_metric){"TopicCallsDone", NR_METRIC_COUNT, (double)topics->n_done};
        metrics[n++] = (struct nr_metric){"TopicCallsFailed", NR_METRIC_COUNT, (double)topics->n_failed};
    }
    nr_metric_emit("Narae/Push", NULL, 0, metrics, n);
}

/* --- the invocation ------------------------------------------------------------------------------------- */

/* Returns whether there is any use in going on. */
static bool write_registry(struct device_batch *batch, int64_t deadline_mono_ms)
{
    struct nr_err why = {0};
    enum nr_err_kind ended;

    if (!device_batch_is_open(batch))
        return sandbox.settings.pg && sandbox.settings.has_account;
    if (settings_read_secrets(&sandbox.settings, deadline_mono_ms, &why) != 0) {
        complain(batch, SIZE_MAX, &why);
        device_batch_give_back(batch, &why);
        return false;
    }
    ended = device_batch_apply(batch, sandbox.settings.pg, nr_clock_wall_ms(), deadline_mono_ms, complain);
    if (ended == NR_ERR_DENIED)
        settings_forget_database(&sandbox.settings); /* perhaps the password was rotated */
    return ended == NR_ERR_NONE;
}

/* The devices of a direct invocation: its caller waits for its own topics, and for nobody else's. */
static size_t collect_devices(const struct device_batch *batch, int64_t *out)
{
    size_t n = 0;

    for (size_t i = 0; i < batch->intake.n; i++)
        if (batch->items[i].is_done && batch->items[i].device_id)
            out[n++] = batch->items[i].device_id;
    return n;
}

/* That FCM could not be told is no failure of the messages: what they want is in the registry. */
static void work_on_topics(const struct device_batch *batch, int64_t deadline_mono_ms,
                           struct topic_report *report)
{
    int64_t *ids = batch->intake.is_direct ? calloc(batch->intake.n + 1, sizeof(*ids)) : NULL;
    struct topic_scope scope = {0};
    struct nr_err why = {0};

    if (ids)
        scope = (struct topic_scope){ids, collect_devices(batch, ids), DIRECT_TOPICS_MAX};
    if (scope.n_device_ids || !batch->intake.is_direct) {
        if (topic_job_run(&sandbox.topics, &scope, deadline_mono_ms, report, &why) != 0) {
            nr_log_err(NR_LOG_ERROR, "topics wait", &why, NULL, 0);
            if (why.kind == NR_ERR_INVALID || why.kind == NR_ERR_DENIED)
                settings_forget_account(&sandbox.settings); /* perhaps the key was rotated */
        }
        log_advice(report);
    }
    free(ids);
}

static int64_t work_deadline(const struct nr_request *request)
{
    return request->deadline_mono_ms == NR_CLOCK_NEVER_MS ? NR_CLOCK_NEVER_MS
                                                          : request->deadline_mono_ms - FINISH_RESERVE_MS;
}

/* What the queue cannot be told comes back all the same, only at the queue's own time. */
static void tell_delays(const struct device_batch *batch, const struct nr_request *request)
{
    int64_t deadline_mono_ms = request->deadline_mono_ms;
    struct nr_err why = {0};
    struct nr_log_field n;
    size_t n_refused;

    if (deadline_mono_ms != NR_CLOCK_NEVER_MS)
        deadline_mono_ms -= REPLY_RESERVE_MS;
    if (nr_sqs_delay(&batch->intake.sqs, deadline_mono_ms, &n_refused, &why) == 0)
        return;
    n = nr_log_int("messages", (int64_t)n_refused);
    nr_log_err(NR_LOG_WARN, "messages come back after the visibility timeout", &why, &n, 1);
}

static int run(struct device_batch *batch, const struct nr_request *request, struct nr_reply *reply,
               struct nr_err *err)
{
    int64_t started_us = nr_clock_mono_us();
    int64_t deadline_mono_ms = work_deadline(request);
    struct topic_report topics = {0};
    json_t *event;

    if (nr_request_json(request, &event, err) != 0 || device_batch_read(event, complain, batch, err) != 0)
        return -1;
    if (write_registry(batch, deadline_mono_ms))
        work_on_topics(batch, deadline_mono_ms, &topics);
    tell_delays(batch, request);
    emit_metrics(batch, &topics);
    log_summary(batch, &topics, started_us);
    return device_intake_reply(&batch->intake, reply, err);
}

static int invoke(const struct nr_request *request, struct nr_reply *reply, struct nr_err *err)
{
    struct device_batch batch = {0};
    int result = run(&batch, request, reply, err);

    device_batch_done(&batch);
    return result;
}

/* --- the sandbox ---------------------------------------------------------------------------------------- */

/* A secret that cannot be reached yet is invoke's business; one that is wrong is not. */
static int read_secrets_early(struct nr_err *err)
{
    struct nr_err why = {0};

    if (settings_read_secrets(&sandbox.settings, nr_clock_mono_ms() + INIT_SECRETS_MS, &why) == 0 ||
        nr_err_is_transient(&why))
        return 0;
    *err = why;
    return -1;
}

static int init(struct nr_err *err)
{
    sandbox.settings.application_name = "narae-push_devices";
    if (settings_read(&sandbox.settings, err) != 0 || nr_tls_warm(err) != 0 || read_secrets_early(err) != 0 ||
        topic_client_init(&sandbox.topics, &sandbox.settings, err) != 0)
        return -1;
    if (sandbox.topics.topic_settings.is_iid && !topic_iid_is_open(nr_clock_wall_ms()))
        nr_log(NR_LOG_WARN, "NARAE_TOPIC_BACKEND=iid has no effect: that API ended on 2027-09-29");
    return 0;
}

const struct nr_handler handler = {NR_ABI, sizeof(struct nr_handler), "push_devices", init, invoke, NULL};

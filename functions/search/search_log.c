/* search_log - search events become rows of the stream.
 *
 * parse    the event's form, the bodies in it, the events in these
 * decide   each event becomes a row, scrubbed, or is refused, or dropped because somebody opted out
 * act      rows are packed into records and stored, as many as the time allows
 * reply    which SQS messages come back, and when; or counts and what was not stored
 */
#include <string.h>

#include <narae/clock.h>
#include <narae/handler.h>
#include <narae/log.h>
#include <narae/metric.h>
#include <narae/sqs.h>
#include <narae/tls.h>

#include "functions/search/decode.h"
#include "functions/search/intake.h"
#include "functions/search/log_batch.h"
#include "functions/search/log_reply.h"
#include "functions/search/log_settings.h"

enum {
    FINISH_RESERVE_MS = 500, /* kept free behind the last request for SQS and the reply */
    DELAY_RESERVE_MS = 3,    /* besides, for each message that may fail: a call tells the queue of ten */
    DELAY_RESERVE_MAX_MS = 5 * 1000,
    REPLY_RESERVE_MS = 200,     /* of FINISH_RESERVE_MS, for the reply */
    INIT_SECRETS_MS = 5 * 1000, /* Lambda ends an init after 10 s */
    DIRECT_EVENTS_MAX = 20000,  /* 6 MB of events of 300 bytes */
};

/* What a sandbox keeps. */
static struct {
    struct log_settings settings;
} sandbox;

/* --- reply ---------------------------------------------------------------------------------------------- */

static void log_summary(const struct log_batch *batch)
{
    const struct outbox_tally *tally = &batch->outbox.tally;

    nr_log(NR_LOG_INFO, "batch done", nr_log_int("items", (int64_t)batch->n_items),
           nr_log_int("events", (int64_t)batch->n_events), nr_log_int("refused", (int64_t)batch->n_refused),
           nr_log_int("optedOut", (int64_t)batch->found.n_opted_out),
           nr_log_int("scrubbed", (int64_t)batch->found.n_with_pii),
           nr_log_int("unknownMembers", (int64_t)batch->found.n_unknown),
           nr_log_int("stored", (int64_t)tally->n_events), nr_log_int("notStored", (int64_t)batch->n_lost),
           nr_log_int("records", (int64_t)tally->n_records),
           nr_log_int("requests", (int64_t)tally->kinesis.n_requests),
           nr_log_int("throttled", (int64_t)tally->kinesis.n_throttled),
           nr_log_int("inDoubt", (int64_t)tally->kinesis.n_in_doubt),
           nr_log_int("durationMs", (nr_clock_mono_us() - batch->started_us) / 1000));
}

static void emit_metrics(const struct log_batch *batch)
{
    const struct outbox_tally *tally = &batch->outbox.tally;
    const struct nr_metric metrics[] = {
        {"EventsStored", NR_METRIC_COUNT, (double)tally->n_events},
        {"EventsNotStored", NR_METRIC_COUNT, (double)batch->n_lost},
        {"Refused", NR_METRIC_COUNT, (double)batch->n_refused},
        {"OptedOut", NR_METRIC_COUNT, (double)batch->found.n_opted_out},
        {"EventsScrubbed", NR_METRIC_COUNT, (double)batch->found.n_with_pii},
        {"Records", NR_METRIC_COUNT, (double)tally->n_records},
        {"Requests", NR_METRIC_COUNT, (double)tally->kinesis.n_requests},
        {"Throttled", NR_METRIC_COUNT, (double)tally->kinesis.n_throttled},
        {"RequestsInDoubt", NR_METRIC_COUNT, (double)tally->kinesis.n_in_doubt},
        {"BytesBilledByFirehose", NR_METRIC_BYTES, (double)tally->billed_bytes},
        {"BytesSavedByPacking", NR_METRIC_BYTES,
         (double)tally->billed_alone_bytes - (double)tally->billed_bytes},
    };

    nr_metric_emit("Narae/Search", NULL, 0, metrics, sizeof(metrics) / sizeof(metrics[0]));
}

/* One line for all that was not stored, one for all that its sender must mend. */
static void log_losses(const struct log_batch *batch)
{
    const struct nr_log_field n = nr_log_int("events", (int64_t)batch->n_lost);

    if (batch->n_lost)
        nr_log_err(NR_LOG_ERROR, "events not stored", &batch->outbox.why, &n, 1);
    if (batch->n_refused && batch->intake.shape != INTAKE_SQS)
        nr_log(NR_LOG_WARN, "events refused", nr_log_int("events", (int64_t)batch->n_refused));
}

static void finish(const struct log_batch *batch)
{
    log_losses(batch);
    log_summary(batch);
    emit_metrics(batch);
}

/* --- the three ways in ---------------------------------------------------------------------------------- */

static int64_t before_deadline(const struct nr_request *request, int64_t reserve_ms)
{
    return request->deadline_mono_ms == NR_CLOCK_NEVER_MS ? NR_CLOCK_NEVER_MS
                                                          : request->deadline_mono_ms - reserve_ms;
}

static int64_t send_deadline(const struct log_batch *batch)
{
    int64_t for_delays_ms = DELAY_RESERVE_MS * (int64_t)batch->intake.sqs.n_records;

    if (for_delays_ms > DELAY_RESERVE_MAX_MS)
        for_delays_ms = DELAY_RESERVE_MAX_MS;
    return before_deadline(batch->request, FINISH_RESERVE_MS + for_delays_ms);
}

static int prepare(struct log_batch *batch, struct nr_err *err)
{
    int64_t deadline_mono_ms = send_deadline(batch);

    if (log_settings_read_key(&sandbox.settings, deadline_mono_ms, err) != 0)
        return -1;
    return log_batch_prepare(batch, &sandbox.settings, deadline_mono_ms, err);
}

/* What the queue cannot be told comes back all the same, only at the queue's own time. */
static void tell_delays(const struct log_batch *batch)
{
    struct nr_err why = {0};
    struct nr_log_field n;
    size_t n_refused;

    if (nr_sqs_delay(&batch->intake.sqs, before_deadline(batch->request, REPLY_RESERVE_MS), &n_refused,
                     &why) == 0)
        return;
    n = nr_log_int("messages", (int64_t)n_refused);
    nr_log_err(NR_LOG_WARN, "messages come back after the visibility timeout", &why, &n, 1);
}

/* A key that cannot be had is no fault of the messages: all of them come back. */
static int run_sqs(struct log_batch *batch, struct nr_reply *reply, struct nr_err *err)
{
    struct nr_err why = {0};

    if (prepare(batch, &why) == 0)
        log_batch_take_messages(batch);
    else
        log_batch_give_back(batch, &why);
    finish(batch);
    tell_delays(batch);
    return nr_sqs_reply(&batch->intake.sqs, reply, err);
}

/* The events of a request. When it is refused `status` is what to answer. */
static int read_http(struct log_batch *batch, struct nr_view *out, int *status, struct nr_err *err)
{
    const struct intake *intake = &batch->intake;
    int result;

    *status = 405;
    if (!nr_view_is(intake->method, NR_VIEW("POST")))
        return nr_err_set(err, NR_ERR_INVALID, NULL, "the method must be POST");
    *status = 400;
    if (!intake->body.raw.len)
        return nr_err_set(err, NR_ERR_INVALID, NULL, "body: is required");
    result = log_batch_body(batch, intake->body.raw, out, err);
    if (result == 0)
        result = decode_body(&batch->decode, *out, intake->is_base64, out, err);
    if (result != 0)
        nr_err_context(err, "body");
    if (result == 0 && out->len > (size_t)sandbox.settings.http_max_bytes)
        result = nr_err_set(err, NR_ERR_INVALID, "Function.TooLarge", "body: must have at most %d bytes",
                            (int)sandbox.settings.http_max_bytes);
    if (result == 0)
        result = log_batch_check_events(batch, *out, true, (size_t)sandbox.settings.http_max_events, err);
    if (strcmp(err->type, "Function.TooLarge") == 0)
        *status = 413;
    return result;
}

/* Nothing of it could be tried; of a request that was not read, it is not known how many events it has. */
static void lose_request(struct log_batch *batch, const struct nr_err *why)
{
    batch->outbox.why = *why;
    batch->n_lost = batch->n_items ? batch->n_items : 1;
    finish(batch);
}

static int run_http(struct log_batch *batch, struct nr_reply *reply, struct nr_err *err)
{
    struct nr_err why = {0};
    struct nr_view text = {0};
    int status;

    if (read_http(batch, &text, &status, &why) != 0 && why.kind == NR_ERR_INVALID) {
        nr_log(NR_LOG_WARN, "request refused", nr_log_int("status", status),
               nr_log_text("reason", nr_view(why.message)));
        return log_reply_write_http_error(status, why.message, reply, err);
    }
    if (why.kind != NR_ERR_NONE || prepare(batch, &why) != 0) {
        lose_request(batch, &why);
        return log_reply_write_http_error(503, "not available now", reply, err);
    }
    log_batch_take_events(batch, text, true);
    finish(batch);
    return log_reply_write_http(&batch->reply, reply, err);
}

/* Whoever invokes asynchronously sees no reply: only an error makes Lambda try again, or hand the events to
 * the dead-letter queue. Copies of those that were stored have the ids that they had. */
static int run_direct(struct log_batch *batch, struct nr_reply *reply, struct nr_err *err)
{
    struct nr_view text = batch->request->event;

    if (log_batch_check_events(batch, text, false, DIRECT_EVENTS_MAX, err) != 0 || prepare(batch, err) != 0)
        return -1;
    log_batch_take_events(batch, text, false);
    finish(batch);
    if (batch->n_lost)
        return nr_err_set(err, batch->outbox.why.kind, "Function.NotStored",
                          "%zu of %zu events were not stored: %s", batch->n_lost, batch->n_events,
                          batch->outbox.why.message);
    if (batch->n_refused && batch->n_refused == batch->n_events)
        return nr_err_set(err, NR_ERR_INVALID, "Function.InvalidEvent", "all events were refused: %.900s",
                          nr_buf_text(&batch->reply.errors));
    return log_reply_write(&batch->reply, reply, err);
}

/* --- the invocation ------------------------------------------------------------------------------------- */

static int run(struct log_batch *batch, struct nr_reply *reply, struct nr_err *err)
{
    static int (*const ways[])(struct log_batch *, struct nr_reply *, struct nr_err *) = {
        [INTAKE_DIRECT] = run_direct, [INTAKE_SQS] = run_sqs, [INTAKE_HTTP] = run_http};

    if (intake_read(batch->request->event, &batch->intake, err) != 0)
        return -1;
    return ways[batch->intake.shape](batch, reply, err);
}

static int invoke(const struct nr_request *request, struct nr_reply *reply, struct nr_err *err)
{
    struct log_batch batch;
    int result;

    log_batch_init(&batch, request);
    result = run(&batch, reply, err);
    log_batch_done(&batch);
    return result;
}

/* --- the sandbox ---------------------------------------------------------------------------------------- */

/* A secret that cannot be reached yet is invoke's business; one that is wrong is not. */
static int read_key_early(struct nr_err *err)
{
    struct nr_err why = {0};

    if (log_settings_read_key(&sandbox.settings, nr_clock_mono_ms() + INIT_SECRETS_MS, &why) == 0 ||
        nr_err_is_transient(&why))
        return 0;
    *err = why;
    return -1;
}

static int init(struct nr_err *err)
{
    if (log_settings_read(&sandbox.settings, err) != 0 || nr_tls_warm(err) != 0)
        return -1;
    return read_key_early(err);
}

const struct nr_handler handler = {NR_ABI, sizeof(struct nr_handler), "search_log", init, invoke, NULL};

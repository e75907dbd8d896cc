/* push_send - SQS messages become pushes.
 *
 * parse    every record into a push message; a malformed one fails alone
 * decide   which devices get which message: one question to the registry, one plan
 * act      send, and tell the registry which registrations are dead
 * reply    the ids of the messages that must come back, and only those
 */
#include <stdlib.h>

#include <narae/clock.h>
#include <narae/handler.h>
#include <narae/log.h>
#include <narae/sqs.h>
#include <narae/tls.h>

#include "functions/push/delivery.h"
#include "functions/push/event.h"
#include "functions/push/plan.h"
#include "functions/push/settings.h"
#include "functions/push/store.h"

enum {
    COMMIT_RESERVE_MS = 1500, /* kept free for the registry's update and the reply */
    INIT_SECRETS_MS =
        5 * 1000 /* Lambda ends an init after 10 s: what takes longer is asked again at the first event */
};

/* What a sandbox keeps. */
static struct {
    struct settings settings;
    struct nr_h2 *h2;
    struct google_token token;
} sandbox;

/* One invocation. */
struct batch {
    struct nr_sqs_batch sqs;
    struct push_message *messages; /* one for each record; zeroed where malformed */
    bool *is_skipped;              /* malformed or expired: no sends */
    size_t n_malformed, n_expired;
    struct store_devices devices;
    struct plan plan;
    struct delivery delivery;
    size_t n_by_verdict[FCM_N_VERDICTS];
    size_t n_deactivated;
    int64_t deadline_mono_ms;
    int64_t started_us;
};

/* --- parse
 * ------------------------------------------------------------------------------------------------------ */

static void refuse_record(struct batch *batch, size_t i, const struct nr_err *why)
{
    const struct nr_log_field id = nr_log_text("messageId", batch->sqs.records[i].message_id);

    nr_log_err(NR_LOG_ERROR, "message refused", why, &id, 1);
    nr_sqs_fail(&batch->sqs, i);
    batch->is_skipped[i] = true;
    batch->n_malformed++;
}

static void parse_record(struct batch *batch, size_t i, int64_t now_unix_ms)
{
    struct push_message *message = &batch->messages[i];
    struct nr_err why = {0};

    if (push_message_parse(batch->sqs.records[i].body, i, message, &why) != 0) {
        refuse_record(batch, i, &why);
    } else if (message->expires_unix_ms && message->expires_unix_ms <= now_unix_ms) {
        batch->is_skipped[i] = true;
        batch->n_expired++;
    }
}

static int parse(struct batch *batch, const struct nr_request *request, struct nr_err *err)
{
    int64_t now_unix_ms = nr_clock_wall_ms();
    json_t *event;

    if (nr_request_json(request, &event, err) != 0 || nr_sqs_parse(event, &batch->sqs, err) != 0)
        return -1;
    batch->messages = calloc(batch->sqs.n_records + 1, sizeof(*batch->messages));
    batch->is_skipped = calloc(batch->sqs.n_records + 1, sizeof(*batch->is_skipped));
    if (!batch->messages || !batch->is_skipped)
        return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.OutOfMemory", "no memory for %zu messages",
                          batch->sqs.n_records);
    for (size_t i = 0; i < batch->sqs.n_records; i++)
        parse_record(batch, i, now_unix_ms);
    return 0;
}

/* --- decide
 * ----------------------------------------------------------------------------------------------------- */

/* Until now nothing has been sent: all that could be parsed goes back to the queue, and one line says why. */
static void give_back(struct batch *batch, const char *what, const struct nr_err *why)
{
    const struct nr_log_field n =
        nr_log_int("messages", (int64_t)(batch->sqs.n_records - batch->n_malformed));

    nr_log_err(NR_LOG_ERROR, what, why, &n, 1);
    for (size_t i = 0; i < batch->sqs.n_records; i++)
        if (!batch->is_skipped[i])
            nr_sqs_fail(&batch->sqs, i);
}

static int find_devices(struct batch *batch, struct nr_err *err)
{
    struct store_devices found = {0};

    if (store_find_devices(sandbox.settings.pg, batch->messages, batch->is_skipped, batch->sqs.n_records,
                           batch->deadline_mono_ms, &found, err) != 0) {
        if (err->kind == NR_ERR_DENIED)
            settings_forget_database(&sandbox.settings); /* perhaps the password was rotated */
        return -1;
    }
    batch->devices = found;
    return 0;
}

static int decide(struct batch *batch, struct nr_err *err)
{
    if (settings_read_secrets(&sandbox.settings, batch->deadline_mono_ms, err) != 0 ||
        find_devices(batch, err) != 0)
        return -1;
    if (batch->devices.n_unknown)
        nr_log(NR_LOG_WARN, "devices named by id are not active in the registry",
               nr_log_int("devices", (int64_t)batch->devices.n_unknown));
    if (plan_make(batch->messages, batch->is_skipped, batch->sqs.n_records, batch->devices.items,
                  batch->devices.n, &batch->plan, err) != 0)
        return -1;
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): batch_done() frees what parse() allocated */
    return delivery_init(&batch->delivery, &batch->plan, sandbox.settings.account.project_id, err);
}

/* --- act
 * -------------------------------------------------------------------------------------------------------- */

static int64_t send_deadline(const struct batch *batch)
{
    return batch->deadline_mono_ms == NR_CLOCK_NEVER_MS ? NR_CLOCK_NEVER_MS
                                                        : batch->deadline_mono_ms - COMMIT_RESERVE_MS;
}

/* One line for all that was not sent, and one for all that was not answered. */
static void send_all(struct batch *batch)
{
    struct delivery *delivery = &batch->delivery;
    struct nr_err why = {0};
    struct nr_log_field n;

    if (delivery_run(delivery, sandbox.h2, &sandbox.settings.account, &sandbox.token, send_deadline(batch),
                     &why) != 0) {
        n = nr_log_int("sends", (int64_t)batch->plan.n_sends);
        nr_log_err(NR_LOG_ERROR, "pushes not sent", &why, &n, 1);
        if (why.kind == NR_ERR_INVALID || why.kind == NR_ERR_DENIED)
            settings_forget_account(&sandbox.settings); /* perhaps the key was rotated */
    } else if (delivery->n_unanswered) {
        n = nr_log_int("sends", (int64_t)delivery->n_unanswered);
        nr_log_err(NR_LOG_ERROR, "pushes not answered", &delivery->unanswered, &n, 1);
    }
}

static void log_send(const struct batch *batch, size_t i)
{
    const struct plan_send *send = &batch->plan.sends[i];
    enum fcm_verdict verdict = (enum fcm_verdict)batch->delivery.verdicts[i];

    nr_log(NR_LOG_DEBUG, "push", nr_log_text("id", batch->messages[send->message].id),
           send->device_id ? nr_log_int("deviceId", send->device_id) : (struct nr_log_field){0},
           nr_log_text("verdict", nr_view(fcm_meaning(verdict)->name)),
           nr_log_int("latencyUs", batch->delivery.latencies_us[i]));
}

static void count_verdicts(struct batch *batch)
{
    bool is_debug = nr_log_is_on(NR_LOG_DEBUG);

    for (size_t i = 0; i < batch->plan.n_sends; i++) {
        batch->n_by_verdict[batch->delivery.verdicts[i]]++;
        if (is_debug)
            log_send(batch, i);
    }
}

/* What an operator should do about verdicts that have an advice: one line for each kind. */
static void log_advice(const struct batch *batch)
{
    for (int v = 0; v < FCM_N_VERDICTS; v++) {
        const struct fcm_meaning *meaning = fcm_meaning((enum fcm_verdict)v);

        if (batch->n_by_verdict[v] && meaning->advice[0])
            nr_log(meaning->is_end ? NR_LOG_ERROR : NR_LOG_WARN, "pushes refused by FCM",
                   nr_log_text("verdict", nr_view(meaning->name)),
                   nr_log_int("sends", (int64_t)batch->n_by_verdict[v]),
                   nr_log_text("hint", nr_view(meaning->advice)));
    }
}

static size_t collect_dead(const struct batch *batch, struct store_device_key *out)
{
    size_t n = 0;

    for (size_t i = 0; i < batch->plan.n_sends; i++)
        if (batch->delivery.verdicts[i] == FCM_UNREGISTERED && batch->plan.sends[i].device_id)
            out[n++] =
                (struct store_device_key){batch->plan.sends[i].device_id, batch->plan.sends[i].version};
    return n;
}

/* A registry that cannot be told is no reason to send again: the next push to these devices brings the same
 * verdict. */
static void deactivate_dead(struct batch *batch)
{
    struct store_device_key *keys = calloc(batch->n_by_verdict[FCM_UNREGISTERED] + 1, sizeof(*keys));
    struct nr_err why = {0};
    size_t n = keys ? collect_dead(batch, keys) : 0;

    if (n && store_deactivate_unregistered(sandbox.settings.pg, keys, n, batch->deadline_mono_ms,
                                           &batch->n_deactivated, &why) != 0)
        nr_log_err(NR_LOG_ERROR, "unregistered devices stay active", &why, NULL, 0);
    free(keys);
}

static void act(struct batch *batch)
{
    send_all(batch);
    count_verdicts(batch);
    log_advice(batch);
    deactivate_dead(batch);
}

/* --- reply
 * ------------------------------------------------------------------------------------------------------ */

/* A message comes back when one of its sends may succeed later; or when FCM refused its payload and nobody
 * got it, so that it reaches the dead-letter queue instead of vanishing. */
static void fail_messages(struct batch *batch)
{
    enum { RETRY = 1, REFUSED = 2, SETTLED = 4 };
    uint8_t *marks = calloc(batch->sqs.n_records + 1, 1);

    for (size_t i = 0; marks && i < batch->plan.n_sends; i++) {
        enum fcm_verdict verdict = (enum fcm_verdict)batch->delivery.verdicts[i];

        marks[batch->plan.sends[i].message] |= fcm_meaning(verdict)->is_retry    ? RETRY
                                               : verdict == FCM_INVALID_ARGUMENT ? REFUSED
                                                                                 : SETTLED;
    }
    for (size_t i = 0; i < batch->sqs.n_records; i++)
        if (!batch->is_skipped[i] && (!marks || marks[i] & RETRY || marks[i] == REFUSED))
            nr_sqs_fail(&batch->sqs, i);
    free(marks);
}

static void log_summary(const struct batch *batch)
{
    const size_t *n = batch->n_by_verdict;
    size_t n_sends = batch->plan.n_sends;

    nr_log(NR_LOG_INFO, "batch done", nr_log_int("messages", (int64_t)batch->sqs.n_records),
           nr_log_int("malformed", (int64_t)batch->n_malformed),
           nr_log_int("expired", (int64_t)batch->n_expired), nr_log_int("sends", (int64_t)n_sends),
           nr_log_int("sent", (int64_t)n[FCM_SENT]), nr_log_int("unregistered", (int64_t)n[FCM_UNREGISTERED]),
           nr_log_int("deactivated", (int64_t)batch->n_deactivated),
           nr_log_int("notSent", (int64_t)n[FCM_PENDING]),
           nr_log_int("notAnswered", (int64_t)n[FCM_NO_ANSWER]),
           nr_log_int("returned", (int64_t)nr_sqs_n_failed(&batch->sqs)),
           nr_log_int("durationMs", (nr_clock_mono_us() - batch->started_us) / 1000));
}

static void batch_done(struct batch *batch)
{
    delivery_done(&batch->delivery);
    plan_done(&batch->plan);
    store_devices_done(&batch->devices);
    for (size_t i = 0; batch->messages && i < batch->sqs.n_records; i++)
        push_message_done(&batch->messages[i]);
    free(batch->messages);
    free(batch->is_skipped);
    nr_sqs_batch_done(&batch->sqs);
}

/* What could be parsed, from decision to mark. */
static void send_messages(struct batch *batch)
{
    struct nr_err why = {0};

    if (decide(batch, &why) == 0) {
        act(batch);
        fail_messages(batch);
    } else {
        give_back(batch, "nothing was sent", &why);
    }
}

static int run(struct batch *batch, const struct nr_request *request, struct nr_reply *reply,
               struct nr_err *err)
{
    if (parse(batch, request, err) != 0)
        return -1;
    if (batch->n_malformed + batch->n_expired < batch->sqs.n_records)
        send_messages(batch);
    log_summary(batch);
    return nr_sqs_reply(&batch->sqs, reply, err);
}

static int invoke(const struct nr_request *request, struct nr_reply *reply, struct nr_err *err)
{
    struct batch batch = {.deadline_mono_ms = request->deadline_mono_ms, .started_us = nr_clock_mono_us()};
    int result = run(&batch, request, reply, err);

    batch_done(&batch);
    return result;
}

/* --- the sandbox
 * ------------------------------------------------------------------------------------------------ */

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
    struct nr_h2_options options = {0};

    if (settings_read(&sandbox.settings, err) != 0 || nr_tls_warm(err) != 0 || read_secrets_early(err) != 0)
        return -1;
    options.origin = sandbox.settings.fcm_endpoint;
    options.max_connections = (int)sandbox.settings.n_connections;
    options.max_streams = (int)sandbox.settings.n_streams;
    options.request_timeout_ms = sandbox.settings.request_timeout_ms;
    if (nr_h2_new(&options, &sandbox.h2, err) == 0)
        return 0;
    return nr_err_context(err, "NARAE_FCM_ENDPOINT");
}

const struct nr_handler handler = {NR_ABI, sizeof(struct nr_handler), "push_send", init, invoke, NULL};

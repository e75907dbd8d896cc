/* push_send - SQS messages become pushes.
 *
 * parse    every record into a push message; a malformed one fails alone (batch.h)
 * decide   which devices get which message, and which of these sends are ours: one question to the database
 * act      send, write down what became of each, and tell the registry which registrations are dead (round.h)
 * reply    the ids of the messages that must come back, and only those, each after its own delay
 */
#include <stdlib.h>

#include <narae/clock.h>
#include <narae/handler.h>
#include <narae/log.h>
#include <narae/rand.h>
#include <narae/sqs.h>
#include <narae/tls.h>

#include "functions/push/backoff.h"
#include "functions/push/batch.h"
#include "functions/push/metrics.h"
#include "functions/push/round.h"
#include "functions/push/store.h"
#include "functions/push/store_finish.h"

enum {
    INIT_SECRETS_MS =
        5 * 1000, /* Lambda ends an init after 10 s: what takes longer is asked again at the first event */
    AWAY_FLOOR_MS = 10 * 1000,
    FINISH_RESERVE_MS = 500, /* kept free behind the last statement for SQS and the reply */
    REPLY_RESERVE_MS = 200,  /* of it: the reply itself takes a few */
    MS_PER_S = 1000,
};

static struct sandbox sandbox;

/* One invocation. */
struct invocation {
    struct batch batch;
    struct round_counts counts;
    int64_t deadline_mono_ms;
    int64_t started_us;
    bool is_given_back; /* the database or the secrets were away */
};

/* --- parse ---------------------------------------------------------------------------------------------- */

static int parse(struct invocation *invocation, const struct nr_request *request, struct nr_err *err)
{
    int64_t now_unix_ms = nr_clock_wall_ms();
    int64_t spare_wait_ms = sandbox.settings.spares_quarters ? pace_quarter_wait_ms(now_unix_ms) : 0;
    struct batch *batch = &invocation->batch;
    json_t *event;

    if (nr_request_json(request, &event, err) != 0 ||
        batch_parse(batch, event, now_unix_ms, spare_wait_ms, sandbox.settings.parks_poison, err) != 0)
        return -1;
    for (size_t i = 0; i < batch->n; i++) {
        const struct nr_log_field id = nr_log_text("messageId", batch->sqs.records[i].message_id);
        struct nr_err why = {0};

        if (batch->items[i].fate != BATCH_MALFORMED)
            continue;
        batch_why(batch, i, &why);
        nr_log_err(NR_LOG_ERROR, "message refused", &why, &id, 1);
    }
    return 0;
}

/* --- decide and act ------------------------------------------------------------------------------------- */

static void log_send(const struct push_message *message, int64_t device_id, enum fcm_verdict verdict,
                     int64_t latency_us)
{
    nr_log(NR_LOG_DEBUG, "push", nr_log_text("id", message->id),
           device_id ? nr_log_int("deviceId", device_id) : (struct nr_log_field){0},
           nr_log_text("verdict", nr_view(fcm_meaning(verdict)->name)), nr_log_int("latencyUs", latency_us));
}

/* A holder is never 0, and the same number twice is as likely as the end of the world. */
static int64_t draw_holder(void)
{
    return (int64_t)nr_rand_below(INT64_MAX) + 1;
}

/* Nothing of what is open has been sent: it goes back to the queue, and one line says why. */
static void give_back(struct invocation *invocation, const struct nr_err *why)
{
    struct batch *batch = &invocation->batch;
    const struct nr_log_field n = nr_log_int("messages", (int64_t)batch_count(batch, BATCH_OPEN));

    nr_log_err(NR_LOG_ERROR, "nothing was sent", why, &n, 1);
    invocation->is_given_back = true;
}

static void send_messages(struct invocation *invocation)
{
    round_send_fn send_fn = nr_log_is_on(NR_LOG_DEBUG) ? log_send : NULL;
    int64_t holder = draw_holder();
    struct nr_err why = {0};

    while (!invocation->is_given_back && batch_next_turn(&invocation->batch))
        if (round_run(&invocation->batch, &sandbox, holder, invocation->deadline_mono_ms, send_fn,
                      &invocation->counts, &why) != 0)
            give_back(invocation, &why);
}

/* A sandbox that is ended at its deadline takes with it the results that it could not write yet. */
static int64_t statement_deadline(const struct invocation *invocation)
{
    return invocation->deadline_mono_ms == NR_CLOCK_NEVER_MS
               ? NR_CLOCK_NEVER_MS
               : invocation->deadline_mono_ms - FINISH_RESERVE_MS;
}

/* The trail should say that they are over. That it does not is no reason to keep them. */
static void skip_expired(struct invocation *invocation)
{
    struct batch *batch = &invocation->batch;
    struct nr_view *ids = calloc(batch->n + 1, sizeof(*ids));
    struct nr_err why = {0};
    size_t n = 0;

    for (size_t i = 0; ids && i < batch->n; i++)
        if (batch->items[i].fate == BATCH_EXPIRED && batch->sqs.records[i].receive_count > 1)
            ids[n++] = batch->messages[i].id;
    if (n && sandbox.settings.pg &&
        store_finish_expired(sandbox.settings.pg, ids, n, statement_deadline(invocation), &why) != 0)
        nr_log_err(NR_LOG_WARN, "expired sends stay open in the ledger", &why, NULL, 0);
    free(ids);
}

/* --- what happened -------------------------------------------------------------------------------------- */

static void log_trouble(const struct round_counts *counts)
{
    const struct {
        const char *what;
        const struct nr_err *why;
        size_t n_sends;
    } troubles[] = {
        {"pushes not sent", &counts->not_sent, counts->n_by_verdict[FCM_PENDING]},
        {"pushes not answered", &counts->unanswered, counts->n_unanswered},
        {"results are not in the ledger: these pushes may be sent again", &counts->not_written,
         counts->n_sends},
        {"devices stay as they were", &counts->not_noted, counts->n_sends},
    };

    for (size_t i = 0; i < sizeof(troubles) / sizeof(troubles[0]); i++) {
        struct nr_log_field n = nr_log_int("sends", (int64_t)troubles[i].n_sends);

        if (troubles[i].why->kind != NR_ERR_NONE &&
            !(i == 1 && counts->not_sent.kind != NR_ERR_NONE)) /* the same trouble, said already */
            nr_log_err(NR_LOG_ERROR, troubles[i].what, troubles[i].why, &n, 1);
    }
    if (counts->n_unknown)
        nr_log(NR_LOG_WARN, "devices named by id are not active in the registry",
               nr_log_int("devices", (int64_t)counts->n_unknown));
}

/* What an operator should do about verdicts that have an advice: one line for each kind. */
static void log_advice(const struct round_counts *counts)
{
    for (int v = 0; v < FCM_N_VERDICTS; v++) {
        const struct fcm_meaning *meaning = fcm_meaning((enum fcm_verdict)v);

        if (counts->n_by_verdict[v] && meaning->advice[0])
            nr_log(meaning->is_alarm ? NR_LOG_ERROR : NR_LOG_WARN, "pushes refused by FCM",
                   nr_log_text("verdict", nr_view(meaning->name)),
                   nr_log_int("sends", (int64_t)counts->n_by_verdict[v]),
                   nr_log_text("hint", nr_view(meaning->advice)));
    }
}

static void log_summary(const struct invocation *invocation)
{
    const struct batch *batch = &invocation->batch;
    const struct round_counts *counts = &invocation->counts;
    const size_t *n = counts->n_by_verdict;

    nr_log(NR_LOG_INFO, "batch done", nr_log_int("messages", (int64_t)batch->n),
           nr_log_int("malformed", (int64_t)batch_count(batch, BATCH_MALFORMED)),
           nr_log_int("expired", (int64_t)batch_count(batch, BATCH_EXPIRED)),
           nr_log_int("sends", (int64_t)counts->n_sends), nr_log_int("sent", (int64_t)n[FCM_SENT]),
           nr_log_int("unregistered", (int64_t)n[FCM_UNREGISTERED]),
           nr_log_int("deactivated", (int64_t)counts->n_deactivated),
           nr_log_int("notSent", (int64_t)n[FCM_PENDING]),
           nr_log_int("notAnswered", (int64_t)n[FCM_NO_ANSWER]), nr_log_int("held", (int64_t)counts->n_held),
           nr_log_int("returned", (int64_t)nr_sqs_n_failed(&batch->sqs)),
           nr_log_int("durationMs", (nr_clock_mono_us() - invocation->started_us) / MS_PER_S));
}

/* --- reply ---------------------------------------------------------------------------------------------- */

static bool is_poison(enum batch_fate fate)
{
    return fate == BATCH_MALFORMED || fate == BATCH_REFUSED;
}

static size_t collect_poison(const struct batch *batch, struct store_parked *out, struct nr_err *reasons)
{
    size_t n = 0;

    for (size_t i = 0; i < batch->n; i++) {
        const struct nr_sqs_record *record = &batch->sqs.records[i];

        if (!is_poison(batch->items[i].fate))
            continue;
        if (batch->items[i].fate == BATCH_MALFORMED)
            batch_why(batch, i, &reasons[n]);
        out[n] = (struct store_parked){
            .sqs_message_id = record->message_id,
            .message_id = batch->messages[i].id,
            .body = record->body,
            .reason = batch->items[i].fate == BATCH_MALFORMED
                          ? reasons[n].message
                          : fcm_meaning(batch->items[i].outcome.refusal)->name,
            .receive_count = record->receive_count,
        };
        n++;
    }
    return n;
}

/* Parked first, then gone from the queue: what could not be parked comes back. */
static bool park(struct invocation *invocation)
{
    const struct batch *batch = &invocation->batch;
    size_t n = batch_count(batch, BATCH_MALFORMED) + batch_count(batch, BATCH_REFUSED);
    struct store_parked *parked = calloc(n + 1, sizeof(*parked));
    struct nr_err *reasons = calloc(n + 1, sizeof(*reasons));
    struct nr_err why = {0};
    bool is_parked = false;

    if (n && parked && reasons &&
        settings_read_secrets(&sandbox.settings, statement_deadline(invocation), &why) == 0)
        is_parked = store_park(sandbox.settings.pg, parked, collect_poison(batch, parked, reasons),
                               statement_deadline(invocation), &why) == 0;
    if (n && !is_parked)
        nr_log_err(NR_LOG_ERROR, "messages could not be parked", &why, NULL, 0);
    free(parked);
    free(reasons);
    return is_parked;
}

/* The database or a secret is away: soon at first, then ever later, so that an hour's outage costs no
 * message. */
static int64_t away_wait_ms(const struct nr_sqs_record *record)
{
    return backoff_wait_ms(&(struct backoff_case){.floor_ms = AWAY_FLOOR_MS,
                                                  .attempts = (int)record->receive_count,
                                                  .random = nr_rand_below(1ULL << 32)});
}

/* Poison comes back at once: it reaches the dead-letter queue within seconds instead of hours. */
static void mark_failures(struct invocation *invocation)
{
    struct batch *batch = &invocation->batch;
    bool is_parked = sandbox.settings.parks_poison && park(invocation);

    for (size_t i = 0; i < batch->n; i++) {
        enum batch_fate fate = batch->items[i].fate;

        if (fate == BATCH_AGAIN)
            nr_sqs_fail_for(&batch->sqs, i, batch->items[i].wait_ms);
        else if (is_poison(fate) && !sandbox.settings.parks_poison)
            nr_sqs_fail_for(&batch->sqs, i, 0);
        else if (fate == BATCH_OPEN)
            nr_sqs_fail_for(&batch->sqs, i, away_wait_ms(&batch->sqs.records[i]));
        else if (is_poison(fate) && !is_parked)
            nr_sqs_fail(&batch->sqs, i);
    }
}

/* What the queue cannot be told comes back all the same, only at the queue's own time. */
static void tell_delays(struct invocation *invocation)
{
    int64_t deadline_ms = invocation->deadline_mono_ms;
    struct nr_err why = {0};
    struct nr_log_field n;
    size_t n_refused;

    if (deadline_ms != NR_CLOCK_NEVER_MS)
        deadline_ms -= REPLY_RESERVE_MS;

    if (nr_sqs_delay(&invocation->batch.sqs, deadline_ms, &n_refused, &why) == 0)
        return;
    n = nr_log_int("messages", (int64_t)n_refused);
    nr_log_err(NR_LOG_WARN, "messages come back after the visibility timeout", &why, &n, 1);
}

static int run(struct invocation *invocation, const struct nr_request *request, struct nr_reply *reply,
               struct nr_err *err)
{
    if (parse(invocation, request, err) != 0)
        return -1;
    send_messages(invocation);
    skip_expired(invocation);
    log_trouble(&invocation->counts);
    log_advice(&invocation->counts);
    mark_failures(invocation);
    tell_delays(invocation);
    log_summary(invocation);
    metrics_emit(&invocation->batch, &invocation->counts, sandbox.pace.percent);
    return nr_sqs_reply(&invocation->batch.sqs, reply, err);
}

static int invoke(const struct nr_request *request, struct nr_reply *reply, struct nr_err *err)
{
    struct invocation invocation = {.deadline_mono_ms = request->deadline_mono_ms,
                                    .started_us = nr_clock_mono_us()};
    int result = run(&invocation, request, reply, err);

    batch_done(&invocation.batch);
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
    struct settings *settings = &sandbox.settings;
    struct nr_h2_options options = {0};

    if (settings_read(settings, err) != 0 || nr_tls_warm(err) != 0 || read_secrets_early(err) != 0)
        return -1;
    pace_init(&sandbox.pace, settings->rate_per_s, settings->ramp_s * MS_PER_S);
    options.origin = settings->fcm_endpoint;
    options.max_connections = (int)settings->n_connections;
    options.max_streams = (int)settings->n_streams;
    options.request_timeout_ms = settings->request_timeout_ms;
    if (nr_h2_new(&options, &sandbox.h2, err) == 0)
        return 0;
    return nr_err_context(err, "NARAE_FCM_ENDPOINT");
}

const struct nr_handler handler = {NR_ABI, sizeof(struct nr_handler), "push_send", init, invoke, NULL};

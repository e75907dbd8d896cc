#include <stdlib.h>
#include <string.h>

#include <narae/clock.h>
#include <narae/rand.h>

#include "functions/push/backoff.h"
#include "functions/push/delivery.h"
#include "functions/push/judge.h"
#include "functions/push/ledger.h"
#include "functions/push/plan.h"
#include "functions/push/round.h"
#include "functions/push/store.h"
#include "functions/push/store_claim.h"

enum {
    /* Kept free after the last answer for the ledger, the devices and the reply: 10,000 results take 0.3 s.
     */
    COMMIT_RESERVE_MS = 2500,
    REPLY_RESERVE_MS = 500, /* of it for SQS and the reply */
    /* A claim must outlive its invocation: Lambda ends it at the deadline, and the database's clock is
       another. */
    LEASE_MARGIN_MS = 5 * 1000,
    LEASE_MAX_MS = 15 * 60 * 1000, /* the longest timeout of a Lambda function */
    DEBT_WAIT_MS = 1000,           /* for a database that is back; else the messages wait in the queue */
    WRITE_MAX_MS = 60 * 1000,      /* where there is no deadline: how long to wait for the database */
    NO_TIME_FLOOR_MS = 1000,       /* there was no time for it: the next invocation has some */
    NO_WAY_FLOOR_MS = 10 * 1000,   /* FCM or Google could not be asked: as FCM's own floor */
};

/* One turn. */
struct turn {
    struct batch *batch;
    struct sandbox *sandbox;
    struct round_counts *counts;
    round_send_fn send_fn;
    int64_t deadline_mono_ms;
    struct store_lease lease;
    struct store_claims claims;
    struct plan plan;
    struct delivery delivery;
    struct ledger ledger;
    bool *is_written; /* owned: of each send, given to the ledger */
};

static void keep_first(struct nr_err *kept, const struct nr_err *err)
{
    if (kept->kind == NR_ERR_NONE)
        *kept = *err;
}

/* --- decide --------------------------------------------------------------------------------------------- */

static int64_t lease_ms(int64_t deadline_mono_ms)
{
    int64_t left_ms = nr_clock_left_ms(deadline_mono_ms);

    return left_ms > LEASE_MAX_MS ? LEASE_MAX_MS : left_ms + LEASE_MARGIN_MS;
}

/* Without an answer the messages go back; the invocation must live to say so. */
static int64_t claim_deadline(const struct turn *turn)
{
    return turn->deadline_mono_ms == NR_CLOCK_NEVER_MS ? NR_CLOCK_NEVER_MS
                                                       : turn->deadline_mono_ms - REPLY_RESERVE_MS;
}

/* A database that cannot take old results could not take new ones. What no waiting mends is given up: it is
 * sent again once its lease has run out. */
static int pay_debt(struct turn *turn, struct nr_err *err)
{
    struct ledger *debt = &turn->sandbox->debt;
    int64_t at_most = nr_clock_mono_ms() + DEBT_WAIT_MS;
    int result;

    if (debt->n == 0)
        return 0;
    debt->pg = turn->sandbox->settings.pg;
    result = ledger_write_all(debt, at_most < claim_deadline(turn) ? at_most : claim_deadline(turn), err);
    if (result == 0 || !nr_err_is_transient(err))
        ledger_done(debt);
    return result;
}

static int claim(struct turn *turn, struct nr_err *err)
{
    struct settings *settings = &turn->sandbox->settings;

    if (settings_read_secrets(settings, claim_deadline(turn), err) != 0 || pay_debt(turn, err) != 0)
        return -1;
    if (store_claim_sends(settings->pg, turn->batch->messages, turn->batch->is_left_out, turn->batch->n,
                          turn->lease, claim_deadline(turn), &turn->claims, err) == 0)
        return 0;
    if (err->kind == NR_ERR_DENIED)
        settings_forget_database(settings); /* perhaps the password was rotated */
    return -1;
}

static int decide(struct turn *turn, struct nr_err *err)
{
    if (claim(turn, err) != 0 ||
        plan_make(turn->batch->messages, turn->batch->is_left_out, turn->batch->n, turn->claims.items,
                  turn->claims.n, &turn->plan, err) != 0 ||
        delivery_init(&turn->delivery, &turn->plan, turn->sandbox->settings.account.project_id, err) != 0)
        return -1;
    turn->is_written = calloc(turn->plan.n_sends + 1, sizeof(*turn->is_written));
    if (!turn->is_written)
        return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.OutOfMemory", "no memory for %zu sends",
                          turn->plan.n_sends);
    ledger_init(&turn->ledger, turn->sandbox->settings.pg, turn->lease.holder);
    return 0;
}

/* --- the ledger ----------------------------------------------------------------------------------------- */

static void give_to_ledger(struct turn *turn, size_t i)
{
    const struct plan_send *send = &turn->plan.sends[i];
    const struct push_message *message = &turn->batch->messages[send->message];
    enum fcm_verdict verdict = (enum fcm_verdict)turn->delivery.verdicts[i];
    struct nr_err why = {0};

    if (turn->is_written[i] || message->is_validate_only)
        return;
    if (ledger_add(&turn->ledger,
                   &(struct store_result){.message_id = message->id,
                                          .device_id = send->device_id,
                                          .verdict = (int)verdict,
                                          .more_attempts = turn->delivery.tries[i] - 1,
                                          .wait_ms = delivery_wait_ms(&turn->delivery, i)},
                   &why) == 0)
        turn->is_written[i] = true;
    else
        keep_first(&turn->counts->not_written, &why);
}

/* While others are still under way. What may yet turn out differently waits for the end. */
static void settled(void *ctx, size_t i)
{
    struct turn *turn = ctx;
    enum fcm_verdict verdict = (enum fcm_verdict)turn->delivery.verdicts[i];

    if (verdict != FCM_INVALID_ARGUMENT && !fcm_meaning(verdict)->is_blame)
        give_to_ledger(turn, i);
    ledger_write_some(&turn->ledger);
}

static int64_t write_deadline(const struct turn *turn)
{
    int64_t at_most = nr_clock_mono_ms() + WRITE_MAX_MS;
    int64_t in_time = turn->deadline_mono_ms - REPLY_RESERVE_MS;

    return in_time < at_most ? in_time : at_most;
}

static void write_ledger(struct turn *turn)
{
    struct nr_err why = {0};

    for (size_t i = 0; i < turn->plan.n_sends; i++)
        give_to_ledger(turn, i);
    if (ledger_write_all(&turn->ledger, write_deadline(turn), &why) != 0)
        keep_first(&turn->counts->not_written, &why);
}

/* --- act ------------------------------------------------------------------------------------------------ */

static int64_t send_deadline(const struct turn *turn)
{
    return turn->deadline_mono_ms == NR_CLOCK_NEVER_MS ? NR_CLOCK_NEVER_MS
                                                       : turn->deadline_mono_ms - COMMIT_RESERVE_MS;
}

static int deliver_once(struct turn *turn, struct nr_err *err)
{
    struct sandbox *sandbox = turn->sandbox;

    return delivery_run(&turn->delivery,
                        &(struct delivery_means){.h2 = sandbox->h2,
                                                 .account = &sandbox->settings.account,
                                                 .token = &sandbox->token,
                                                 .pace = &sandbox->pace,
                                                 .request_timeout_ms = sandbox->settings.request_timeout_ms,
                                                 .wait_max_ms = sandbox->settings.wait_max_ms,
                                                 .deadline_mono_ms = send_deadline(turn),
                                                 .settled = settled,
                                                 .ctx = turn},
                        err);
}

/* Google refused the key: perhaps it was rotated since the secret was read. Ask once more with what is there
 * now.
 */
static void deliver(struct turn *turn)
{
    struct settings *settings = &turn->sandbox->settings;
    struct nr_err why = {0};
    struct nr_err again = {0};

    if (deliver_once(turn, &why) == 0)
        return;
    if (strcmp(why.type, "Function.TokenDenied") == 0 || why.kind == NR_ERR_INVALID) {
        settings_forget_account(settings);
        if (settings_read_secrets(settings, turn->deadline_mono_ms, &again) == 0) {
            if (deliver_once(turn, &again) == 0)
                return;
            why = again;
            settings_forget_account(settings);
        }
    }
    keep_first(&turn->counts->not_sent, &why);
}

/* A registry that cannot be told is no reason to send again: the next push to these devices brings the same
 * verdict. */
static void note_devices(struct turn *turn)
{
    struct store_device_verdict *noted = calloc(turn->plan.n_sends + 1, sizeof(*noted));
    struct nr_err why = {0};
    size_t n_deactivated = 0;
    size_t n = 0;

    for (size_t i = 0; noted && i < turn->plan.n_sends; i++) {
        const struct plan_send *send = &turn->plan.sends[i];
        enum fcm_verdict verdict = (enum fcm_verdict)turn->delivery.verdicts[i];
        const char *reason = fcm_meaning(verdict)->device_reason;
        bool is_reached = verdict == FCM_SENT && !turn->batch->messages[send->message].is_validate_only;

        if (send->device_id && (reason || is_reached))
            noted[n++] = (struct store_device_verdict){send->device_id, send->version, reason};
    }
    if (n && store_note_devices(turn->sandbox->settings.pg, noted, n, write_deadline(turn), &n_deactivated,
                                &why) != 0)
        keep_first(&turn->counts->not_noted, &why);
    turn->counts->n_deactivated += n_deactivated;
    free(noted);
}

static void act(struct turn *turn)
{
    deliver(turn);
    turn->counts->is_breaker_open |= judge_verdicts(&turn->delivery, &turn->sandbox->breaker,
                                                    (int)turn->sandbox->settings.breaker_percent);
    write_ledger(turn);
    note_devices(turn);
}

/* --- what became of it ---------------------------------------------------------------------------------- */

static void add_latency(struct round_counts *counts, int64_t latency_us)
{
    if (latency_us <= 0)
        return;
    counts->n_answered++;
    counts->latency_sum_us += latency_us;
    if (latency_us > counts->latency_max_us)
        counts->latency_max_us = latency_us;
}

static void count(struct turn *turn)
{
    struct round_counts *counts = turn->counts;

    counts->n_sends += turn->plan.n_sends;
    counts->n_unknown += turn->claims.n_unknown;
    counts->n_unanswered += turn->delivery.n_unanswered;
    if (turn->delivery.n_unanswered)
        keep_first(&counts->unanswered, &turn->delivery.unanswered);
    for (size_t i = 0; i < turn->plan.n_sends; i++) {
        const struct plan_send *send = &turn->plan.sends[i];
        enum fcm_verdict verdict = (enum fcm_verdict)turn->delivery.verdicts[i];

        counts->n_by_verdict[verdict]++;
        add_latency(counts, turn->delivery.latencies_us[i]);
        if (turn->send_fn)
            turn->send_fn(&turn->batch->messages[send->message], send->device_id, verdict,
                          turn->delivery.latencies_us[i]);
    }
}

/* What was not sent costs no attempt, but the message's receives are counted by the queue: too soon, too
 * often, and a minute without FCM would send it to the dead-letter queue. */
static int64_t not_sent_wait_ms(const struct turn *turn, size_t message)
{
    const struct nr_err *why = &turn->counts->not_sent;
    bool is_time = why->kind == NR_ERR_NONE || why->kind == NR_ERR_DEADLINE;

    return backoff_wait_ms(&(struct backoff_case){
        .floor_ms = is_time ? NO_TIME_FLOOR_MS : NO_WAY_FLOOR_MS,
        .attempts = (int)turn->batch->sqs.records[message].receive_count,
        .random = nr_rand_below(1ULL << 32),
    });
}

static void add_up(struct turn *turn)
{
    for (size_t i = 0; i < turn->plan.n_sends; i++) {
        size_t message = turn->plan.sends[i].message;
        enum fcm_verdict verdict = (enum fcm_verdict)turn->delivery.verdicts[i];
        int64_t wait_ms =
            verdict == FCM_PENDING ? not_sent_wait_ms(turn, message) : delivery_wait_ms(&turn->delivery, i);

        outcome_add(&turn->batch->items[message].outcome, verdict, wait_ms);
    }
    for (size_t i = 0; i < turn->batch->n; i++)
        if (!turn->batch->is_left_out[i]) {
            outcome_add_past(&turn->batch->items[i].outcome, &turn->claims.past[i]);
            turn->counts->n_held += turn->claims.past[i].n_held;
        }
}

/* What is not in the ledger is claimed until the lease ends, and then made again. */
static void settle(struct turn *turn)
{
    static const enum batch_fate fates[] = {
        [OUTCOME_DONE] = BATCH_DONE, [OUTCOME_AGAIN] = BATCH_AGAIN, [OUTCOME_POISON] = BATCH_REFUSED};
    bool is_unwritten = turn->ledger.n > 0 || turn->counts->not_written.kind != NR_ERR_NONE;

    add_up(turn);
    for (size_t i = 0; i < turn->batch->n; i++) {
        const struct outcome *outcome = &turn->batch->items[i].outcome;

        if (turn->batch->is_left_out[i])
            continue;
        if (is_unwritten)
            batch_settle(turn->batch, i, BATCH_AGAIN, turn->lease.lease_ms);
        else
            batch_settle(turn->batch, i, fates[outcome_kind(outcome)],
                         comeback_wait_ms(&outcome->comeback, turn->batch->sqs.records[i].receive_count));
    }
}

static void turn_done(struct turn *turn)
{
    struct nr_err ignored = {0}; /* the log says already that results are not in the ledger */

    if (turn->ledger.n > 0 && ledger_own_ids(&turn->ledger, &ignored) == 0) {
        turn->sandbox->debt = turn->ledger;
        turn->ledger = (struct ledger){0};
    }
    ledger_done(&turn->ledger);
    delivery_done(&turn->delivery);
    plan_done(&turn->plan);
    store_claims_done(&turn->claims);
    free(turn->is_written);
}

int round_run(struct batch *batch, struct sandbox *sandbox, int64_t holder, int64_t deadline_mono_ms,
              round_send_fn send_fn, struct round_counts *counts, struct nr_err *err)
{
    struct turn turn = {.batch = batch,
                        .sandbox = sandbox,
                        .counts = counts,
                        .send_fn = send_fn,
                        .deadline_mono_ms = deadline_mono_ms,
                        .lease = {holder, lease_ms(deadline_mono_ms)}};
    int result = decide(&turn, err);

    if (result == 0) {
        act(&turn);
        count(&turn);
        settle(&turn);
    }
    turn_done(&turn);
    return result;
}

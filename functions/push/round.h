/* round.h - send the messages of one turn.
 *
 * Is:      claim, plan, deliver, weigh, write down: the way from messages to outcomes, once for all of a
 *          turn.
 * Is not:  a judge of messages (outcome.h), nor a logger: it counts, and keeps the errors for push_send.c.
 * Beware:  when round_run() fails nothing was sent. All later trouble is in the counts, and every message of
 *          the turn has its outcome.
 */
#ifndef NARAE_PUSH_ROUND_H
#define NARAE_PUSH_ROUND_H

#include <stddef.h>
#include <stdint.h>

#include <narae/err.h>
#include <narae/h2.h>

#include "functions/push/batch.h"
#include "functions/push/breaker.h"
#include "functions/push/fcm.h"
#include "functions/push/google_token.h"
#include "functions/push/ledger.h"
#include "functions/push/pace.h"
#include "functions/push/settings.h"

/* What a sandbox keeps. */
struct sandbox {
    struct settings settings;
    struct nr_h2 *h2;
    struct google_token token;
    struct pace pace;
    struct breaker breaker;
    /* Results that an earlier invocation could not write: as long as this sandbox lives, they are not lost,
     * and their pushes are not made again. Nothing is sent before they are written. */
    struct ledger debt;
};

/* Added up over the turns of an invocation; errors are the first of their kind, NONE = there was none. */
struct round_counts {
    size_t n_sends;
    size_t n_by_verdict[FCM_N_VERDICTS];
    size_t n_deactivated;
    size_t n_unknown; /* devices named by id that are not active */
    size_t n_held;    /* sends that are somebody else's, or wait for their time */
    size_t n_unanswered;
    size_t n_answered; /* in the last try of each send */
    int64_t latency_sum_us, latency_max_us;
    bool is_breaker_open;
    struct nr_err not_sent;    /* why sending stopped */
    struct nr_err unanswered;  /* why the first send without an answer got none */
    struct nr_err not_written; /* why results are not in the ledger: these pushes may be sent again */
    struct nr_err not_noted;   /* why devices stay as they were */
};

/* Each send that has a final verdict, for the log at debug; may be NULL. */
typedef void (*round_send_fn)(const struct push_message *message, int64_t device_id, enum fcm_verdict verdict,
                              int64_t latency_us);

/* Send the messages that batch->is_left_out does not leave out, and give each its fate.
 *
 * holder            in     drawn for the invocation
 * deadline_mono_ms  in     of the invocation
 * Returns 0, or -1: nothing was sent; as settings_read_secrets(), nr_pg_run() or UNAVAILABLE (memory). */
int round_run(struct batch *batch, struct sandbox *sandbox, int64_t holder, int64_t deadline_mono_ms,
              round_send_fn send_fn, struct round_counts *counts, struct nr_err *err) NR_MUST_CHECK;

#endif

/* delivery.h - carry a plan out: one request a send, one verdict a send.
 *
 * Is:      the caller's side of h2: it hands out requests as fast as the pace allows, takes answers, tries
 *          again what may be tried again in time, and asks for a new token once.
 * Is not:  what follows from a verdict (round.c).
 * Beware:  after delivery_run() a send that is still FCM_PENDING was certainly not processed; one whose
 *          verdict is a retry has its wait in `waits_ms`.
 */
#ifndef NARAE_PUSH_DELIVERY_H
#define NARAE_PUSH_DELIVERY_H

#include <stddef.h>
#include <stdint.h>

#include <narae/err.h>
#include <narae/h2.h>

#include "functions/push/fcm.h"
#include "functions/push/google_token.h"
#include "functions/push/pace.h"
#include "functions/push/plan.h"

/* What a delivery works with; all borrowed. */
struct delivery_means {
    struct nr_h2 *h2;
    const struct google_account *account;
    struct google_token *token;
    struct pace *pace;
    int64_t request_timeout_ms; /* of h2 */
    int64_t wait_max_ms;        /* how long to stay only for retries */
    int64_t deadline_mono_ms;   /* nothing is begun that may not have ended by then */
    /* Called for each send whose verdict is final; may be NULL. Must not send. */
    void (*settled)(void *ctx, size_t send);
    void *ctx;
};

struct delivery {
    const struct plan *plan;     /* borrowed */
    struct delivery_means means; /* of the run */
    uint8_t *verdicts;           /* enum fcm_verdict of each send; owned */
    uint8_t *tries;              /* requests made for each send in this invocation; owned */
    int64_t *latencies_us;       /* of each answered send; owned */
    int64_t *due_mono_ms;        /* of each send that is to be tried again: when; 0 = it is not; owned */
    size_t at;                   /* next send to hand out for the first time */
    size_t n_due;                /* sends that are to be tried again */
    size_t first_due;            /* the earliest of them, when there is one */
    bool is_ended;               /* a verdict said that no further send can succeed */
    bool is_out_of_time;         /* what is left cannot end before the deadline */
    struct nr_err unanswered;    /* why the first send without an answer got none */
    size_t n_unanswered;
    char path[256]; /* /v1/projects/P/messages:send */
    char authorization[GOOGLE_TOKEN_MAX_BYTES + 16];
};

/* Borrows plan. Returns 0, or -1: UNAVAILABLE (memory). */
int delivery_init(struct delivery *delivery, const struct plan *plan, const char *project_id,
                  struct nr_err *err) NR_MUST_CHECK;

/* Send what is pending. Returns 0 when every send that could be begun in time has a verdict, or -1 with the
 * reason why some stay pending. */
int delivery_run(struct delivery *delivery, const struct delivery_means *means,
                 struct nr_err *err) NR_MUST_CHECK;

/* A question about a send, with another body. */
struct delivery_probe {
    size_t send;
    struct nr_view body[PLAN_BODY_PARTS];
    enum fcm_verdict verdict; /* out; FCM_PENDING = no answer */
};

/* Ask questions. Only after delivery_run(). Returns 0, or -1 as nr_h2_run(). */
int delivery_probe(struct delivery *delivery, struct delivery_probe *probes, size_t n,
                   struct nr_err *err) NR_MUST_CHECK;

/* From now, how long a send that is to be tried again should wait; 0 for others. */
int64_t delivery_wait_ms(const struct delivery *delivery, size_t send);

/* Accepts a zeroed delivery. Wipes the access token. */
void delivery_done(struct delivery *delivery);

#endif

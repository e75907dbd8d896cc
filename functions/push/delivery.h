/* delivery.h - carry a plan out: one request a send, one verdict a send.
 *
 * Is:      the caller's side of h2: it hands out requests, takes answers, and asks for a new token once.
 * Is not:  what follows from a verdict (push_send.c).
 * Beware:  after delivery_run() a send that is still FCM_PENDING was certainly not processed.
 */
#ifndef NARAE_PUSH_DELIVERY_H
#define NARAE_PUSH_DELIVERY_H

#include <stddef.h>
#include <stdint.h>

#include <narae/err.h>
#include <narae/h2.h>

#include "functions/push/fcm.h"
#include "functions/push/google_token.h"
#include "functions/push/plan.h"

struct delivery {
    const struct plan *plan;  /* borrowed */
    uint8_t *verdicts;        /* enum fcm_verdict of each send; owned */
    int64_t *latencies_us;    /* of each answered send; owned */
    size_t at;                /* next send to hand out */
    bool is_ended;            /* a verdict said that no further send can succeed */
    struct nr_err unanswered; /* why the first send without an answer got none */
    size_t n_unanswered;
    char path[256]; /* /v1/projects/P/messages:send */
    char authorization[GOOGLE_TOKEN_MAX_BYTES + 16];
};

/* Borrows plan. Returns 0, or -1: UNAVAILABLE (memory). */
int delivery_init(struct delivery *delivery, const struct plan *plan, const char *project_id,
                  struct nr_err *err) NR_MUST_CHECK;

/* Send what is pending. Returns 0 when every send has a verdict, or -1 with the reason why some stay pending.
 */
int delivery_run(struct delivery *delivery, struct nr_h2 *h2, const struct google_account *account,
                 struct google_token *token, int64_t deadline_mono_ms, struct nr_err *err) NR_MUST_CHECK;

/* Wipes the token. Accepts a zeroed value. */
void delivery_done(struct delivery *delivery);

#endif

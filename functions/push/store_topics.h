/* store_topics.h - topic subscriptions as jobs, every SQL as a named function.
 *
 * Is:      claim what is due for a while, and write down what became of it.
 * Is not:  where wishes come from (store_registry.h), nor the comparison with what FCM has
 *          (store_topic_check.h).
 * Beware:  a claim is a lease: who dies holding it is followed by the next invocation of push_devices or
 *          push_prune when it ends. An answer counts only for the wish it was asked for; if the client has
 *          changed its mind meanwhile, it is dropped, and the new wish is due already.
 */
#ifndef NARAE_PUSH_STORE_TOPICS_H
#define NARAE_PUSH_STORE_TOPICS_H

#include <stddef.h>
#include <stdint.h>

#include <narae/err.h>
#include <narae/pg.h>

#include "functions/push/topic_calls.h"

/* Claimed rows; their views borrow from `rows`. */
struct topic_rows {
    struct topic_row *items; /* owned */
    size_t n;
    struct nr_pg_rows *rows; /* owned */
};

/* Claim up to `limit` rows that are due, the longest due first.
 *
 * lease_ms    in   nobody else takes them for so long
 * device_ids  in   only of these devices; n_device_ids 0 = of all
 * out         out  the caller's, topic_rows_done()
 * Returns 0, or -1 as nr_pg_run(). */
int store_topics_claim(struct nr_pg *pg, size_t limit, int64_t lease_ms, const int64_t *device_ids,
                       size_t n_device_ids, int64_t deadline_mono_ms, struct topic_rows *out,
                       struct nr_err *err) NR_MUST_CHECK;

/* Accepts a zeroed value. */
void topic_rows_done(struct topic_rows *rows);

enum topic_end {
    TOPIC_SETTLED,  /* active or removed now */
    TOPIC_FAILED,   /* will not be tried again until the client registers or subscribes again */
    TOPIC_WAITS,    /* due again after wait_ms */
    TOPIC_UNTOUCHED /* never sent: due at once, and no attempt was made */
};

struct topic_result {
    const struct topic_row *row; /* borrowed */
    enum topic_end end;
    int64_t wait_ms;
    const char *reason; /* "" = none */
};

/* Write results down and give the claims back. Returns 0, or -1 as nr_pg_run(). */
int store_topics_finish(struct nr_pg *pg, const struct topic_result *results, size_t n_results,
                        int64_t deadline_mono_ms, struct nr_err *err) NR_MUST_CHECK;

/* Deactivate the devices of rows that FCM called dead, unless their clients have registered again meanwhile.
 *
 * results    in   those with end TOPIC_SETTLED or TOPIC_FAILED; others are passed over
 * reason     in   "unregistered" or "sender_id_mismatch": the results that have it
 * n_changed  out  how many devices
 * Returns 0, or -1 as nr_pg_run(). */
int store_topics_deactivate(struct nr_pg *pg, const struct topic_result *results, size_t n_results,
                            const char *reason, int64_t deadline_mono_ms, size_t *n_changed,
                            struct nr_err *err) NR_MUST_CHECK;

/* How many rows are due now, leased ones included. Returns 0, or -1 as nr_pg_run(). */
int store_topics_backlog(struct nr_pg *pg, int64_t deadline_mono_ms, size_t *out,
                         struct nr_err *err) NR_MUST_CHECK;

#endif

/* store_prune.h - what push_prune asks of PostgreSQL and removes there, every SQL as a named function.
 *
 * Is:      counting, and removal in bounded batches: a batch is one short statement, whatever has piled up.
 * Is not:  where it is decided how old is too old (prune_settings.h) or whether it may be done (prune.h).
 * Beware:  rows that somebody else holds are passed over; the next batch, or the next run, has them.
 */
#ifndef NARAE_PUSH_STORE_PRUNE_H
#define NARAE_PUSH_STORE_PRUNE_H

#include <stddef.h>
#include <stdint.h>

#include <narae/err.h>
#include <narae/pg.h>

#include "functions/push/prune.h"

/* Count active and stale devices. stale_days: for each platform. Returns 0, or -1 as nr_pg_run(). */
int store_prune_census(struct nr_pg *pg, const int64_t stale_days[PRUNE_N_PLATFORMS],
                       int64_t deadline_mono_ms, struct prune_census out[PRUNE_N_PLATFORMS],
                       struct nr_err *err) NR_MUST_CHECK;

/* Deactivate up to `limit` stale devices of a platform, the longest silent first, and have their topics
 * removed at FCM; what the client wanted is kept for the day it comes back.
 *
 * n_changed  out  how many; fewer than limit = no more are to be had now
 * Returns 0, or -1 as nr_pg_run(). */
int store_prune_retire(struct nr_pg *pg, enum prune_platform platform, int64_t stale_days, size_t limit,
                       int64_t deadline_mono_ms, size_t *n_changed, struct nr_err *err) NR_MUST_CHECK;

/* What is removed or settled by age. */
enum prune_batch {
    PRUNE_DEAD_TOPICS, /* subscriptions of registrations that FCM calls dead: they ended with them */
    PRUNE_OLD_TOPICS,  /* removed subscriptions, kept only to know older wishes by */
    PRUNE_OLD_DEVICES, /* inactive for so many days; their topics go with them */
    PRUNE_OLD_SENDS,   /* the ledger */
    PRUNE_OLD_PARKED,  /* parked messages */
    PRUNE_N_BATCHES
};

/* One batch. days: 0 where age does not matter. Returns 0, or -1 as nr_pg_run(). */
int store_prune_batch(struct nr_pg *pg, enum prune_batch batch, int64_t days, size_t limit,
                      int64_t deadline_mono_ms, size_t *n_changed, struct nr_err *err) NR_MUST_CHECK;

/* "oldSends" ...: for the reply and the log. */
const char *store_prune_name(enum prune_batch batch);

/* How many devices became inactive within a day, by platform and reason; views borrow from the rows. */
struct prune_churn {
    struct nr_view platform, reason;
    int64_t n;
};

enum { PRUNE_CHURN_MAX = 32 }; /* 3 platforms, and 7 reasons in the table */

/* Returns how many of out are filled, and rows, the caller's; or -1 as nr_pg_run(). */
int store_prune_churn(struct nr_pg *pg, int64_t deadline_mono_ms, struct prune_churn out[PRUNE_CHURN_MAX],
                      struct nr_pg_rows **rows, struct nr_err *err) NR_MUST_CHECK;

/* Of the sends of the last day that have a verdict, how many are client errors: 4xx but 429. FCM wants them
 * below 5 % before it raises a quota. Returns 0, or -1 as nr_pg_run(). */
int store_prune_errors(struct nr_pg *pg, int64_t deadline_mono_ms, int64_t *n_sends, int64_t *n_errors,
                       struct nr_err *err) NR_MUST_CHECK;

#endif

/* prune_run.h - the tasks of push_prune that only the database knows, carried out.
 *
 * Is:      counting, deactivating, removing: batch after batch until nothing is left or time is short.
 * Is not:  topics at FCM (topic_job.h, topic_check.h).
 */
#ifndef NARAE_PUSH_PRUNE_RUN_H
#define NARAE_PUSH_PRUNE_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <narae/err.h>
#include <narae/pg.h>

#include "functions/push/prune.h"
#include "functions/push/prune_settings.h"
#include "functions/push/store_prune.h"

/* What a run came to. */
struct prune_report {
    struct prune_census census[PRUNE_N_PLATFORMS];
    bool has_census;
    size_t n_retired[PRUNE_N_PLATFORMS];
    bool is_refused[PRUNE_N_PLATFORMS]; /* too large a share */
    size_t n_changed[PRUNE_N_BATCHES];
    bool is_cut; /* time was short: the next run has the rest */
};

/* Deactivate what is stale, where the rules allow it; settle the topics of the dead; remove what is old.
 *
 * report  in/out  added to, also on failure
 * Returns 0, or -1 as nr_pg_run(). */
int prune_run_devices(struct nr_pg *pg, const struct prune_settings *settings, bool is_forced,
                      int64_t deadline_mono_ms, struct prune_report *report,
                      struct nr_err *err) NR_MUST_CHECK;

/* Remove old rows of the ledger and parked messages. As above. */
int prune_run_ledger(struct nr_pg *pg, const struct prune_settings *settings, int64_t deadline_mono_ms,
                     struct prune_report *report, struct nr_err *err) NR_MUST_CHECK;

/* Write the registry's health as metrics: active and stale devices by platform, devices lost within a day by
 * platform and reason, the share of client errors, topics that wait. As above. */
int prune_run_report(struct nr_pg *pg, const struct prune_settings *settings, int64_t deadline_mono_ms,
                     struct prune_report *report, struct nr_err *err) NR_MUST_CHECK;

#endif

/* run.h - one invocation, from looking to what became of everything.
 *
 * Is:      the order of steps: look, decide, make, prune, try again what had no room, share, copy, prune
 *          copies.
 * Is not:  the words about it: report.h.
 * Beware:  one cluster's failure never stops the others, and no listing that failed leads to a deletion.
 */
#ifndef NARAE_SNAPSHOT_RUN_H
#define NARAE_SNAPSHOT_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include <narae/attr.h>
#include <narae/err.h>

#include "functions/snapshot/agenda.h"
#include "functions/snapshot/away.h"
#include "functions/snapshot/event.h"
#include "functions/snapshot/make.h"

/* What became of one that was to be deleted. */
enum run_delete {
    RUN_NOT_DELETED,
    RUN_DELETED,
    RUN_DELETE_WITHHELD /* dry run */,
    RUN_DELETE_LATER,
    RUN_DELETE_FAILED
};

/* One Region's snapshots: what is there, what was decided, what was done. */
struct run_place {
    struct rds rds;
    struct inventory inventory;
    bool is_whole;         /* everything was listed */
    struct nr_err why_not; /* ... or why not */
    struct agenda agenda;
    enum run_delete *deletes; /* one for each of agenda.items */
    size_t n_deleted, n_delete_failed;
};

struct run {
    const struct trigger *trigger;     /* borrowed */
    const struct policy_set *policies; /* borrowed */
    const char *home_region;           /* borrowed */
    int64_t now_unix_ms;
    int64_t slot_base_unix_s; /* of the trigger, or now */
    int64_t deadline_mono_ms;
    struct run_place home, away;
    bool is_copy_wanted; /* does any policy that is asked for copy? */
    bool is_clock_right;
    struct make_outcome *made; /* one for each of home.agenda.creates */
    struct away_outcome *gone; /* one for each of home.agenda.groups */
};

/* Do what the trigger asks for (TRIGGER_VERIFY: only look). The caller fills the borrowed members and the
 * times, zeroes the rest, and releases with run_done() whatever the result. Returns 0 when clusters could be
 * listed and all else has its outcome, or -1: nothing was done. */
int run_all(struct run *run, struct nr_err *err) NR_MUST_CHECK;

void run_done(struct run *run);

/* Clusters whose snapshot may succeed in minutes. */
size_t run_n_retriable(const struct run *run);

/* Is nothing to be deleted, by the policy or by the trigger? */
bool run_is_dry(const struct run *run, const struct policy *policy);

#endif

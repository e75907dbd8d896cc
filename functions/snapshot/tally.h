/* tally.h - a run in numbers: for its log line, its reply and its metrics.
 *
 * Is:      pure counting over a run that is over.
 */
#ifndef NARAE_SNAPSHOT_TALLY_H
#define NARAE_SNAPSHOT_TALLY_H

#include <stddef.h>
#include <stdint.h>

#include "functions/snapshot/run.h"

struct tally {
    size_t by_result[MAKE_N]; /* clusters, by what became of their slot */
    size_t n_managed, n_good, n_kept, n_deleted, n_withheld, n_delete_failed;
    size_t n_stuck;  /* being made for longer than stuck_hours */
    size_t n_failed; /* snapshots that RDS says have failed */
    size_t n_orphans;
    size_t n_shared, n_share_failed, n_copied, n_copy_failed, n_copies, n_copies_deleted;
    double worst_age_hours; /* of the newest good snapshots, -1 = no cluster */
    int64_t forecast;       /* manual snapshots when all rules are full; -1 = without bound */
};

/* Count what belongs to a policy; NULL = everything. */
void tally_count(const struct run *run, const struct policy *policy, struct tally *out);

/* Hours since the slot of the cluster's newest good snapshot; since the cluster was made when it has none. */
double tally_age_hours(const struct run *run, const struct agenda_create *create);

/* Hours by which the newest good copy is behind the newest good snapshot; that one's age when there is no
 * copy; -1 = no copy is wanted, or there is nothing to copy. */
double tally_lag_hours(const struct run *run, const struct agenda_create *create);

bool tally_is_stuck(const struct run *run, const struct inventory_snapshot *item);

#endif

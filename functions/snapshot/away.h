/* away.h - the newest good snapshot of a group goes where others can reach it: shared with accounts, copied
 * to another Region.
 *
 * Is:      two idempotent steps for one group; what is there already is left alone.
 * Is not:  a back-fill: a snapshot that was never the newest good one at a run is not copied later.
 * Beware:  snapshots under the default aws/rds key can be neither shared nor copied to another account; RDS
 *          says so.
 * Source:  Aurora User Guide, "Sharing a DB cluster snapshot" and "Copying a DB cluster snapshot" (5 copies
 *          under way in a Region).
 */
#ifndef NARAE_SNAPSHOT_AWAY_H
#define NARAE_SNAPSHOT_AWAY_H

#include <stddef.h>

#include "functions/snapshot/inventory.h"
#include "functions/snapshot/rds.h"

enum { AWAY_COPIES_MAX = 5 };

enum away_result {
    AWAY_NOTHING, /* not asked for, or there is no good snapshot yet */
    AWAY_DONE,    /* shared, or a copy has begun */
    AWAY_THERE,   /* it was so before */
    AWAY_WAITS,   /* for another run: too many copies under way, or no time left */
    AWAY_FAILED,
    AWAY_N
};

struct away_outcome {
    enum away_result share, copy;
    char share_why[256], copy_why[256]; /* "" where nothing is to be said */
};

/* Share the newest good snapshot of a group with those accounts of its policy that cannot restore it yet. */
void away_share(struct rds *home, const struct inventory *here, const struct inventory_group *group,
                struct away_outcome *out);

/* Begin to copy it.
 *
 * away         in   the Region of copies
 * there        in   what is there already; NULL = nobody knows, and nothing is copied
 * home_region  in   for the copy's tag
 * n_underway   inout  copies under way in that Region */
void away_copy(struct rds *away, const struct inventory *here, const struct inventory *there,
               const struct inventory_group *group, const char *home_region, size_t *n_underway,
               struct away_outcome *out);

/* "done", "there before", "waits" ... */
const char *away_result_name(enum away_result result);

#endif

/* drill.h - a restore drill in commands: the newest good snapshot, beside its cluster, looked at and thrown
 * away.
 *
 * Is:      pure; cluster + snapshot -> the words that a person runs. Nothing here restores anything.
 * Beware:  a new cluster costs money from its first minute; the last commands delete it.
 * Source:  AWS CLI reference: rds restore-db-cluster-from-snapshot, create-db-instance, wait, delete-db-
 *          cluster.
 */
#ifndef NARAE_SNAPSHOT_DRILL_H
#define NARAE_SNAPSHOT_DRILL_H

#include <narae/buf.h>

#include "functions/snapshot/inventory.h"
#include "functions/snapshot/rds_model.h"

/* Append a JSON object: cluster, snapshot, slot, restoredAs, and `commands`, in their order.
 * snapshot  in  NULL = there is none to restore */
void drill_write(const struct rds_cluster *cluster, const struct inventory_snapshot *snapshot,
                 struct nr_buf *out);

#endif

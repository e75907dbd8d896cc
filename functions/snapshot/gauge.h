/* gauge.h - a run as CloudWatch metrics.
 *
 * Is:      EMF lines in the namespace Narae/Snapshot: one for the run, one for each policy, one for each
 *          cluster.
 * Beware:  HoursSinceLastGoodSnapshot is left out when snapshots could not be listed: an alarm must take
 *          missing data for breaching. Cluster and policy are the only dimensions: each distinct pair is paid
 *          for.
 */
#ifndef NARAE_SNAPSHOT_GAUGE_H
#define NARAE_SNAPSHOT_GAUGE_H

#include "functions/snapshot/run.h"

/* quota  in  manual snapshots that the Region may hold */
void gauge_emit(const struct run *run, int64_t quota);

#endif

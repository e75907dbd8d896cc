/* select.h - does a policy mean this cluster?
 *
 * Is:      pure: engine aurora*, one of the patterns (if there are any), all of the tags (if there are any),
 *          none of the exclusions.
 * Beware:  DescribeDBClusters lists Neptune, DocumentDB and Multi-AZ RDS clusters, too; these are never
 *          meant.
 */
#ifndef NARAE_SNAPSHOT_SELECT_H
#define NARAE_SNAPSHOT_SELECT_H

#include <stdbool.h>

#include "functions/snapshot/policy.h"
#include "functions/snapshot/rds_model.h"

bool select_means(const struct policy_clusters *clusters, const struct rds_cluster *cluster);

/* Is it Aurora? */
bool select_is_aurora(struct nr_view engine);

/* Does a text fit a pattern in which * is any text and ? is one byte? */
bool select_fits(struct nr_view pattern, struct nr_view text);

#endif

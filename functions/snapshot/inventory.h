/* inventory.h - what there is in one Region: the clusters, and the snapshots that are ours.
 *
 * Is:      pure; records come in as RDS tells them, what nobody needs is counted and forgotten, what is ours
 *          is kept in groups.
 * Is not:  a judge: agenda.h and cull.h are.
 * Beware:  ours is a snapshot whose tags say so (manager, a policy that we have, resource, slot) and whose
 *          resource is the one in its tag: a tag that came from elsewhere, with a restored cluster for
 *          instance, makes nothing ours. The name must fit the slot as well; one that does not is counted and
 *          left alone.
 */
#ifndef NARAE_SNAPSHOT_INVENTORY_H
#define NARAE_SNAPSHOT_INVENTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <narae/attr.h>
#include <narae/err.h>

#include "functions/snapshot/policy.h"
#include "functions/snapshot/pool.h"
#include "functions/snapshot/rds_model.h"
#include "functions/snapshot/retention.h"

struct inventory_snapshot {
    struct nr_view id, arn, cluster_id, resource_id, status; /* in the pool */
    const struct policy *policy;
    int64_t slot_unix_ms;
    int64_t created_unix_ms; /* 0 = not told */
    int64_t percent;         /* -1 = not told */
    enum rds_state state;
    bool is_encrypted;
    bool is_held;
};

/* Snapshots items[first] to items[first + n - 1]: of one policy and one cluster resource, newest slot
 * first. */
struct inventory_group {
    const struct policy *policy;
    struct nr_view resource_id;
    size_t first, n;
};

/* What the account's manual snapshots are. Those of AWS Backup (a colon in the id) do not count towards the
 * quota. */
struct inventory_counts {
    size_t n_manual;
    size_t n_unclaimed; /* ours by their tags, but of a policy that we do not have */
    size_t n_strange;   /* ours by their tags, but named by somebody else, or without a readable slot or
                           resource */
};

struct inventory {
    const struct policy_set *policies; /* borrowed */
    bool is_of_copies; /* keep those that are copies of another Region, instead of those that are not */
    int64_t now_unix_ms;
    struct pool pool;
    struct rds_cluster *clusters; /* owned, their texts in the pool; only Aurora */
    size_t n_clusters, cap_clusters;
    struct inventory_snapshot *items; /* owned */
    size_t n_items, cap_items;
    struct inventory_group *groups; /* owned; after inventory_group_all() */
    size_t n_groups;
    struct inventory_counts counts;
    struct nr_view a_strange_one; /* an id for the log; empty = none */
    bool is_bad;                  /* no memory for all of it */
};

void inventory_init(struct inventory *inventory, const struct policy_set *policies, bool is_of_copies,
                    int64_t now_unix_ms);

/* Accepts a zeroed inventory. */
void inventory_done(struct inventory *inventory);

/* Visitors for rds_xml.h; `user` is the inventory. */
void inventory_add_cluster(void *user, const struct rds_cluster *cluster);
void inventory_add_snapshot(void *user, const struct rds_snapshot *snapshot);

/* Sort and group what was added. Call once, at the end. Returns 0, or -1: UNAVAILABLE (something had no
 * memory). */
int inventory_group_all(struct inventory *inventory, struct nr_err *err) NR_MUST_CHECK;

/* NULL when there is none. */
const struct inventory_group *inventory_find_group(const struct inventory *inventory,
                                                   const struct policy *policy, struct nr_view resource_id);
const struct rds_cluster *inventory_find_cluster(const struct inventory *inventory,
                                                 struct nr_view resource_id);

/* The group's newest good snapshot that does not lie in the future, or NULL. */
const struct inventory_snapshot *inventory_newest_good(const struct inventory *inventory,
                                                       const struct inventory_group *group);

#endif

/* rds_model.h - clusters and snapshots as RDS describes them.
 *
 * Is:      the few members of RDS's answers that somebody here reads.
 * Is not:  parsing (rds_xml.h) nor calls (rds.h).
 * Beware:  views are as alive as the record: until the visitor that got it returns.
 * Source:  RDS API reference, DBCluster and DBClusterSnapshot.
 */
#ifndef NARAE_SNAPSHOT_RDS_MODEL_H
#define NARAE_SNAPSHOT_RDS_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <narae/view.h>

enum { RDS_TAG_MAX = 64 }; /* 50 of the user's, and what AWS itself puts */

/* What a status means to us. A status that is not known is neither good nor deletable. */
enum rds_state { RDS_UNKNOWN, RDS_AVAILABLE, RDS_UNDERWAY, RDS_FAILED };

struct rds_tag {
    struct nr_view key, value;
};

struct rds_tags {
    struct rds_tag items[RDS_TAG_MAX];
    size_t n;
};

struct rds_snapshot {
    struct nr_view id, arn, cluster_id, resource_id, status, type;
    enum rds_state state;
    int64_t created_unix_ms; /* 0 = not told, as while it is being made */
    int64_t percent;         /* -1 = not told */
    bool is_encrypted;
    struct rds_tags tags;
};

struct rds_cluster {
    struct nr_view id, arn, resource_id, status, engine, engine_version, subnet_group,
        security_groups /* with spaces */;
    struct nr_view parameter_group, database;
    int64_t created_unix_ms; /* 0 = not told */
    bool is_encrypted;
    struct rds_tags tags;
};

#endif

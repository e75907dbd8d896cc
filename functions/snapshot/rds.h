/* rds.h - the calls to RDS that this function makes, one function each.
 *
 * Is:      form out, records in; pages are followed to the last.
 * Is not:  a judge of faults: make.h and away.h are.
 * Beware:  a listing that fails on any page has failed, whatever its visitor has seen by then.
 * Source:  RDS API reference, version 2014-10-31.
 */
#ifndef NARAE_SNAPSHOT_RDS_H
#define NARAE_SNAPSHOT_RDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <narae/attr.h>
#include <narae/err.h>

#include "functions/snapshot/rds_fault.h"
#include "functions/snapshot/rds_model.h"
#include "functions/snapshot/rds_xml.h"

/* One Region, for one run. Zero = the function's own Region, no deadline known. */
struct rds {
    const char *region; /* borrowed; NULL = the function's own */
    int64_t deadline_mono_ms;
    int n_calls, n_throttled; /* so far, what was tried again included */
    bool is_clock_known;
    int64_t skew_ms; /* of the last answer: our wall clock less AWS's, to the second */
};

/* Each returns 0, or -1 with the kind that nr_aws_query() gives, and *fault (RDS_FAULT_NONE on success). */

int rds_list_clusters(struct rds *rds, rds_on_cluster_fn visit, void *user, struct nr_err *err) NR_MUST_CHECK;

/* Every manual snapshot of the account, foreign ones too. */
int rds_list_snapshots(struct rds *rds, rds_on_snapshot_fn visit, void *user,
                       struct nr_err *err) NR_MUST_CHECK;

/* One snapshot by its id. A snapshot that is not there is RDS_FAULT_SNAPSHOT_GONE. */
int rds_find_snapshot(struct rds *rds, const char *id, rds_on_snapshot_fn visit, void *user,
                      enum rds_fault *fault, struct nr_err *err) NR_MUST_CHECK;

/* Sent once: RDS_FAULT_UNCERTAIN says that it may have been made all the same. */
int rds_create(struct rds *rds, struct nr_view cluster_id, const char *name, const struct rds_tags *tags,
               enum rds_fault *fault, struct nr_err *err) NR_MUST_CHECK;

int rds_delete(struct rds *rds, struct nr_view id, enum rds_fault *fault, struct nr_err *err) NR_MUST_CHECK;

/* Into the Region of `rds`, under the same name. kms_key: empty = none. Sent once. */
int rds_copy(struct rds *rds, struct nr_view source_arn, struct nr_view name, struct nr_view kms_key,
             const struct rds_tags *tags, enum rds_fault *fault, struct nr_err *err) NR_MUST_CHECK;

/* The accounts that may restore a snapshot now. */
int rds_list_accounts(struct rds *rds, struct nr_view id, rds_on_text_fn visit, void *user,
                      struct nr_err *err) NR_MUST_CHECK;

/* Add accounts; ids of 12 digits (policy.h refuses "all"). */
int rds_share(struct rds *rds, struct nr_view id, const struct nr_view *accounts, size_t n,
              enum rds_fault *fault, struct nr_err *err) NR_MUST_CHECK;

#endif

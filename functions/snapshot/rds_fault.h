/* rds_fault.h - what RDS means by an error code, and what to do about it.
 *
 * Is:      pure; a table of codes, with the message where one code has two meanings.
 * Beware:  throttling is a 400: never judge by the status. SnapshotQuotaExceeded is either the quota of
 *          manual snapshots, which lasts until something is deleted, or the number of copies under way, which
 *          does not.
 * Source:  RDS API reference, errors of each action; messages as seen in public issues of other backup tools.
 */
#ifndef NARAE_SNAPSHOT_RDS_FAULT_H
#define NARAE_SNAPSHOT_RDS_FAULT_H

#include <stdbool.h>

enum rds_fault {
    RDS_FAULT_NONE,
    RDS_FAULT_EXISTS,        /* the name is taken: look whose it is */
    RDS_FAULT_CLUSTER_BUSY,  /* not in the state "available": passes in minutes */
    RDS_FAULT_SNAPSHOT_BUSY, /* still being made or copied: leave it for a later run */
    RDS_FAULT_QUOTA,         /* the Region is full of manual snapshots */
    RDS_FAULT_COPY_LIMIT,    /* enough copies under way: leave it for a later run */
    RDS_FAULT_SHARE_LIMIT,   /* more accounts than a snapshot can have */
    RDS_FAULT_CLUSTER_GONE,
    RDS_FAULT_SNAPSHOT_GONE,
    RDS_FAULT_KEY,       /* the KMS key cannot be used: an operator must act */
    RDS_FAULT_UNCERTAIN, /* no answer, or none of RDS: it may have happened */
    RDS_FAULT_OTHER
};

/* code "" = there was no answer that had one; status 0 = none at all. */
enum rds_fault rds_fault_of(int status, const char *code, const char *message);

/* May the same call succeed in minutes, without a change by a person? */
bool rds_fault_is_passing(enum rds_fault fault);

#endif

#include <stddef.h>
#include <string.h>

#include "functions/snapshot/rds_fault.h"

static const struct {
    const char *code;
    enum rds_fault fault;
} codes[] = {
    {"DBClusterSnapshotAlreadyExistsFault", RDS_FAULT_EXISTS},
    {"InvalidDBClusterStateFault", RDS_FAULT_CLUSTER_BUSY},
    {"InvalidDBClusterSnapshotStateFault", RDS_FAULT_SNAPSHOT_BUSY},
    {"SnapshotQuotaExceeded", RDS_FAULT_QUOTA},
    {"SnapshotQuotaExceededFault", RDS_FAULT_QUOTA},
    {"SharedSnapshotQuotaExceeded", RDS_FAULT_SHARE_LIMIT},
    {"DBClusterNotFoundFault", RDS_FAULT_CLUSTER_GONE},
    {"DBClusterSnapshotNotFoundFault", RDS_FAULT_SNAPSHOT_GONE},
    {"KMSKeyNotAccessibleFault", RDS_FAULT_KEY},
};

/* "... more than 5 snapshots across regions", "... more than 100 manual snapshots" */
static const char copies_under_way[] = "across regions";

enum rds_fault rds_fault_of(int status, const char *code, const char *message)
{
    enum rds_fault fault = RDS_FAULT_OTHER;

    if (status == 0 || status >= 500 || status == 200)
        return RDS_FAULT_UNCERTAIN;
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        if (strcmp(codes[i].code, code) == 0)
            fault = codes[i].fault;
    return fault == RDS_FAULT_QUOTA && strstr(message, copies_under_way) ? RDS_FAULT_COPY_LIMIT : fault;
}

bool rds_fault_is_passing(enum rds_fault fault)
{
    return fault == RDS_FAULT_CLUSTER_BUSY || fault == RDS_FAULT_UNCERTAIN;
}

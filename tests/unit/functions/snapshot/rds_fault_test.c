#include <criterion/criterion.h>

#include "functions/snapshot/rds_fault.h"

Test(rds_fault, tells_what_to_do_by_the_code)
{
    cr_expect_eq(rds_fault_of(400, "DBClusterSnapshotAlreadyExistsFault", ""), RDS_FAULT_EXISTS);
    cr_expect_eq(rds_fault_of(400, "InvalidDBClusterStateFault", ""), RDS_FAULT_CLUSTER_BUSY);
    cr_expect_eq(rds_fault_of(400, "InvalidDBClusterSnapshotStateFault", ""), RDS_FAULT_SNAPSHOT_BUSY);
    cr_expect_eq(rds_fault_of(404, "DBClusterSnapshotNotFoundFault", ""), RDS_FAULT_SNAPSHOT_GONE);
    cr_expect_eq(rds_fault_of(404, "DBClusterNotFoundFault", ""), RDS_FAULT_CLUSTER_GONE);
    cr_expect_eq(rds_fault_of(400, "SharedSnapshotQuotaExceeded", ""), RDS_FAULT_SHARE_LIMIT);
    cr_expect_eq(rds_fault_of(400, "KMSKeyNotAccessibleFault", ""), RDS_FAULT_KEY);
    cr_expect_eq(rds_fault_of(400, "SomethingNew", ""), RDS_FAULT_OTHER);
}

Test(rds_fault, tells_the_two_quotas_apart_by_the_message)
{
    cr_expect_eq(rds_fault_of(400, "SnapshotQuotaExceeded", "Cannot create more than 100 manual snapshots"),
                 RDS_FAULT_QUOTA);
    cr_expect_eq(
        rds_fault_of(400, "SnapshotQuotaExceeded", "Cannot copy more than 5 snapshots across regions"),
        RDS_FAULT_COPY_LIMIT);
    cr_expect_eq(rds_fault_of(400, "SnapshotQuotaExceeded", "what nobody has seen yet"), RDS_FAULT_QUOTA);
}

Test(rds_fault, is_uncertain_where_no_answer_of_rds_came)
{
    cr_expect_eq(rds_fault_of(0, "", ""), RDS_FAULT_UNCERTAIN);
    cr_expect_eq(rds_fault_of(503, "", ""), RDS_FAULT_UNCERTAIN);
    cr_expect(rds_fault_is_passing(RDS_FAULT_UNCERTAIN) && rds_fault_is_passing(RDS_FAULT_CLUSTER_BUSY));
    cr_expect_not(rds_fault_is_passing(RDS_FAULT_QUOTA));
}

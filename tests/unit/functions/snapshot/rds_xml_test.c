#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "functions/snapshot/rds_xml.h"

#define SNAPSHOT                                                                                             \
    "<DBClusterSnapshot><DBClusterSnapshotIdentifier>narae-orders-20261124t1700z</"                          \
    "DBClusterSnapshotIdentifier>"                                                                           \
    "<DBClusterIdentifier>orders</DBClusterIdentifier><DbClusterResourceId>cluster-A</DbClusterResourceId>"  \
    "<Status>available</Status><SnapshotType>manual</SnapshotType><PercentProgress>100</PercentProgress>"    \
    "<SnapshotCreateTime>2026-11-24T17:03:07.123456Z</SnapshotCreateTime><StorageEncrypted>true</"           \
    "StorageEncrypted>"                                                                                      \
    "<AvailabilityZones><AvailabilityZone>a</AvailabilityZone></AvailabilityZones>"                          \
    "<DBClusterSnapshotArn>arn:aws:rds:us-east-1:1:cluster-snapshot:narae-orders-20261124t1700z</"           \
    "DBClusterSnapshotArn>"                                                                                  \
    "<TagList><Tag><Key>team</Key><Value>orders &amp; "                                                      \
    "co</Value></Tag><Tag><Key>empty</Key><Value/></Tag></TagList></DBClusterSnapshot>"
#define PAGE(marker, snapshots)                                                                              \
    "<?xml version=\"1.0\"?><DescribeDBClusterSnapshotsResponse "                                            \
    "xmlns=\"http://rds.amazonaws.com/doc/2014-10-31/\">"                                                    \
    "<DescribeDBClusterSnapshotsResult>" marker "<DBClusterSnapshots>" snapshots "</DBClusterSnapshots>"     \
    "</DescribeDBClusterSnapshotsResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></"     \
    "DescribeDBClusterSnapshotsResponse>"

static struct nr_buf seen;
static struct nr_buf marker;
static struct nr_err err;

static void set_up(void)
{
    nr_buf_init(&seen, 65536);
    nr_buf_init(&marker, RDS_MARKER_MAX_BYTES);
    err = (struct nr_err){0};
}

static void tear_down(void)
{
    nr_buf_done(&seen);
    nr_buf_done(&marker);
}

TestSuite(rds_xml, .init = set_up, .fini = tear_down);

static void see_tags(const struct rds_tags *tags)
{
    for (size_t i = 0; i < tags->n; i++)
        nr_buf_printf(&seen, " %.*s=%.*s", NR_VIEW_ARG(tags->items[i].key),
                      NR_VIEW_ARG(tags->items[i].value));
}

static void see_snapshot(void *user, const struct rds_snapshot *s)
{
    (void)user;
    nr_buf_printf(&seen, "[%.*s %.*s %.*s %d %.*s %lld %lld %d", NR_VIEW_ARG(s->id),
                  NR_VIEW_ARG(s->cluster_id), NR_VIEW_ARG(s->resource_id), (int)s->state,
                  NR_VIEW_ARG(s->type), (long long)s->created_unix_ms, (long long)s->percent,
                  s->is_encrypted);
    see_tags(&s->tags);
    nr_buf_add_char(&seen, ']');
}

static void see_cluster(void *user, const struct rds_cluster *c)
{
    (void)user;
    nr_buf_printf(&seen, "[%.*s %.*s %.*s %.*s %.*s %.*s {%.*s} %lld", NR_VIEW_ARG(c->id),
                  NR_VIEW_ARG(c->resource_id), NR_VIEW_ARG(c->status), NR_VIEW_ARG(c->engine),
                  NR_VIEW_ARG(c->engine_version), NR_VIEW_ARG(c->subnet_group),
                  NR_VIEW_ARG(c->security_groups), (long long)c->created_unix_ms);
    see_tags(&c->tags);
    nr_buf_add_char(&seen, ']');
}

static void see_text(void *user, struct nr_view text)
{
    (void)user;
    nr_buf_printf(&seen, "[%.*s]", NR_VIEW_ARG(text));
}

Test(rds_xml, reads_snapshots)
{
    cr_assert_eq(rds_xml_snapshots(NR_VIEW(PAGE("", SNAPSHOT)), see_snapshot, NULL, &marker, &err), 0, "%s",
                 err.message);

    cr_expect_str_eq(nr_buf_text(&seen),
                     "[narae-orders-20261124t1700z orders cluster-A 1 manual 1795539787123 100 1 "
                     "team=orders & co empty=]");
    cr_expect_eq(marker.len, 0);
}

Test(rds_xml, reads_a_snapshot_that_is_the_whole_result)
{
    cr_assert_eq(
        rds_xml_snapshots(
            NR_VIEW("<CreateDBClusterSnapshotResponse><CreateDBClusterSnapshotResult><DBClusterSnapshot>"
                    "<DBClusterSnapshotIdentifier>a</DBClusterSnapshotIdentifier><Status>creating</Status>"
                    "</DBClusterSnapshot></CreateDBClusterSnapshotResult></CreateDBClusterSnapshotResponse>"),
            see_snapshot, NULL, &marker, &err),
        0);
    cr_expect_str_eq(nr_buf_text(&seen), "[a   2  0 -1 0]");
}

Test(rds_xml, reads_the_marker_and_nothing_from_the_page_before)
{
    cr_assert_eq(rds_xml_snapshots(NR_VIEW(PAGE("<Marker>a&lt;b</Marker>", SNAPSHOT SNAPSHOT)), see_snapshot,
                                   NULL, &marker, &err),
                 0);
    cr_expect_str_eq(nr_buf_text(&marker), "a<b");
    cr_assert_eq(rds_xml_snapshots(NR_VIEW(PAGE("", "")), see_snapshot, NULL, &marker, &err), 0);
    cr_expect_str_eq(nr_buf_text(&marker), "");
}

Test(rds_xml, reads_clusters_and_nothing_of_their_members)
{
    cr_assert_eq(
        rds_xml_clusters(
            NR_VIEW("<DescribeDBClustersResponse><DescribeDBClustersResult><DBClusters><DBCluster>"
                    "<DBClusterMembers><DBClusterMember><DBInstanceIdentifier>i</"
                    "DBInstanceIdentifier><Status>x</Status></DBClusterMember></DBClusterMembers>"
                    "<DBClusterIdentifier>orders</DBClusterIdentifier><DbClusterResourceId>cluster-A</"
                    "DbClusterResourceId>"
                    "<Status>available</Status><Engine>aurora-mysql</Engine><EngineVersion>8.0</"
                    "EngineVersion><DBSubnetGroup>private</DBSubnetGroup>"
                    "<VpcSecurityGroups><VpcSecurityGroupMembership><VpcSecurityGroupId>sg-1</"
                    "VpcSecurityGroupId><Status>active</Status>"
                    "</VpcSecurityGroupMembership><VpcSecurityGroupMembership><VpcSecurityGroupId>sg-2</"
                    "VpcSecurityGroupId></VpcSecurityGroupMembership>"
                    "</VpcSecurityGroups><ClusterCreateTime>2026-01-01T00:00:00Z</ClusterCreateTime>"
                    "<TagList><Tag><Key>k</Key><Value>v</Value></Tag></TagList></DBCluster></DBClusters></"
                    "DescribeDBClustersResult></DescribeDBClustersResponse>"),
            see_cluster, NULL, &marker, &err),
        0, "%s", err.message);
    cr_expect_str_eq(nr_buf_text(&seen),
                     "[orders cluster-A available aurora-mysql 8.0 private {sg-1 sg-2} 1767225600000 k=v]");
}

Test(rds_xml, reads_the_accounts_of_restore_alone)
{
    cr_assert_eq(rds_xml_accounts(
                     NR_VIEW("<R_Response><A><DBClusterSnapshotAttributes>"
                             "<DBClusterSnapshotAttribute><AttributeName>other</"
                             "AttributeName><AttributeValues><AttributeValue>9</AttributeValue></"
                             "AttributeValues></DBClusterSnapshotAttribute>"
                             "<DBClusterSnapshotAttribute><AttributeName>restore</"
                             "AttributeName><AttributeValues><AttributeValue>1</AttributeValue>"
                             "<AttributeValue>all</AttributeValue></AttributeValues></"
                             "DBClusterSnapshotAttribute></DBClusterSnapshotAttributes></A></R_Response>"),
                     see_text, NULL, &err),
                 0);
    cr_expect_str_eq(nr_buf_text(&seen), "[1][all]");
}

Test(rds_xml, takes_no_truncation_for_a_whole_answer)
{
    static const char page[] = PAGE("<Marker>m</Marker>", SNAPSHOT);

    for (size_t len = 0; len < sizeof(page) - 1; len++) {
        err = (struct nr_err){0};
        nr_buf_reset(&seen);
        cr_assert_eq(rds_xml_snapshots(nr_view_n(page, len), see_snapshot, NULL, &marker, &err), -1,
                     "took %zu bytes", len);
        cr_assert(err.kind == NR_ERR_UNAVAILABLE && strcmp(err.type, "Function.BadAnswer") == 0);
    }
}

Test(rds_xml, takes_no_page_of_a_proxy_for_an_answer)
{
    static const char *const others[] = {"<html><body>502 Bad Gateway</body></html>",
                                         "<html><body>unclosed<br></html>",
                                         "{\"DBClusterSnapshots\":[]}",
                                         "<!DOCTYPE x [<!ENTITY a \"aaaa\">]><XResponse>&a;</XResponse>",
                                         "<Response/>",
                                         "\xff\xfe<"};

    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        err = (struct nr_err){0};
        cr_expect_eq(rds_xml_snapshots(nr_view(others[i]), see_snapshot, NULL, &marker, &err), -1, "took %s",
                     others[i]);
        cr_expect_str_eq(err.type, "Function.BadAnswer");
    }
    cr_expect_eq(seen.len, 0);
}

Test(rds_xml, reads_tags_in_either_order_and_without_a_value)
{
    const char *xml = PAGE("", "<DBClusterSnapshot><TagList><Tag><Value>v</Value><Key>k</Key></Tag>"
                               "<Tag><Key>narae:hold</Key></Tag><Tag><Key>a</Key><Value>b</Value></Tag>"
                               "</TagList></DBClusterSnapshot>");

    cr_assert_eq(rds_xml_snapshots(nr_view(xml), see_snapshot, NULL, &marker, &err), 0, "%s", err.message);
    cr_expect_not_null(strstr(nr_buf_text(&seen), " k=v narae:hold= a=b]"), "%s", nr_buf_text(&seen));
}

Test(rds_xml, refuses_what_is_nested_without_end_or_has_tags_without_end)
{
    struct nr_buf xml;

    nr_buf_init(&xml, 1 << 20);
    nr_buf_add_text(&xml, "<XResponse>");
    for (int i = 0; i < 100; i++)
        nr_buf_add_text(&xml, "<a>");
    cr_expect_eq(rds_xml_snapshots(nr_buf_view(&xml), see_snapshot, NULL, &marker, &err), -1);
    cr_expect_str_eq(err.message, "rds: the reply is not an answer of RDS");
    nr_buf_reset(&xml);
    nr_buf_add_text(&xml, "<XResponse><DBClusterSnapshot><TagList>");
    for (int i = 0; i < RDS_TAG_MAX + 1; i++)
        nr_buf_add_text(&xml, "<Tag><Key>k</Key><Value>v</Value></Tag>");
    nr_buf_add_text(&xml, "</TagList></DBClusterSnapshot></XResponse>");
    err = (struct nr_err){0};
    cr_expect_eq(rds_xml_snapshots(nr_buf_view(&xml), see_snapshot, NULL, &marker, &err), -1);
    nr_buf_done(&xml);
}

Test(rds_xml, knows_what_a_status_means)
{
    cr_expect_eq(rds_state_of(NR_VIEW("available")), RDS_AVAILABLE);
    cr_expect_eq(rds_state_of(NR_VIEW("creating")), RDS_UNDERWAY);
    cr_expect_eq(rds_state_of(NR_VIEW("failed")), RDS_FAILED);
    cr_expect_eq(rds_state_of(NR_VIEW("deleting")), RDS_UNKNOWN);
    cr_expect_eq(rds_state_of(NR_VIEW("something-new")), RDS_UNKNOWN);
    cr_expect_eq(rds_state_of(NR_VIEW("")), RDS_UNKNOWN);
}

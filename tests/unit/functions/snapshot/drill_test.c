#include <string.h>

#include <criterion/criterion.h>
#include <jansson.h>

#include "functions/snapshot/drill.h"

static const struct rds_cluster cluster = {.id = {"orders", 6},
                                           .engine = {"aurora-mysql", 12},
                                           .engine_version = {"8.0", 3},
                                           .subnet_group = {"private", 7},
                                           .security_groups = {"sg-1 sg-2", 9}};

static json_t *drill(const struct rds_cluster *of, const struct inventory_snapshot *snapshot)
{
    struct nr_buf out;
    json_t *doc;

    nr_buf_init(&out, 65536);
    drill_write(of, snapshot, &out);
    doc = json_loads(nr_buf_text(&out), JSON_REJECT_DUPLICATES, NULL);
    cr_assert(doc, "%s", nr_buf_text(&out));
    nr_buf_done(&out);
    return doc;
}

Test(drill, restores_beside_the_cluster_and_throws_away)
{
    const struct inventory_snapshot snapshot = {.id = NR_VIEW("narae-orders-20261124t1700z"),
                                                .slot_unix_ms = 1795539600000};
    json_t *doc = drill(&cluster, &snapshot);
    const json_t *commands = json_object_get(doc, "commands");

    cr_assert_eq(json_array_size(commands), 8);
    cr_expect_str_eq(
        json_string_value(json_array_get(commands, 0)),
        "aws rds restore-db-cluster-from-snapshot --db-cluster-identifier drill-orders --snapshot-identifier "
        "narae-orders-20261124t1700z --engine aurora-mysql --engine-version 8.0 --db-subnet-group-name "
        "private "
        "--vpc-security-group-ids sg-1 sg-2 --no-deletion-protection --tags Key=purpose,Value=restore-drill");
    cr_expect_not_null(strstr(json_string_value(json_array_get(commands, 5)), "mysql --host"));
    cr_expect_str_eq(json_string_value(json_array_get(commands, 7)),
                     "aws rds delete-db-cluster --db-cluster-identifier drill-orders --skip-final-snapshot");
    json_decref(doc);
}

Test(drill, never_names_a_cluster_longer_than_it_may_be)
{
    struct rds_cluster longest = cluster;
    const struct inventory_snapshot snapshot = {.id = NR_VIEW("s")};
    json_t *doc;

    longest.id = NR_VIEW("abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefg-xabcd");
    doc = drill(&longest, &snapshot);
    cr_expect_str_eq(json_string_value(json_object_get(doc, "restoredAs")),
                     "drill-abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefg");
    json_decref(doc);
}

Test(drill, says_when_there_is_nothing_to_restore)
{
    json_t *doc = drill(&cluster, NULL);

    cr_expect(json_is_null(json_object_get(doc, "snapshot")));
    cr_expect_eq(json_array_size(json_object_get(doc, "commands")), 0);
    json_decref(doc);
}

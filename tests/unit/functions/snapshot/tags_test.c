#include <stdio.h>

#include <criterion/criterion.h>

#include "functions/snapshot/tags.h"

#define NOON 1795608000000 /* 2026-11-25T12:00:00Z */

static void add(struct rds_tags *tags, const char *key, const char *value)
{
    tags->items[tags->n++] = (struct rds_tag){nr_view(key), nr_view(value)};
}

Test(tags, reads_what_a_snapshot_of_ours_says)
{
    struct rds_tags tags = {0};
    struct tags_read read;

    add(&tags, "team", "orders");
    add(&tags, "narae:managed-by", "aurora_snapshot");
    add(&tags, "narae:policy", "nightly");
    add(&tags, "narae:slot", "2026-11-24T17:00:00Z");
    add(&tags, "narae:resource", "cluster-A");
    read = tags_read(&tags, NOON);

    cr_expect(read.is_managed && read.has_slot && !read.is_held && read.copy_of.len == 0);
    cr_expect(nr_view_is(read.policy, NR_VIEW("nightly")) && nr_view_is(read.resource, NR_VIEW("cluster-A")));
    cr_expect_eq(read.slot_unix_ms, 1795539600000);
}

Test(tags, is_not_managed_by_somebody_else)
{
    struct rds_tags tags = {0};

    add(&tags, "narae:managed-by", "me");
    add(&tags, "narae:slot", "yesterday");

    cr_expect_not(tags_read(&tags, NOON).is_managed);
    cr_expect_not(tags_read(&tags, NOON).has_slot);
}

Test(tags, holds)
{
    static const struct {
        const char *key, *value;
        bool is_held;
    } cases[] = {
        {"narae:hold", "true", true},
        {"narae:hold", "", true},
        {"narae:hold", "legal case 12", true},
        {"narae:hold", "false", false},
        {"narae:hold", "No", false},
        {"narae:hold-until", "2026-11-26", true},
        {"narae:hold-until", "2026-11-25", false},
        {"narae:hold-until", "2026-11-25T12:00:01Z", true},
        {"narae:hold-until", "2026-11-25T12:00:00Z", false},
        {"narae:hold-until", "the end of the audit", true},
        {"narae:hold-until", "2026-13-01", true},
        {"hold", "true", false},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct rds_tags tags = {0};

        add(&tags, cases[i].key, cases[i].value);
        cr_expect_eq(tags_read(&tags, NOON).is_held, cases[i].is_held, "%s %s", cases[i].key, cases[i].value);
    }
}

Test(tags, merges_the_clusters_own_without_what_is_reserved)
{
    static const struct rds_tag own[] = {{{"narae:policy", 12}, {"nightly", 7}}};
    struct rds_tags cluster = {0};
    struct rds_tags out;

    add(&cluster, "aws:cloudformation:stack-name", "s");
    add(&cluster, "rds:x", "s");
    add(&cluster, "narae:hold", "true");
    add(&cluster, "narae:policy", "forged");
    add(&cluster, "team", "orders & co");

    cr_expect_eq(tags_merge(own, 1, &cluster, &out), 0);
    cr_assert_eq(out.n, 2);
    cr_expect(nr_view_is(out.items[0].value, NR_VIEW("nightly")) &&
              nr_view_is(out.items[1].key, NR_VIEW("team")));
}

Test(tags, leaves_out_the_last_ones_over_fifty)
{
    static const struct rds_tag own[] = {{{"narae:policy", 12}, {"a", 1}}, {{"narae:slot", 10}, {"b", 1}}};
    struct rds_tags cluster = {0};
    struct rds_tags out;
    char keys[50][8];

    for (int i = 0; i < 50; i++) {
        snprintf(keys[i], sizeof(keys[i]), "k%d", i);
        add(&cluster, keys[i], "v");
    }

    cr_expect_eq(tags_merge(own, 2, &cluster, &out), 2);
    cr_expect_eq(out.n, TAGS_MAX);
    cr_expect(nr_view_is(out.items[49].key, NR_VIEW("k47")));
}

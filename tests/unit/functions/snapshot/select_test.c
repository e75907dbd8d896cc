#include <criterion/criterion.h>

#include "functions/snapshot/select.h"

static struct rds_cluster cluster_of(const char *id, const char *engine)
{
    struct rds_cluster cluster = {.id = nr_view(id), .engine = nr_view(engine)};

    cluster.tags.items[cluster.tags.n++] = (struct rds_tag){NR_VIEW("team"), NR_VIEW("orders")};
    cluster.tags.items[cluster.tags.n++] = (struct rds_tag){NR_VIEW("backup"), NR_VIEW("")};
    return cluster;
}

/* Does {"ids": .., "exclude": .., "tags": ..} mean an Aurora cluster of this id? */
static bool means(const char *json, const char *id)
{
    json_t *doc = json_loads(json, 0, NULL);
    struct policy_clusters clusters = {json_object_get(doc, "ids"), json_object_get(doc, "exclude"),
                                       json_object_get(doc, "tags")};
    struct rds_cluster cluster = cluster_of(id, "aurora-postgresql");
    bool result = select_means(&clusters, &cluster);

    cr_assert(doc, "%s", json);
    json_decref(doc);
    return result;
}

Test(select, fits_patterns)
{
    static const struct {
        const char *pattern, *text;
        bool fits;
    } cases[] = {
        {"orders", "orders", true},
        {"orders", "orders2", false},
        {"*", "", true},
        {"*", "orders", true},
        {"orders-*", "orders-", true},
        {"*-prod", "a-b-prod", true},
        {"*-prod", "a-prod-b", false},
        {"a*b*c", "axxbyybzzc", true},
        {"a*b*c", "axxbyybzz", false},
        {"?", "", false},
        {"?rders", "orders", true},
        {"or??rs", "orders", true},
        {"", "", true},
        {"", "a", false},
        {"**", "a", true},
        {"a**", "a", true},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        cr_expect_eq(select_fits(nr_view(cases[i].pattern), nr_view(cases[i].text)), cases[i].fits, "%s %s",
                     cases[i].pattern, cases[i].text);
}

Test(select, does_not_blow_up_on_many_stars)
{
    char text[4096];

    memset(text, 'a', sizeof(text));
    cr_expect_not(select_fits(NR_VIEW("a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b"), nr_view_n(text, sizeof(text))));
}

Test(select, wants_pattern_and_tags_and_no_exclusion)
{
    cr_expect(means("{\"ids\":[\"x\",\"ord*\"]}", "orders"));
    cr_expect_not(means("{\"ids\":[\"x\"]}", "orders"));
    cr_expect_not(means("{\"ids\":[\"*\"],\"exclude\":[\"*-test\"]}", "orders-test"));
    cr_expect(means("{\"tags\":{\"team\":\"orders\"}}", "anything"));
    cr_expect(means("{\"tags\":{\"team\":\"orders\",\"backup\":\"\"}}", "anything"));
    cr_expect_not(means("{\"tags\":{\"team\":\"users\"}}", "anything"));
    cr_expect_not(means("{\"tags\":{\"nobody\":\"\"}}", "anything"));
    cr_expect_not(means("{\"ids\":[\"x*\"],\"tags\":{\"team\":\"orders\"}}", "orders"));
}

Test(select, means_aurora_and_nothing_else)
{
    static const char *const others[] = {"neptune", "docdb", "mysql", "postgres", ""};
    struct policy_clusters all = {json_pack("[s]", "*"), NULL, NULL};

    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        struct rds_cluster cluster = cluster_of("orders", others[i]);

        cr_expect_not(select_means(&all, &cluster), "%s", others[i]);
    }
    struct rds_cluster mysql = cluster_of("orders", "aurora-mysql");
    struct rds_cluster old = cluster_of("orders", "aurora");
    cr_expect(select_means(&all, &mysql) && select_means(&all, &old));
    json_decref((json_t *)(uintptr_t)all.ids);
}

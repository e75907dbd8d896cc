#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "functions/snapshot/policy.h"

#define WHAT  "NARAE_SNAPSHOT_POLICY"
#define LEAST "\"id\":\"nightly\",\"clusters\":{\"ids\":[\"*\"]},\"keep\":{\"daily\":14}"

static struct policy_set set;
static struct nr_err err;

static int parse(const char *json)
{
    policy_set_done(&set);
    err = (struct nr_err){0};
    return policy_set_parse(nr_view(json), WHAT, &set, &err);
}

static void tear_down(void)
{
    policy_set_done(&set);
}

TestSuite(policy, .fini = tear_down);

Test(policy, takes_the_least_and_fills_in_the_rest)
{
    const struct policy *policy;

    cr_assert_eq(parse("{" LEAST "}"), 0, "%s", err.message);
    cr_assert_eq(set.n, 1);
    policy = &set.items[0];
    cr_expect(nr_view_is(policy->id, NR_VIEW("nightly")) && nr_view_is(policy->prefix, NR_VIEW("narae")));
    cr_expect_eq(policy->keep.keep[RETENTION_DAILY], 14);
    cr_expect(policy->is_dry_run, "nothing is deleted until somebody says so");
    cr_expect(policy->limits.min_keep == 3 && policy->limits.max_stale_hours == 48 &&
              policy->limits.slot_minutes == 1 && policy->limits.max_delete_per_cluster == 5 &&
              policy->limits.orphan_keep_last == POLICY_ALL);
    cr_expect(policy->zone.std_s == 0 && !policy->copy.is_wanted && !policy->accounts);
}

Test(policy, takes_everything)
{
    const struct policy *policy;

    cr_assert_eq(
        parse("{\"policies\":[{" LEAST
              "},{\"id\":\"weekly\",\"prefix\":\"wk\",\"zone\":\"Asia/Seoul\",\"dry_run\":false,"
              "\"clusters\":{\"ids\":[\"orders-*\"],\"exclude\":[\"*-test\"],\"tags\":{\"backup\":\"yes\"}},"
              "\"keep\":{\"last\":1,\"hourly\":2,\"daily\":3,\"weekly\":4,\"monthly\":5,\"yearly\":-1,"
              "\"within\":\"30d\",\"within_weekly\":\"1y6m\"},"
              "\"min_keep\":4,\"max_stale_hours\":200,\"max_delete_per_cluster\":1,\"max_delete_per_run\":9,"
              "\"slot_minutes\":60,"
              "\"max_event_age_hours\":24,\"stuck_hours\":2,\"orphan_keep_last\":7,\"orphan_keep_days\":90,"
              "\"stopped_is_failure\":true,"
              "\"share\":{\"accounts\":[\"210987654321\"]},"
              "\"copy\":{\"region\":\"us-west-2\",\"kms_key\":\"arn:aws:kms:us-west-2:1:key/"
              "k\",\"keep\":{\"monthly\":12}}}]}"),
        0, "%s", err.message);
    cr_assert_eq(set.n, 2);
    policy = policy_find(&set, NR_VIEW("weekly"));
    cr_assert_eq(policy, &set.items[1]);
    cr_expect(policy->zone.std_s == 9 * 3600 && !policy->is_dry_run && policy->is_stopped_failure);
    cr_expect(policy->keep.keep[RETENTION_YEARLY] == RETENTION_UNLIMITED &&
              policy->keep.within[RETENTION_LAST].days == 30 &&
              policy->keep.within[RETENTION_WEEKLY].months == 6);
    cr_expect(policy->limits.orphan_keep_days == 90 && policy->limits.stuck_hours == 2);
    cr_expect(policy->copy.is_wanted && nr_view_is(policy->copy.region, NR_VIEW("us-west-2")) &&
              policy->copy.keep.keep[RETENTION_MONTHLY] == 12);
    cr_expect_null(policy_find(&set, NR_VIEW("hourly")));
}

#define AT WHAT "."

Test(policy, refuses_what_is_malformed_and_names_the_member)
{
    static const struct {
        const char *json, *message;
    } cases[] = {
        {"{", WHAT ": not JSON: line 1, column 1: string or '}' expected near end of file"},
        {"[]", WHAT ": must be an object, is an array"},
        {"{}", AT "id: missing; must be a string"},
        {"{\"policies\":[]}", AT "policies: must have 1 to 20 items, has 0"},
        {"{\"policies\":[7]}", AT "policies[0]: must be an object, is a whole number"},
        {"{\"policies\":[{" LEAST "}],\"zone\":\"UTC\"}", AT "zone: unknown member"},
        {"{\"policies\":[{" LEAST "},{" LEAST "}]}",
         AT "policies[1].id: is the id of another policy as well"},
        {"{" LEAST ",\"kep\":1}", AT "kep: unknown member"},
        {"{\"id\":\"Nightly\"}",
         AT "id: may only contain lower-case letters, digits and single hyphens inside"},
        {"{\"id\":\"a--b\"}", AT "id: may only contain lower-case letters, digits and single hyphens inside"},
        {"{\"id\":\"a-\"}", AT "id: may only contain lower-case letters, digits and single hyphens inside"},
        {"{\"id\":\"1a\"}", AT "id: must begin with a lower-case letter"},
        {"{\"id\":\"a\"}", AT "clusters: missing; must be an object"},
        {"{\"id\":\"a\",\"clusters\":{}}",
         AT "clusters: must have ids or tags; {\"ids\": [\"*\"]} is every Aurora cluster"},
        {"{\"id\":\"a\",\"clusters\":{\"ids\":[\"A\"]}}",
         AT "clusters.ids[0]: must be a cluster id in lower case, with * and ? as wild cards"},
        {"{\"id\":\"a\",\"clusters\":{\"ids\":[]}}", AT "clusters.ids: must have 1 to 200 items, has 0"},
        {"{\"id\":\"a\",\"clusters\":{\"tags\":{}}}", AT "clusters.tags: must name at least one tag"},
        {"{\"id\":\"a\",\"clusters\":{\"tags\":{\"x\":1}}}",
         AT "clusters.tags.x: must be a string, is a whole number"},
        {"{\"id\":\"a\",\"clusters\":{\"ids\":[\"*\"]}}", AT "keep: missing; must be an object"},
        {"{\"id\":\"a\",\"clusters\":{\"ids\":[\"*\"]},\"keep\":{}}",
         AT "keep: keeps nothing; give at least one of last, daily, weekly ..."},
        {"{\"id\":\"a\",\"clusters\":{\"ids\":[\"*\"]},\"keep\":{\"daily\":0}}",
         AT "keep: keeps nothing; give at least one of last, daily, weekly ..."},
        {"{\"id\":\"a\",\"clusters\":{\"ids\":[\"*\"]},\"keep\":{\"daily\":-2}}",
         AT "keep.daily: must be from -1 to 10000, is -2"},
        {"{\"id\":\"a\",\"clusters\":{\"ids\":[\"*\"]},\"keep\":{\"within\":\"1 month\"}}",
         AT "keep.within: must be a span such as 30d or 1y6m"},
        {"{" LEAST ",\"zone\":\"Seoul\"}", AT "zone: must be a time zone such as Asia/Seoul"},
        {"{" LEAST ",\"min_keep\":0}", AT "min_keep: must be from 1 to 1000, is 0"},
        {"{" LEAST ",\"prefix\":\"abcdefghijabcdefghijx\"}", AT "prefix: must be 1 to 20 bytes long, is 21"},
        {"{" LEAST ",\"share\":{}}", AT "share: must have accounts"},
        {"{" LEAST ",\"share\":{\"accounts\":[\"all\"]}}",
         AT "share.accounts[0]: would make every snapshot public"},
        {"{" LEAST ",\"share\":{\"accounts\":[\"ALL\"]}}",
         AT "share.accounts[0]: would make every snapshot public"},
        {"{" LEAST ",\"share\":{\"accounts\":[\"1234\"]}}",
         AT "share.accounts[0]: must be an account id of 12 digits"},
        {"{" LEAST ",\"copy\":{}}", AT "copy.region: missing; must be a string"},
        {"{" LEAST ",\"copy\":{\"region\":\"us-west-2\"}}", AT "copy.keep: missing; must be an object"},
        {"{\"policies\":[{" LEAST ",\"copy\":{\"region\":\"us-west-2\",\"keep\":{\"last\":1}}},{\"id\":\"b\","
         "\"clusters\":{\"ids\":[\"*\"]},"
         "\"keep\":{\"last\":1},\"copy\":{\"region\":\"eu-west-1\",\"keep\":{\"last\":1}}}]}",
         AT "policies[1].copy.region: must be the Region of the other policies"},
        {"{" LEAST ",\"dry_run\":\"no\"}", AT "dry_run: must be a boolean, is a string"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        cr_expect_eq(parse(cases[i].json), -1, "took %s", cases[i].json);
        cr_expect_eq(err.kind, NR_ERR_INVALID);
        cr_expect_str_eq(err.type, strstr(err.message, "not JSON") ? err.type : "Function.InvalidSetting");
        cr_expect_str_eq(err.message, cases[i].message);
    }
}

Test(policy, forecasts_what_it_will_hold)
{
    cr_assert_eq(parse("{\"id\":\"a\",\"clusters\":{\"ids\":[\"*\"]},\"keep\":{\"daily\":14,\"weekly\":8,"
                       "\"monthly\":12,\"yearly\":10}}"),
                 0);
    cr_expect_eq(policy_forecast(&set.items[0], 3), 132);
    cr_assert_eq(parse("{\"id\":\"a\",\"clusters\":{\"ids\":[\"*\"]},\"keep\":{\"daily\":1}}"), 0);
    cr_expect_eq(policy_forecast(&set.items[0], 3), 9, "min_keep");
    cr_assert_eq(parse("{\"id\":\"a\",\"clusters\":{\"ids\":[\"*\"]},\"keep\":{\"daily\":-1}}"), 0);
    cr_expect_eq(policy_forecast(&set.items[0], 3), RETENTION_UNLIMITED);
}

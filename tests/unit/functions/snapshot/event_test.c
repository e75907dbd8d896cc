#include <stdio.h>

#include <criterion/criterion.h>

#include <narae/json.h>

#include "functions/snapshot/event.h"

static json_t *doc;
static struct trigger trigger;
static struct nr_err err;

static int parse(const char *json)
{
    trigger_done(&trigger);
    json_decref(doc);
    err = (struct nr_err){0};
    doc = json_loads(json, JSON_DECODE_ANY, NULL);
    cr_assert(doc, "%s", json);
    return trigger_parse(doc, &trigger, &err);
}

static void tear_down(void)
{
    trigger_done(&trigger);
    json_decref(doc);
}

TestSuite(trigger, .fini = tear_down);

#define ENVELOPE(source, detail)                                                                             \
    "{\"version\":\"0\",\"id\":\"1\",\"detail-type\":\"Scheduled Event\",\"source\":\"" source               \
    "\",\"account\":\"123456789012\",\"time\":\"2026-11-24T17:00:49Z\",\"region\":\"ap-northeast-2\","       \
    "\"resources\":[],\"detail\":" detail "}"

Test(trigger, takes_every_shape_in_which_a_schedule_calls)
{
    static const char *const shapes[] = {
        ENVELOPE("aws.events", "{}"),
        ENVELOPE("aws.scheduler", "\"{}\""),
        ENVELOPE("aws.scheduler", "{}"),
        ENVELOPE("aws.scheduler", "null"),
        "{\"scheduled_time\":\"2026-11-24T17:00:49Z\"}",
        "{\"scheduled_time\":\"2026-11-25T02:00:49+09:00\",\"mode\":\"snapshot\",\"unknown\":[1]}",
    };

    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        cr_assert_eq(parse(shapes[i]), 0, "%s: %s", shapes[i], err.message);
        cr_expect_eq(trigger.mode, TRIGGER_SNAPSHOT);
        cr_expect_not(trigger.is_manual);
        cr_expect_eq(trigger.scheduled_unix_ms, 1795539649000, "%s", shapes[i]);
    }
}

Test(trigger, takes_a_manual_call)
{
    cr_assert_eq(parse("{}"), 0);
    cr_expect(trigger.is_manual && trigger.mode == TRIGGER_SNAPSHOT && trigger.policy.len == 0);
    cr_assert_eq(
        parse("{\"mode\":\"verify\",\"cluster\":\"orders\",\"policy\":\"nightly\",\"dry_run\":true}"), 0);
    cr_expect(trigger.mode == TRIGGER_VERIFY && trigger.is_dry_run &&
              nr_view_is(trigger.cluster, NR_VIEW("orders")) &&
              nr_view_is(trigger.policy, NR_VIEW("nightly")));
}

Test(trigger, reads_a_command_inside_an_envelope)
{
    cr_assert_eq(parse(ENVELOPE("aws.events", "{\"mode\":\"check\"}")), 0);
    cr_expect_eq(trigger.mode, TRIGGER_CHECK);
    cr_assert_eq(
        parse(ENVELOPE("aws.scheduler", "\"{\\\"mode\\\":\\\"copy\\\",\\\"policy\\\":\\\"nightly\\\"}\"")),
        0);
    cr_expect(trigger.mode == TRIGGER_COPY && nr_view_is(trigger.policy, NR_VIEW("nightly")) &&
              !trigger.is_manual);
}

Test(trigger, only_looks_when_rds_has_something_to_tell)
{
    cr_assert_eq(parse("{\"detail-type\":\"RDS DB Cluster Snapshot "
                       "Event\",\"source\":\"aws.rds\",\"time\":\"2026-11-24T17:09:00Z\","
                       "\"detail\":{\"EventCategories\":[\"backup\"],\"SourceType\":\"CLUSTER_SNAPSHOT\","
                       "\"SourceIdentifier\":"
                       "\"rds:orders-2026-11-24\",\"Message\":\"Manual cluster snapshot "
                       "created\",\"EventID\":\"RDS-EVENT-0075\"}}"),
                 0);
    cr_expect(trigger.mode == TRIGGER_CHECK &&
              nr_view_is(trigger.source_id, NR_VIEW("rds:orders-2026-11-24")));
}

Test(trigger, refuses_what_is_malformed_and_names_the_member)
{
    static const struct {
        const char *json, *message;
    } cases[] = {
        {"[]", "event: must be an object"},
        {"\"x\"", "event: must be an object"},
        {"{\"mode\":\"delete\"}", "mode: must be snapshot, copy, check, plan or verify"},
        {"{\"mode\":1}", "mode: must be a string, is a whole number"},
        {"{\"policy\":[]}", "policy: must be a string, is an array"},
        {"{\"cluster\":\"\"}", "cluster: must be 1 to 63 bytes long, is 0"},
        {"{\"dry_run\":\"yes\"}", "dry_run: must be a boolean, is a string"},
        {"{\"scheduled_time\":\"<aws.scheduler.scheduled-time>\"}",
         "scheduled_time: is a keyword that nobody replaced; only EventBridge Scheduler's own input knows "
         "it"},
        {"{\"scheduled_time\":\"2026-11-24\"}",
         "scheduled_time: must be a time such as 2026-12-01T17:00:00Z"},
        {"{\"scheduled_time\":1795539649}", "scheduled_time: must be a string, is a whole number"},
        {"{\"detail-type\":\"Scheduled Event\"}", "source: missing; must be a string"},
        {"{\"detail-type\":\"x\",\"source\":\"aws.s3\"}",
         "source: must be aws.events, aws.scheduler or aws.rds"},
        {"{\"detail-type\":\"x\",\"source\":\"aws.events\"}", "time: missing; must be a string"},
        {"{\"detail-type\":\"x\",\"source\":\"aws.events\",\"time\":\"noon\"}",
         "time: must be a time such as 2026-12-01T17:00:00Z"},
        {ENVELOPE("aws.scheduler", "\"{\""),
         "detail: not JSON: line 1, column 1: string or '}' expected near end of file"},
        {ENVELOPE("aws.scheduler", "\"[]\""), "detail: must be an object, is an array"},
        {ENVELOPE("aws.events", "7"), "detail: must be an object, is a whole number"},
        {ENVELOPE("aws.events", "{\"mode\":\"x\"}"),
         "detail.mode: must be snapshot, copy, check, plan or verify"},
        {"{\"detail-type\":\"x\",\"source\":\"aws.rds\",\"detail\":{\"SourceIdentifier\":7}}",
         "detail.SourceIdentifier: must be a string, is a whole number"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        cr_expect_eq(parse(cases[i].json), -1, "took %s", cases[i].json);
        cr_expect_eq(err.kind, NR_ERR_INVALID);
        cr_expect_str_eq(err.message, cases[i].message);
    }
}

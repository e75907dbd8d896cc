#include <stdio.h>

#include <criterion/criterion.h>

#include <narae/clock.h>

#include "functions/push/store_topic_check.h"
#include "tests/support/test_database.h"

static struct test_database database;
static struct nr_pg *pg;
static struct nr_err err;

static void set_up(void)
{
    test_database_init(&database, "functions/push/schema.sql");
    cr_assert_eq(
        nr_pg_new(&(struct nr_pg_options){.setting = "NARAE_DATABASE", .conninfo = database.uri}, &pg, &err),
        0, "%s", err.message);
    /* Devices 1 and 2 are active, 3 is not. */
    test_database_run(
        &database, "insert into narae_push.device (user_id, kind, platform, registration, registration_hash, "
                   "status, inactive_reason, inactive_at) select '17', 'token', 'android', 'r' || n, "
                   "sha256(('r' || n)::bytea), case n when 3 then 'inactive' else 'active' end, "
                   "case n when 3 then 'stale' end, case n when 3 then now() end "
                   "from generate_series(1, 3) as n");
}

static void tear_down(void)
{
    nr_pg_free(pg);
    test_database_done(&database);
}

TestSuite(store_topic_check, .init = set_up, .fini = tear_down, .timeout = 60);

/* A row that was settled yesterday. */
static void add(int device_id, const char *topic, const char *state)
{
    char sql[512];

    snprintf(sql, sizeof(sql),
             "insert into narae_push.topic (device_id, topic, is_wanted, state, settled_at) values "
             "(%d, '%s', '%s' in ('wanted', 'active'), '%s', now() - interval '1 day')",
             device_id, topic, state, state);
    test_database_run(&database, sql);
}

static const char *state(void)
{
    return test_database_text(&database, "select string_agg(device_id || ':' || topic || ' ' || state || "
                                         "coalesce(' ' || reason, ''), ', ' order by device_id, topic) "
                                         "from narae_push.topic");
}

static size_t unchecked(void)
{
    struct topic_devices devices;
    size_t n;

    cr_assert_eq(store_topics_unchecked(pg, 10, 30, NR_CLOCK_NEVER_MS, &devices, &err), 0, "%s", err.message);
    n = devices.n;
    cr_expect(n == 0 || nr_view_is(devices.items[0].registration, NR_VIEW("r1")));
    topic_devices_done(&devices);
    return n;
}

Test(store_topic_check, finds_active_devices_with_old_subscriptions_once)
{
    add(1, "a", "active");
    add(2, "b", "active");
    add(3, "c", "removed");
    cr_expect_eq(unchecked(), 0, "all are younger than a month");
    test_database_run(&database, "update narae_push.topic set settled_at = now() - interval '31 days' "
                                 "where topic in ('a', 'c')");

    cr_expect_eq(unchecked(), 1);
    cr_expect_eq(unchecked(), 0);
}

static size_t compare(const char *list, bool is_whole, int64_t since_ms)
{
    json_t *topics = json_loads(list, 0, NULL);
    size_t n = 4711;

    cr_assert_eq(store_topics_compare(pg, 1, topics, is_whole, since_ms, NR_CLOCK_NEVER_MS, &n, &err), 0,
                 "%s", err.message);
    json_decref(topics);
    return n;
}

Test(store_topic_check, what_is_missing_is_wanted_again_and_what_is_left_over_is_removed_again)
{
    add(1, "there", "active");
    add(1, "missing", "active");
    add(1, "gone", "removed");
    add(1, "leftover", "removed");
    add(2, "missing", "active");

    cr_expect_eq(compare("[\"there\",\"leftover\",\"of-the-client\"]", true, 0), 2);

    cr_expect_str_eq(state(), "1:gone removed, 1:leftover removing not as FCM has it, "
                              "1:missing wanted not as FCM has it, 1:there active, 2:missing active");
}

Test(store_topic_check, nothing_follows_from_a_name_that_is_missing_in_part_of_a_list)
{
    add(1, "missing", "active");
    add(1, "leftover", "removed");

    cr_expect_eq(compare("[\"leftover\"]", false, 0), 1);

    cr_expect_str_eq(state(), "1:leftover removing not as FCM has it, 1:missing active");
}

Test(store_topic_check, what_was_settled_after_the_list_is_not_judged_by_it)
{
    add(1, "missing", "active");

    cr_expect_eq(compare("[]", true, 2 * 24 * 3600 * 1000), 0);
}

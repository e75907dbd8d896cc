/* The tasks of push_prune on a real registry: what they change, what they leave, what they refuse, and the
 * metrics that they write. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include <narae/clock.h>

#include "functions/push/prune_run.h"
#include "tests/support/log_capture.h"
#include "tests/support/test_database.h"

static struct test_database database;
static struct nr_pg *pg;
static struct nr_err err;
static struct prune_report report;
static const struct prune_settings settings = {
    .stale_days = {60, 90, 60}, .max_percent = 10, .remove_days = 90, .ledger_days = 30, .parked_days = 90};

static void set_up(void)
{
    test_database_init(&database, "functions/push/schema.sql");
    cr_assert_eq(
        nr_pg_new(&(struct nr_pg_options){.setting = "NARAE_DATABASE", .conninfo = database.uri}, &pg, &err),
        0, "%s", err.message);
}

static void tear_down(void)
{
    nr_pg_free(pg);
    test_database_done(&database);
}

TestSuite(prune_run, .init = set_up, .fini = tear_down, .timeout = 60);

/* n devices that were last heard of so many days ago. */
static void add_devices(int n, const char *platform, int days)
{
    char sql[512];

    snprintf(
        sql, sizeof(sql),
        "insert into narae_push.device (kind, platform, registration, registration_hash, refreshed_at) "
        "select "
        "'token', '%s', '%s' || i || '-%d', sha256(('%s' || i || '-%d')::bytea), now() - interval '%d days' "
        "from generate_series(1, %d) as i",
        platform, platform, days, platform, days, days, n);
    test_database_run(&database, sql);
}

static const char *text(const char *sql)
{
    return test_database_text(&database, sql);
}

static void prune_devices(bool is_forced)
{
    cr_assert_eq(prune_run_devices(pg, &settings, is_forced, NR_CLOCK_NEVER_MS, &report, &err), 0, "%s",
                 err.message);
}

Test(prune_run, deactivates_what_is_silent_for_longer_than_its_platform_allows)
{
    add_devices(3, "android", 61);
    add_devices(2, "android", 59);
    add_devices(4, "ios", 61);
    add_devices(1, "web", 61);

    prune_devices(false);

    cr_expect_eq(report.n_retired[PRUNE_ANDROID], 3);
    cr_expect_eq(report.n_retired[PRUNE_IOS], 0, "an iPhone may be silent for 90 days");
    cr_expect_eq(report.n_retired[PRUNE_WEB], 1);
    cr_expect_str_eq(
        text("select string_agg(platform || ' ' || status || ' ' || coalesce(inactive_reason, '-') || "
             "' ' || n, ', ' order by platform, status) from (select platform, status, "
             "inactive_reason, count(*) as n from narae_push.device group by 1, 2, 3) as x"),
        "android active - 2, android inactive stale 3, ios active - 4, web inactive stale 1");
}

Test(prune_run, unsubscribes_the_stale_and_keeps_what_they_wanted)
{
    add_devices(1, "android", 61);
    test_database_run(&database,
                      "insert into narae_push.topic (device_id, topic, is_wanted, state) values "
                      "(1, 'a', true, 'active'), (1, 'b', true, 'wanted'), (1, 'c', true, 'failed')");

    prune_devices(false);

    cr_expect_str_eq(
        text("select string_agg(topic || ' ' || state || ' ' || is_wanted, ', ' order by topic) from "
             "narae_push.topic"),
        "a removing true, b removing true, c failed true");
}

Test(prune_run, works_in_batches_until_nothing_is_left)
{
    add_devices(2500, "android", 61);
    test_database_run(&database, "insert into narae_push.topic (device_id, topic, is_wanted, state) select "
                                 "device_id, 'a', true, 'active' from narae_push.device");

    prune_devices(true);

    cr_expect_eq(report.n_retired[PRUNE_ANDROID], 2500);
    cr_expect_str_eq(text("select count(*) from narae_push.device where status = 'active'"), "0");
    cr_expect_str_eq(text("select count(*) from narae_push.topic where state = 'removing'"), "2500");
}

Test(prune_run, refuses_a_share_that_is_too_large_platform_by_platform)
{
    add_devices(101, "android", 61);
    add_devices(1, "web", 61);

    prune_devices(false);

    cr_expect(report.is_refused[PRUNE_ANDROID]);
    cr_expect_not(report.is_refused[PRUNE_WEB]);
    cr_expect_str_eq(text("select count(*) from narae_push.device where status = 'active'"), "101");

    prune_devices(true);
    cr_expect_not(report.is_refused[PRUNE_ANDROID]);
    cr_expect_str_eq(text("select count(*) from narae_push.device where status = 'active'"), "0");
}

/* What FCM calls dead has no subscriptions: they are settled without a call. The wish stays. */
Test(prune_run, settles_the_topics_of_the_dead)
{
    add_devices(2, "android", 1);
    test_database_run(
        &database, "update narae_push.device set status = 'inactive', inactive_at = now(), inactive_reason = "
                   "case device_id when 1 then 'unregistered' else 'logout' end;"
                   "insert into narae_push.topic (device_id, topic, is_wanted, state) values "
                   "(1, 'a', true, 'active'), (1, 'b', false, 'removing'), (2, 'c', false, 'removing')");

    prune_devices(false);

    cr_expect_eq(report.n_changed[PRUNE_DEAD_TOPICS], 2);
    cr_expect_str_eq(
        text("select string_agg(topic || ' ' || state || ' ' || is_wanted, ', ' order by topic) from "
             "narae_push.topic"),
        "a removed true, b removed false, c removing false");
}

Test(prune_run, removes_what_is_inactive_for_long_and_tombstones_of_topics)
{
    add_devices(3, "android", 1);
    test_database_run(
        &database,
        "update narae_push.device set status = 'inactive', inactive_reason = 'logout', inactive_at = "
        "now() - case device_id when 1 then interval '91 days' else interval '89 days' end "
        "where device_id < 3;"
        "insert into narae_push.topic (device_id, topic, is_wanted, state, settled_at) values "
        "(1, 'a', false, 'removed', now()), (2, 'b', false, 'removed', now() - interval '16 days'), "
        "(2, 'c', false, 'removed', now() - interval '14 days'), "
        "(2, 'd', true, 'removed', now() - interval '16 days')");

    prune_devices(false);

    cr_expect_eq(report.n_changed[PRUNE_OLD_DEVICES], 1);
    cr_expect_eq(report.n_changed[PRUNE_OLD_TOPICS], 1);
    cr_expect_str_eq(
        text("select string_agg(device_id::text, ' ' order by device_id) from narae_push.device"), "2 3");
    cr_expect_str_eq(text("select string_agg(topic, ' ' order by topic) from narae_push.topic"), "c d");
}

static void add_sends(const char *verdict, const char *state, int days, int n)
{
    char sql[512];

    snprintf(sql, sizeof(sql),
             "insert into narae_push.send (message_id, device_id, state, verdict, first_at) select '%s-%d', "
             "i, '%s', "
             "'%s', now() - interval '%d days' - interval '1 minute' from generate_series(1, %d) as i",
             verdict, days, state, verdict, days, n);
    test_database_run(&database, sql);
}

Test(prune_run, removes_old_rows_of_the_ledger_and_of_parked_messages)
{
    add_sends("sent", "sent", 30, 25000);
    add_sends("sent", "sent", 29, 3);
    test_database_run(&database,
                      "insert into narae_push.parked (sqs_message_id, body, reason, parked_at) values "
                      "('m1', '{}', 'r', now() - interval '91 days'), "
                      "('m2', '{}', 'r', now() - interval '89 days')");

    cr_assert_eq(prune_run_ledger(pg, &settings, NR_CLOCK_NEVER_MS, &report, &err), 0, "%s", err.message);

    cr_expect_eq(report.n_changed[PRUNE_OLD_SENDS], 25000);
    cr_expect_eq(report.n_changed[PRUNE_OLD_PARKED], 1);
    cr_expect_str_eq(text("select count(*) from narae_push.send"), "3");
    cr_expect_str_eq(text("select string_agg(sqs_message_id, ' ') from narae_push.parked"), "m2");
    cr_expect_not(report.is_cut);
}

Test(prune_run, begins_nothing_that_cannot_end_in_time)
{
    add_sends("sent", "sent", 31, 1);

    cr_assert_eq(prune_run_ledger(pg, &settings, nr_clock_mono_ms() + 1500, &report, &err), 0, "%s",
                 err.message);

    cr_expect(report.is_cut);
    cr_expect_str_eq(text("select count(*) from narae_push.send"), "1");
}

static void expect_metric(const char *log, const char *part)
{
    cr_expect(strstr(log, part) != NULL, "no %s in %s", part, log);
}

Test(prune_run, reports_the_registrys_health_as_metrics)
{
    char *log;

    add_devices(3, "android", 1);
    add_devices(1, "android", 61);
    add_devices(2, "ios", 1);
    test_database_run(&database, "update narae_push.device set status = 'inactive', inactive_reason = "
                                 "'unregistered', inactive_at = now() where platform = 'ios'");
    add_sends("sent", "sent", 0, 96);
    add_sends("unregistered", "failed", 0, 3);
    add_sends("invalid_payload", "failed", 0, 1);
    add_sends("unregistered", "failed", 2, 50); /* older than a day */
    log_capture_begin();

    cr_assert_eq(prune_run_report(pg, &settings, NR_CLOCK_NEVER_MS, &report, &err), 0, "%s", err.message);

    log = log_capture_take();
    expect_metric(log, "\"Platform\":\"android\",\"DevicesActive\":4,\"DevicesStale\":1,\"StaleShare\":25");
    expect_metric(log, "\"Platform\":\"ios\",\"DevicesActive\":0,\"DevicesStale\":0,\"StaleShare\":0");
    expect_metric(log, "\"Platform\":\"ios\",\"Reason\":\"unregistered\",\"DevicesLost\":2");
    expect_metric(log, "\"TopicsWaiting\":0,\"ClientErrorShare\":4");
    free(log);
}

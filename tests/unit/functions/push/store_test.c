#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include <narae/clock.h>

#include "functions/push/store.h"
#include "tests/support/test_database.h"

enum { N = 3 };

static struct test_database database;
static struct nr_pg *pg;
static struct push_message messages[N];
static bool is_skipped[N];
static struct store_devices devices;
static struct nr_err err;

static void set_up(void)
{
    test_database_init(&database, "functions/push/schema.sql");
    cr_assert_eq(
        nr_pg_new(&(struct nr_pg_options){.setting = "NARAE_DATABASE", .conninfo = database.uri}, &pg, &err),
        0, "%s", err.message);
    for (size_t i = 0; i < N; i++)
        is_skipped[i] = true;
}

static void tear_down(void)
{
    store_devices_done(&devices);
    for (size_t i = 0; i < N; i++)
        push_message_done(&messages[i]);
    nr_pg_free(pg);
    test_database_done(&database);
}

TestSuite(store, .init = set_up, .fini = tear_down, .timeout = 60);

/* Devices get their ids in this order, from 1. */
static void add_device(const char *user, const char *kind, const char *registration, const char *installation)
{
    char sql[512];

    snprintf(sql, sizeof(sql),
             "insert into narae_push.device (user_id, kind, platform, registration, registration_hash, "
             "installation_id) values (%s, '%s', 'android', '%s', sha256('%s'), %s)",
             user, kind, registration, registration, installation);
    test_database_run(&database, sql);
}

static void message(size_t i, const char *to)
{
    char body[1024];

    snprintf(body, sizeof(body), "{\"id\":\"m%zu\",\"to\":%s,\"message\":{}}", i, to);
    cr_assert_eq(push_message_parse(nr_view(body), i, &messages[i], &err), 0, "%s", err.message);
    is_skipped[i] = false;
}

static void find(void)
{
    store_devices_done(&devices);
    cr_assert_eq(store_find_devices(pg, messages, is_skipped, N, NR_CLOCK_NEVER_MS, &devices, &err), 0, "%s",
                 err.message);
}

/* What was found, in order: "message:device:kind:registration ". */
static const char *found(void)
{
    static char out[1024];
    size_t at = 0;

    out[0] = '\0';
    for (size_t i = 0; i < devices.n; i++)
        at += (size_t)snprintf(out + at, sizeof(out) - at, "%zu:%d:%s:%.*s ", devices.items[i].message,
                               (int)devices.items[i].device_id, devices.items[i].is_fid ? "fid" : "token",
                               NR_VIEW_ARG(devices.items[i].registration));
    return out;
}

Test(store, schema_can_be_run_again)
{
    char sql[65536];
    FILE *in = fopen(NARAE_SOURCE_ROOT "/functions/push/schema.sql", "re");

    cr_assert_not_null(in);
    sql[fread(sql, 1, sizeof(sql) - 1, in)] = '\0';
    fclose(in);
    add_device("'17'", "token", "t1", "null");

    test_database_run(&database, sql);

    cr_expect_str_eq(test_database_text(&database, "select count(*) from narae_push.device"), "1");
}

Test(store, finds_the_active_devices_of_users)
{
    add_device("'17'", "token", "t1", "null");
    add_device("'17'", "fid", "f2", "null");
    add_device("'18'", "token", "t3", "null");
    add_device("'18'", "token", "t4", "null");
    add_device("null", "token", "t5", "null");
    test_database_run(&database,
                      "update narae_push.device set status = 'inactive', inactive_reason = 'logout', "
                      "inactive_at = now(), version = 7 where registration = 't4'");
    test_database_run(&database, "update narae_push.device set version = 9 where registration = 't3'");
    message(0, "{\"users\":[\"17\",\"18\",\"nobody\"]}");
    message(1, "{\"users\":[\"18\"]}");

    find();

    cr_expect_str_eq(found(), "0:1:token:\"t1\" 0:2:fid:\"f2\" 0:3:token:\"t3\" 1:3:token:\"t3\" ");
    cr_expect_eq(devices.items[2].version, 9);
    cr_expect_eq(devices.n_unknown, 0);
}

Test(store, finds_devices_by_id_and_counts_those_that_are_not_active)
{
    add_device("'17'", "token", "t1", "null");
    add_device("'17'", "token", "t2", "null");
    test_database_run(&database,
                      "update narae_push.device set status = 'inactive', inactive_reason = 'stale', "
                      "inactive_at = now() where registration = 't2'");
    message(0, "{\"devices\":[\"1\",\"2\",\"999999999999999999\"]}");

    find();

    cr_expect_str_eq(found(), "0:1:token:\"t1\" ");
    cr_expect_eq(devices.n_unknown, 2);
}

Test(store, finds_a_device_once_for_a_message_however_often_it_is_named)
{
    add_device("'17'", "token", "t1", "null");
    message(0, "{\"users\":[\"17\",\"17\"]}");
    message(1, "{\"devices\":[\"1\",\"1\"]}");

    find();

    cr_expect_str_eq(found(), "0:1:token:\"t1\" 1:1:token:\"t1\" ");
}

Test(store, takes_the_fid_of_an_installation_that_has_both)
{
    add_device("'17'", "token", "t1", "'phone'");
    add_device("'17'", "fid", "f2", "'phone'");
    add_device("'17'", "token", "t3", "'tablet'");
    message(0, "{\"users\":[\"17\"]}");

    find();

    cr_expect_str_eq(found(), "0:2:fid:\"f2\" 0:3:token:\"t3\" ");
}

Test(store, carries_odd_ids_and_registrations_through)
{
    test_database_run(
        &database, "insert into narae_push.device (user_id, kind, platform, registration, registration_hash) "
                   "values (e'a\",{}\\\\ \\'NULL', 'token', 'web', e'r\"\\\\1', sha256('x'))");
    message(0, "{\"users\":[\"a\\\",{}\\\\ 'NULL\",\"NULL\",\"\xEB\x82\x98\"]}");

    find();

    cr_expect_str_eq(found(), "0:1:token:\"r\\\"\\\\1\" ");
}

Test(store, asks_nothing_for_topics_and_skipped_messages)
{
    message(0, "{\"topic\":\"news\"}");
    message(1, "{\"users\":[\"17\"]}");
    is_skipped[1] = true;
    nr_pg_free(pg);
    cr_assert_eq(nr_pg_new(&(struct nr_pg_options){.setting = "NARAE_DATABASE",
                                                   .conninfo = "host=127.0.0.1 port=1 dbname=none"},
                           &pg, &err),
                 0);

    find();

    cr_expect_eq(devices.n, 0);
}

Test(store, says_which_setting_when_the_password_is_wrong)
{
    char wrong[512];
    char *at = strchr(database.uri, '@');

    snprintf(wrong, sizeof(wrong), "postgresql://narae:no-such-secret%s", at);
    nr_pg_free(pg);
    cr_assert_eq(
        nr_pg_new(&(struct nr_pg_options){.setting = "NARAE_DATABASE", .conninfo = wrong}, &pg, &err), 0);
    message(0, "{\"users\":[\"17\"]}");

    cr_expect_eq(store_find_devices(pg, messages, is_skipped, N, NR_CLOCK_NEVER_MS, &devices, &err), -1);

    cr_expect_eq(err.kind, NR_ERR_DENIED, "%s", nr_err_kind_name(err.kind));
    cr_expect_eq(strncmp(err.message, "NARAE_DATABASE: ", 16), 0, "%s", err.message);
    cr_expect_null(strstr(err.message, "no-such-secret"));
}

static const char *state_of(int device_id)
{
    char sql[256];

    snprintf(sql, sizeof(sql),
             "select status || ' ' || coalesce(inactive_reason, '-') || ' ' || (inactive_at is not null) "
             "from narae_push.device where device_id = %d",
             device_id);
    return test_database_text(&database, sql);
}

static size_t deactivate(const struct store_device_key *keys, size_t n)
{
    size_t n_changed = 4711;

    cr_assert_eq(store_deactivate_unregistered(pg, keys, n, NR_CLOCK_NEVER_MS, &n_changed, &err), 0, "%s",
                 err.message);
    return n_changed;
}

Test(store, deactivates_devices_and_keeps_the_reason)
{
    const struct store_device_key keys[] = {{2, 1}, {1, 1}, {99, 1}};

    add_device("'17'", "token", "t1", "null");
    add_device("'17'", "token", "t2", "null");
    add_device("'17'", "token", "t3", "null");

    cr_expect_eq(deactivate(keys, 3), 2);

    cr_expect_str_eq(state_of(1), "inactive unregistered true");
    cr_expect_str_eq(state_of(2), "inactive unregistered true");
    cr_expect_str_eq(state_of(3), "active - false");
}

Test(store, leaves_a_device_alone_that_registered_again_meanwhile)
{
    const struct store_device_key keys[] = {{1, 1}};

    add_device("'17'", "token", "t1", "null");
    test_database_run(&database, "update narae_push.device set version = 2");

    cr_expect_eq(deactivate(keys, 1), 0);

    cr_expect_str_eq(state_of(1), "active - false");
}

Test(store, keeps_the_first_reason_of_a_device_that_is_inactive_already)
{
    const struct store_device_key keys[] = {{1, 1}, {1, 1}};

    add_device("'17'", "token", "t1", "null");
    test_database_run(&database,
                      "update narae_push.device set status = 'inactive', inactive_reason = 'logout', "
                      "inactive_at = now()");

    cr_expect_eq(deactivate(keys, 2), 0);

    cr_expect_str_eq(state_of(1), "inactive logout true");
}

Test(store, asks_once_for_ten_thousand_devices)
{
    test_database_run(
        &database, "insert into narae_push.device (user_id, kind, platform, registration, registration_hash) "
                   "select 'u' || (i % 20), 'token', 'android', 'r' || i, sha256(('r' || i)::bytea) "
                   "from generate_series(1, 10000) as i");
    message(0, "{\"users\":[\"u0\",\"u1\",\"u2\",\"u3\",\"u4\",\"u5\",\"u6\",\"u7\",\"u8\",\"u9\"]}");
    message(1,
            "{\"users\":[\"u10\",\"u11\",\"u12\",\"u13\",\"u14\",\"u15\",\"u16\",\"u17\",\"u18\",\"u19\"]}");

    find();

    cr_expect_eq(devices.n, 10000);
}

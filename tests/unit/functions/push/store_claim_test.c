#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include <narae/clock.h>

#include "functions/push/store_claim.h"
#include "tests/support/test_database.h"

enum { N = 3 };

static struct test_database database;
static struct nr_pg *pg;
static struct push_message messages[N];
static bool is_skipped[N];
static struct store_claims devices;
static struct store_lease lease = {1, 60000};
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
    store_claims_done(&devices);
    for (size_t i = 0; i < N; i++)
        push_message_done(&messages[i]);
    nr_pg_free(pg);
    test_database_done(&database);
}

TestSuite(store_claim, .init = set_up, .fini = tear_down, .timeout = 60);

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
    char body[4096];

    snprintf(body, sizeof(body), "{\"id\":\"m%zu\",\"to\":%s,\"message\":{}}", i, to);
    cr_assert_eq(push_message_parse(nr_view(body), i, &messages[i], &err), 0, "%s", err.message);
    is_skipped[i] = false;
}

static void claim(void)
{
    store_claims_done(&devices);
    cr_assert_eq(store_claim_sends(pg, messages, is_skipped, N, lease, NR_CLOCK_NEVER_MS, &devices, &err), 0,
                 "%s", err.message);
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

Test(store_claim, schema_can_be_run_again)
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

Test(store_claim, finds_the_active_devices_of_users)
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

    claim();

    cr_expect_str_eq(found(), "0:1:token:\"t1\" 0:2:fid:\"f2\" 0:3:token:\"t3\" 1:3:token:\"t3\" ");
    cr_expect_eq(devices.items[2].version, 9);
    cr_expect_eq(devices.n_unknown, 0);
}

Test(store_claim, finds_devices_by_id_and_counts_those_that_are_not_active)
{
    add_device("'17'", "token", "t1", "null");
    add_device("'17'", "token", "t2", "null");
    test_database_run(&database,
                      "update narae_push.device set status = 'inactive', inactive_reason = 'stale', "
                      "inactive_at = now() where registration = 't2'");
    message(0, "{\"devices\":[\"1\",\"2\",\"999999999999999999\"]}");

    claim();

    cr_expect_str_eq(found(), "0:1:token:\"t1\" ");
    cr_expect_eq(devices.n_unknown, 2);
}

Test(store_claim, finds_a_device_once_for_a_message_however_often_it_is_named)
{
    add_device("'17'", "token", "t1", "null");
    message(0, "{\"users\":[\"17\",\"17\"]}");
    message(1, "{\"devices\":[\"1\",\"1\"]}");

    claim();

    cr_expect_str_eq(found(), "0:1:token:\"t1\" 1:1:token:\"t1\" ");
}

Test(store_claim, takes_the_fid_of_an_installation_that_has_both)
{
    add_device("'17'", "token", "t1", "'phone'");
    add_device("'17'", "fid", "f2", "'phone'");
    add_device("'17'", "token", "t3", "'tablet'");
    message(0, "{\"users\":[\"17\"]}");

    claim();

    cr_expect_str_eq(found(), "0:2:fid:\"f2\" 0:3:token:\"t3\" ");
}

/* A token that FCM has replaced is dead, and stays active until a push finds that out: not this one. */
Test(store_claim, takes_the_token_of_an_installation_that_was_heard_of_last)
{
    add_device("'17'", "token", "t1", "'phone'");
    add_device("'17'", "token", "t2", "'phone'");
    add_device("'17'", "token", "t3", "'phone'");
    test_database_run(&database, "update narae_push.device set refreshed_at = now() - interval '1 day' "
                                 "where registration <> 't2'");
    message(0, "{\"users\":[\"17\"]}");
    message(1, "{\"devices\":[\"3\",\"2\",\"1\"]}");

    claim();

    cr_expect_str_eq(found(), "0:2:token:\"t2\" 1:2:token:\"t2\" ");
}

Test(store_claim, carries_odd_ids_and_registrations_through)
{
    test_database_run(
        &database, "insert into narae_push.device (user_id, kind, platform, registration, registration_hash) "
                   "values (e'a\",{}\\\\ \\'NULL', 'token', 'web', e'r\"\\\\1', sha256('x'))");
    message(0, "{\"users\":[\"a\\\",{}\\\\ 'NULL\",\"NULL\",\"\xEB\x82\x98\"]}");

    claim();

    cr_expect_str_eq(found(), "0:1:token:\"r\\\"\\\\1\" ");
}

Test(store_claim, asks_nothing_when_all_is_skipped)
{
    message(1, "{\"users\":[\"17\"]}");
    is_skipped[1] = true;
    nr_pg_free(pg);
    cr_assert_eq(nr_pg_new(&(struct nr_pg_options){.setting = "NARAE_DATABASE",
                                                   .conninfo = "host=127.0.0.1 port=1 dbname=none"},
                           &pg, &err),
                 0);

    claim();

    cr_expect_eq(devices.n, 0);
}

Test(store_claim, says_which_setting_when_the_password_is_wrong)
{
    char wrong[512];
    char *at = strchr(database.uri, '@');

    snprintf(wrong, sizeof(wrong), "postgresql://narae:no-such-secret%s", at);
    nr_pg_free(pg);
    cr_assert_eq(
        nr_pg_new(&(struct nr_pg_options){.setting = "NARAE_DATABASE", .conninfo = wrong}, &pg, &err), 0);
    message(0, "{\"users\":[\"17\"]}");

    cr_expect_eq(store_claim_sends(pg, messages, is_skipped, N, lease, NR_CLOCK_NEVER_MS, &devices, &err),
                 -1);

    cr_expect_eq(err.kind, NR_ERR_DENIED, "%s", nr_err_kind_name(err.kind));
    cr_expect_eq(strncmp(err.message, "NARAE_DATABASE: ", 16), 0, "%s", err.message);
    cr_expect_null(strstr(err.message, "no-such-secret"));
}

Test(store_claim, asks_once_for_ten_thousand_devices)
{
    test_database_run(
        &database, "insert into narae_push.device (user_id, kind, platform, registration, registration_hash) "
                   "select 'u' || (i % 20), 'token', 'android', 'r' || i, sha256(('r' || i)::bytea) "
                   "from generate_series(1, 10000) as i");
    message(0, "{\"users\":[\"u0\",\"u1\",\"u2\",\"u3\",\"u4\",\"u5\",\"u6\",\"u7\",\"u8\",\"u9\"]}");
    message(1,
            "{\"users\":[\"u10\",\"u11\",\"u12\",\"u13\",\"u14\",\"u15\",\"u16\",\"u17\",\"u18\",\"u19\"]}");

    claim();

    cr_expect_eq(devices.n, 10000);
}

/* --- the ledger ----------------------------------------------------------------------------------------- */

static void three_devices(void)
{
    add_device("'17'", "token", "t1", "null");
    add_device("'17'", "token", "t2", "null");
    add_device("'17'", "token", "t3", "null");
}

static const char *ledger(void)
{
    return test_database_text(
        &database, "select coalesce(string_agg(device_id || ' ' || state || ' ' || attempts, ', ' order by "
                   "message_id, device_id), '') from narae_push.send");
}

static void set_row(int device_id, const char *change)
{
    char sql[512];

    snprintf(sql, sizeof(sql), "update narae_push.send set %s where device_id = %d", change, device_id);
    test_database_run(&database, sql);
}

static const char *past(size_t i)
{
    static char out[128];

    snprintf(out, sizeof(out), "settled %u failed %u held %u", devices.past[i].n_settled,
             devices.past[i].n_failed, devices.past[i].n_held);
    return out;
}

Test(store_claim, leaves_a_lease_in_the_ledger)
{
    three_devices();
    message(0, "{\"users\":[\"17\"]}");

    claim();

    cr_expect_str_eq(ledger(), "1 claimed 1, 2 claimed 1, 3 claimed 1");
    cr_expect_str_eq(test_database_text(&database,
                                        "select count(*) from narae_push.send where holder = 1 and "
                                        "claimable_at between now() + interval '50 s' and now() + "
                                        "interval '61 s'"),
                     "3");
    cr_expect_eq(devices.items[0].attempts, 1);
    cr_expect_eq(devices.items[0].platform, PLAN_ANDROID);
    cr_expect_str_eq(past(0), "settled 0 failed 0 held 0");
}

Test(store_claim, gives_a_redelivered_message_only_what_is_not_finished)
{
    three_devices();
    message(0, "{\"users\":[\"17\"]}");
    claim();
    set_row(1, "state = 'sent', holder = null, claimable_at = null");
    set_row(2, "state = 'retry', holder = null, claimable_at = now() - interval '1 s'");
    set_row(3, "state = 'failed', holder = null, claimable_at = null");
    lease.holder = 2;

    claim();

    cr_expect_str_eq(found(), "0:2:token:\"t2\" ");
    cr_expect_eq(devices.items[0].attempts, 2);
    cr_expect_str_eq(past(0), "settled 1 failed 1 held 0");
    cr_expect_str_eq(ledger(), "1 sent 1, 2 claimed 2, 3 failed 1");
}

/* What is left of it: some time has passed since. */
static void expect_ms(int64_t left_ms, int64_t of_ms)
{
    cr_expect(left_ms > of_ms - 10000 && left_ms <= of_ms, "%lld of %lld", (long long)left_ms,
              (long long)of_ms);
}

Test(store_claim, leaves_alone_what_another_holds_and_what_must_wait)
{
    three_devices();
    message(0, "{\"users\":[\"17\"]}");
    claim();
    set_row(1, "state = 'retry', holder = null, claimable_at = now() + interval '20 s'");
    set_row(2, "state = 'skipped', holder = null, claimable_at = null");
    lease.holder = 2;

    claim();

    cr_expect_str_eq(found(), "");
    cr_expect_str_eq(past(0), "settled 1 failed 0 held 2");
    expect_ms(devices.past[0].comeback.first_ms, 20000);
    expect_ms(devices.past[0].comeback.last_ms, 60000);
}

Test(store_claim, takes_over_when_a_lease_has_run_out)
{
    three_devices();
    message(0, "{\"devices\":[\"1\"]}");
    lease.lease_ms = 0; /* its sandbox dies at once */
    claim();
    lease = (struct store_lease){2, 60000};

    claim();

    cr_expect_str_eq(found(), "0:1:token:\"t1\" ");
    cr_expect_eq(devices.items[0].attempts, 2);
}

Test(store_claim, finds_its_own_claims_when_it_is_repeated)
{
    three_devices();
    message(0, "{\"users\":[\"17\"]}");
    claim();

    claim(); /* as after a connection that was lost before the answer came */

    cr_expect_eq(devices.n, 3);
    cr_expect_str_eq(ledger(), "1 claimed 1, 2 claimed 1, 3 claimed 1");
}

Test(store_claim, claims_a_topic_and_a_condition_as_one_send_each)
{
    message(0, "{\"topic\":\"news\"}");
    message(1, "{\"condition\":\"'a' in topics\"}");

    claim();
    cr_expect_str_eq(found(), "0:0:token: 1:0:token: ");
    lease.holder = 2;
    claim();

    cr_expect_str_eq(found(), "");
    cr_expect_str_eq(test_database_text(&database, "select string_agg(target, ' ' order by message_id) from "
                                                   "narae_push.trail"),
                     "topic:news condition:'a' in topics");
}

Test(store_claim, lets_the_second_of_two_messages_with_one_id_wait)
{
    three_devices();
    message(0, "{\"devices\":[\"1\",\"2\"]}");
    message(1, "{\"devices\":[\"2\",\"3\"]}");
    messages[1].id = messages[0].id;

    claim();

    cr_expect_str_eq(found(), "0:1:token:\"t1\" 0:2:token:\"t2\" 1:3:token:\"t3\" ");
    cr_expect_str_eq(past(1), "settled 0 failed 0 held 1");
    cr_expect_eq(devices.past[1].comeback.first_ms, 1000);
}

Test(store_claim, leaves_no_trace_of_validate_only)
{
    three_devices();
    message(0, "{\"users\":[\"17\"]}");
    messages[0].is_validate_only = true;
    claim();
    cr_expect_eq(devices.n, 3);
    cr_expect_str_eq(ledger(), "");
    messages[0].is_validate_only = false;
    lease.holder = 2;

    claim(); /* the same message in earnest */

    cr_expect_eq(devices.n, 3);
}

/* One installation is one device: what its token got is not sent to the fid that the app registers later. */
Test(store_claim, stays_with_the_registration_of_an_installation_that_it_has_begun_with)
{
    add_device("'17'", "token", "t1", "'phone'");
    message(0, "{\"users\":[\"17\"]}");
    message(1, "{\"users\":[\"17\"]}");
    claim();
    set_row(1, "state = 'sent', holder = null, claimable_at = null");
    add_device("'17'", "fid", "f2", "'phone'");
    message(2, "{\"users\":[\"17\"]}");
    lease.holder = 2;

    claim();

    cr_expect_str_eq(found(), "2:2:fid:\"f2\" ");
    cr_expect_str_eq(past(0), "settled 1 failed 0 held 0");
    cr_expect_str_eq(past(1), "settled 1 failed 0 held 0");
}

Test(store_claim, tries_the_same_registration_of_an_installation_again)
{
    add_device("'17'", "token", "t1", "'phone'");
    message(0, "{\"users\":[\"17\"]}");
    claim();
    set_row(1, "state = 'retry', holder = null, claimable_at = now() - interval '1 s'");
    add_device("'17'", "fid", "f2", "'phone'");
    lease.holder = 2;

    claim();

    cr_expect_str_eq(found(), "0:1:token:\"t1\" ");
}

Test(store_claim, takes_the_next_registration_of_an_installation_when_one_was_dead)
{
    add_device("'17'", "token", "t1", "'phone'");
    message(0, "{\"users\":[\"17\"]}");
    claim();
    set_row(1, "state = 'skipped', holder = null, claimable_at = null"); /* and the app registered it again */
    add_device("'17'", "fid", "f2", "'phone'");
    lease.holder = 2;

    claim();

    cr_expect_str_eq(found(), "0:2:fid:\"f2\" ");
}

/* "replace" ends the row that got the message. */
Test(store_claim, sends_nothing_to_what_replaced_a_registration_that_got_it)
{
    add_device("'17'", "token", "t1", "'phone'");
    add_device("'17'", "token", "t2", "'tablet'");
    add_device("'17'", "token", "t3", "'watch'"); /* another sandbox is sending it */
    message(0, "{\"users\":[\"17\"]}");
    claim();
    set_row(1, "state = 'sent', holder = null, claimable_at = null");
    set_row(2, "state = 'retry', holder = null, claimable_at = now() - interval '1 s'");
    test_database_run(&database, "update narae_push.device set status = 'inactive', inactive_at = now(), "
                                 "inactive_reason = 'replaced', version = 2");
    add_device("'17'", "fid", "f4", "'phone'");
    add_device("'17'", "fid", "f5", "'tablet'");
    add_device("'17'", "fid", "f6", "'watch'");
    lease.holder = 2;

    claim();

    cr_expect_str_eq(found(), "0:5:fid:\"f5\" ");
    cr_expect_str_eq(past(0), "settled 1 failed 0 held 1");
}

/* A lease ran out, what replaced the token was begun; then the first sandbox could say that the token had
 * it. */
Test(store_claim, believes_a_result_that_came_late_before_it_tries_what_replaced_the_registration)
{
    add_device("'17'", "token", "t1", "'phone'");
    message(0, "{\"users\":[\"17\"]}");
    claim();
    set_row(1, "claimable_at = now() - interval '1 s'");
    test_database_run(&database, "update narae_push.device set status = 'inactive', inactive_at = now(), "
                                 "inactive_reason = 'replaced', version = 2");
    add_device("'17'", "fid", "f2", "'phone'");
    lease.holder = 2;
    claim();
    cr_expect_str_eq(found(), "0:2:fid:\"f2\" ");
    set_row(2, "state = 'retry', holder = null, claimable_at = now() - interval '1 s'");
    set_row(1, "state = 'sent', holder = null, claimable_at = null");
    lease.holder = 3;

    claim();

    cr_expect_str_eq(found(), "");
    cr_expect_str_eq(past(0), "settled 1 failed 0 held 0");
}

/* Asked for by id, a row that was replaced is both: not active any more, and what got the message. */
Test(store_claim, waits_for_nothing_that_a_replaced_registration_has_got)
{
    enum { N_DEVICES = 400 };
    char to[8 * N_DEVICES] = "{\"devices\":[";
    size_t at = strlen(to);

    test_database_run(&database,
                      "insert into narae_push.device (user_id, kind, platform, registration, "
                      "registration_hash, installation_id) "
                      "select 'u', 'token', 'android', 'r' || i, sha256(('r' || i)::bytea), 'i' || i "
                      "from generate_series(1, 400) as i");
    for (int i = 1; i <= N_DEVICES; i++)
        at += (size_t)snprintf(to + at, sizeof(to) - at, "%s\"%d\"", i > 1 ? "," : "", i);
    snprintf(to + at, sizeof(to) - at, "]}");
    message(0, to);
    claim();
    test_database_run(&database,
                      "update narae_push.send set state = 'sent', holder = null, claimable_at = null");
    test_database_run(&database, "update narae_push.device set status = 'inactive', inactive_at = now(), "
                                 "inactive_reason = 'replaced', version = 2");
    lease.holder = 2;

    claim();

    cr_expect_eq(devices.n, 0);
    cr_expect_str_eq(past(0), "settled 400 failed 0 held 0");
}

/* Two sandboxes, the same messages, at once: the second waits for the row locks of the first, then finds all
 * taken. */
Test(store_claim, gives_no_send_to_two_sandboxes)
{
    enum { N_DEVICES = 2000 };
    struct store_claims other = {0};
    pid_t child;
    int status;

    test_database_run(
        &database, "insert into narae_push.device (user_id, kind, platform, registration, registration_hash) "
                   "select 'u', 'token', 'android', 'r' || i, sha256(('r' || i)::bytea) "
                   "from generate_series(1, 2000) as i");
    message(0, "{\"users\":[\"u\"]}");
    message(1, "{\"users\":[\"u\"]}");
    child = fork();
    if (child == 0) {
        struct nr_pg *own;

        if (nr_pg_new(&(struct nr_pg_options){.setting = "NARAE_DATABASE", .conninfo = database.uri}, &own,
                      &err) != 0 ||
            store_claim_sends(own, messages, is_skipped, N, (struct store_lease){2, 60000}, NR_CLOCK_NEVER_MS,
                              &other, &err) != 0)
            _exit(1);
        _exit(0);
    }

    claim();

    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_expect_eq(status, 0);
    cr_expect_str_eq(test_database_text(&database, "select count(*) from narae_push.send where attempts = 1"),
                     "4000");
    char wanted[32];
    snprintf(wanted, sizeof(wanted), "%zu", devices.n);
    cr_expect_str_eq(test_database_text(&database, "select count(*) from narae_push.send where holder = 1"),
                     wanted);
    cr_expect_eq(devices.n + devices.past[0].n_held + devices.past[1].n_held, 2 * N_DEVICES);
}

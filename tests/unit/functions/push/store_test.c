#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include <narae/clock.h>

#include "functions/push/store.h"
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
    test_database_run(&database,
                      "insert into narae_push.device (user_id, kind, platform, registration, "
                      "registration_hash) select '17', 'token', 'android', 't' || i, sha256(i::text::bytea) "
                      "from generate_series(1, 3) as i");
}

static void tear_down(void)
{
    nr_pg_free(pg);
    test_database_done(&database);
}

TestSuite(store, .init = set_up, .fini = tear_down, .timeout = 60);

static const char *state_of(int device_id)
{
    char sql[256];

    snprintf(sql, sizeof(sql),
             "select status || ' ' || coalesce(inactive_reason, '-') || ' ' || (inactive_at is not null) "
             "from narae_push.device where device_id = %d",
             device_id);
    return test_database_text(&database, sql);
}

static size_t note(const struct store_device_verdict *verdicts, size_t n)
{
    size_t n_deactivated = 4711;

    cr_assert_eq(store_note_devices(pg, verdicts, n, NR_CLOCK_NEVER_MS, &n_deactivated, &err), 0, "%s",
                 err.message);
    return n_deactivated;
}

Test(store, deactivates_devices_and_keeps_the_reason)
{
    const struct store_device_verdict verdicts[] = {
        {2, 1, "unregistered"}, {1, 1, "sender_id_mismatch"}, {99, 1, "unregistered"}};

    cr_expect_eq(note(verdicts, 3), 2);

    cr_expect_str_eq(state_of(1), "inactive sender_id_mismatch true");
    cr_expect_str_eq(state_of(2), "inactive unregistered true");
    cr_expect_str_eq(state_of(3), "active - false");
}

/* Every reason that a verdict can have is one that the registry knows. */
Test(store, takes_every_reason)
{
    static const char *const reasons[] = {"unregistered", "sender_id_mismatch", "invalid_registration",
                                          "apns_unregistered"};

    for (int i = 0; i < 4; i++) {
        const struct store_device_verdict verdict = {1, 1, reasons[i]};

        cr_expect_eq(note(&verdict, 1), 1, "%s", reasons[i]);
        test_database_run(&database,
                          "update narae_push.device set status = 'active', inactive_reason = null, "
                          "inactive_at = null");
    }
}

Test(store, leaves_a_device_alone_that_registered_again_meanwhile)
{
    const struct store_device_verdict verdict = {1, 1, "unregistered"};

    test_database_run(&database, "update narae_push.device set version = 2");

    cr_expect_eq(note(&verdict, 1), 0);

    cr_expect_str_eq(state_of(1), "active - false");
}

Test(store, keeps_the_first_reason_of_a_device_that_is_inactive_already)
{
    const struct store_device_verdict verdicts[] = {{1, 1, "unregistered"}, {1, 1, "unregistered"}};

    test_database_run(&database,
                      "update narae_push.device set status = 'inactive', inactive_reason = 'logout', "
                      "inactive_at = now()");

    cr_expect_eq(note(verdicts, 2), 0);

    cr_expect_str_eq(state_of(1), "inactive logout true");
}

Test(store, notes_once_a_day_that_a_device_was_reached)
{
    const struct store_device_verdict verdicts[] = {{1, 1, NULL}, {2, 1, NULL}, {2, 1, NULL}};
    char *xmin;

    test_database_run(
        &database, "update narae_push.device set last_ok_at = now() - interval '2 days' where device_id = 2");

    cr_expect_eq(note(verdicts, 3), 0);
    cr_expect_str_eq(test_database_text(&database,
                                        "select count(*) from narae_push.device where last_ok_at > now() - "
                                        "interval '1 minute' and status = 'active'"),
                     "2");
    xmin =
        strdup(test_database_text(&database, "select xmin::text from narae_push.device where device_id = 1"));
    cr_expect_eq(note(verdicts, 3), 0);
    cr_expect_str_eq(
        test_database_text(&database, "select xmin::text from narae_push.device where device_id = 1"), xmin,
        "written twice on one day");
    free(xmin);
}

Test(store, believes_death_more_than_a_success_of_the_same_batch)
{
    const struct store_device_verdict verdicts[] = {{1, 1, NULL}, {1, 1, "unregistered"}, {1, 1, NULL}};

    cr_expect_eq(note(verdicts, 3), 1);

    cr_expect_str_eq(state_of(1), "inactive unregistered true");
}

Test(store, parks_a_message_once)
{
    const struct store_parked parked[] = {
        {NR_VIEW("m-1"), NR_VIEW("id"), NR_VIEW("{\"a\":\"\\\\ {}, '\"}"), "body.to: missing", 3},
        {NR_VIEW("m-2"), NR_VIEW(""), NR_VIEW(""), "not JSON", 0}};

    cr_assert_eq(store_park(pg, parked, 2, NR_CLOCK_NEVER_MS, &err), 0, "%s", err.message);
    cr_assert_eq(store_park(pg, parked, 1, NR_CLOCK_NEVER_MS, &err), 0, "%s", err.message);

    cr_expect_str_eq(
        test_database_text(&database,
                           "select string_agg(concat_ws('|', sqs_message_id, message_id, body, reason, "
                           "receive_count), ' / ' order by parked_id) from narae_push.parked"),
        "m-1|id|{\"a\":\"\\\\ {}, '\"}|body.to: missing|3 / m-2||not JSON|0");
}

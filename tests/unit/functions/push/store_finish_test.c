#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include <narae/clock.h>

#include "functions/push/store_finish.h"
#include "tests/support/test_database.h"

enum { SENT, RETRY, NOT_SENT, N_MEANINGS };

static const struct store_meaning meanings[N_MEANINGS] = {
    [SENT] = {"sent", "sent"}, [RETRY] = {"retry", "unavailable"}, [NOT_SENT] = {"retry", "not_sent"}};

static struct test_database database;
static struct nr_pg *pg;
static struct nr_err err;

static void set_up(void)
{
    test_database_init(&database, "functions/push/schema.sql");
    cr_assert_eq(
        nr_pg_new(&(struct nr_pg_options){.setting = "NARAE_DATABASE", .conninfo = database.uri}, &pg, &err),
        0, "%s", err.message);
    test_database_run(
        &database,
        "insert into narae_push.send (message_id, device_id, state, holder, claimable_at) "
        "select 'a', i, 'claimed', 7, now() + interval '1 minute' from generate_series(0, 3) as i");
}

static void tear_down(void)
{
    nr_pg_free(pg);
    test_database_done(&database);
}

TestSuite(store_finish, .init = set_up, .fini = tear_down, .timeout = 60);

static const char *row(int device_id)
{
    char sql[256];

    snprintf(
        sql, sizeof(sql),
        "select concat_ws(' ', state, coalesce(verdict, '-'), attempts, holder, "
        "round(extract(epoch from claimable_at - updated_at))) from narae_push.send where device_id = %d",
        device_id);
    return test_database_text(&database, sql);
}

static size_t write_down(const struct store_result *results, size_t n, int64_t holder)
{
    size_t n_written = 4711;

    cr_assert_eq(store_finish_write(pg, &(struct store_finished){meanings, N_MEANINGS, results, n, holder},
                                    NR_CLOCK_NEVER_MS, &n_written, &err),
                 0, "%s", err.message);
    return n_written;
}

Test(store_finish, writes_what_became_of_each_send)
{
    const struct store_result results[] = {{NR_VIEW("a"), 3, NOT_SENT, -1, 0},
                                           {NR_VIEW("a"), 0, SENT, 0, 0},
                                           {NR_VIEW("a"), 1, RETRY, 2, 30000}};

    cr_expect_eq(write_down(results, 3, 7), 3);

    cr_expect_str_eq(row(0), "sent sent 1");
    cr_expect_str_eq(row(1), "retry unavailable 3 30");
    cr_expect_str_eq(row(2), "claimed - 1 7 60");
    cr_expect_str_eq(row(3), "retry not_sent 0 0");
}

Test(store_finish, changes_nothing_when_it_is_repeated)
{
    const struct store_result result = {NR_VIEW("a"), 1, RETRY, 1, 30000};

    cr_expect_eq(write_down(&result, 1, 7), 1);
    cr_expect_eq(write_down(&result, 1, 7), 0);

    cr_expect_str_eq(row(1), "retry unavailable 2 30");
}

/* Its lease ran out while it was sending, and another sandbox has it now. */
Test(store_finish, leaves_alone_what_another_has_claimed_since)
{
    const struct store_result results[] = {{NR_VIEW("a"), 1, SENT, 0, 0}, {NR_VIEW("b"), 1, SENT, 0, 0}};

    test_database_run(&database, "update narae_push.send set holder = 8 where device_id = 1");

    cr_expect_eq(write_down(results, 2, 7), 0);

    cr_expect_str_eq(row(1), "claimed - 1 8 60");
}

Test(store_finish, skips_what_waited_when_its_message_expired)
{
    const struct nr_view ids[] = {NR_VIEW("a"), NR_VIEW("b")};

    test_database_run(&database,
                      "update narae_push.send set state = 'retry', holder = null, claimable_at = now() - "
                      "interval '1 s' where device_id in (1, 2)");
    test_database_run(&database,
                      "update narae_push.send set state = 'sent', holder = null, claimable_at = null "
                      "where device_id = 3");

    cr_assert_eq(store_finish_expired(pg, ids, 2, NR_CLOCK_NEVER_MS, &err), 0, "%s", err.message);

    cr_expect_str_eq(row(0), "claimed - 1 7 60");
    cr_expect_str_eq(row(1), "skipped expired 1");
    cr_expect_str_eq(row(2), "skipped expired 1");
    cr_expect_str_eq(row(3), "sent - 1");
}

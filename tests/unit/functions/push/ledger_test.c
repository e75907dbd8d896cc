#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include <narae/clock.h>

#include "functions/push/ledger.h"
#include "tests/support/test_database.h"

static struct test_database database;
static struct nr_pg *pg;
static struct ledger ledger;
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
        "select 'a', i, 'claimed', 7, now() + interval '1 minute' from generate_series(1, 2000) as i");
    ledger_init(&ledger, pg, 7);
}

static void tear_down(void)
{
    ledger_done(&ledger);
    nr_pg_free(pg);
    test_database_done(&database);
}

TestSuite(ledger, .init = set_up, .fini = tear_down, .timeout = 60);

static void add(int from, int to)
{
    for (int i = from; i <= to; i++)
        cr_assert_eq(ledger_add(&ledger,
                                &(struct store_result){
                                    .message_id = NR_VIEW("a"), .device_id = i, .verdict = FCM_SENT},
                                &err),
                     0, "%s", err.message);
}

static const char *n_sent(void)
{
    return test_database_text(
        &database, "select count(*) from narae_push.send where state = 'sent' and verdict = 'sent'");
}

Test(ledger, writes_while_others_are_under_way_once_it_is_worth_it)
{
    add(1, 249);
    ledger_write_some(&ledger);
    cr_expect_str_eq(n_sent(), "0");

    add(250, 250);
    ledger_write_some(&ledger);

    cr_expect_str_eq(n_sent(), "250");
    cr_expect_eq(ledger.n, 0);
    cr_expect_eq(ledger.n_written, 250);
}

Test(ledger, writes_what_has_grown_old)
{
    add(1, 1);
    ledger.oldest_mono_ms -= 100;

    ledger_write_some(&ledger);

    cr_expect_str_eq(n_sent(), "1");
}

Test(ledger, writes_all_at_the_end)
{
    add(1, 2000);

    cr_assert_eq(ledger_write_all(&ledger, NR_CLOCK_NEVER_MS, &err), 0, "%s", err.message);

    cr_expect_str_eq(n_sent(), "2000");
}

/* The results are the proof that FCM was asked: they outlive a database that is away for a moment. */
Test(ledger, keeps_what_could_not_be_written_and_asks_not_too_often)
{
    struct nr_pg *gone;
    int64_t before_ms;

    cr_assert_eq(nr_pg_new(&(struct nr_pg_options){.setting = "NARAE_DATABASE",
                                                   .conninfo = "host=127.0.0.1 port=1 dbname=none user=none"},
                           &gone, &err),
                 0);
    ledger.pg = gone;
    add(1, 600);

    ledger_write_some(&ledger);
    cr_expect_eq(ledger.n, 600);
    cr_expect_gt(ledger.quiet_mono_ms, nr_clock_mono_ms());
    before_ms = nr_clock_mono_ms();
    cr_expect_eq(ledger_write_all(&ledger, before_ms + 500, &err), -1);
    cr_expect_eq(err.kind, NR_ERR_UNAVAILABLE);
    cr_expect_geq(nr_clock_mono_ms() - before_ms, 200, "it was not tried again");
    ledger.pg = pg; /* and the database is back */
    nr_err_reset(&err);
    cr_assert_eq(ledger_write_all(&ledger, NR_CLOCK_NEVER_MS, &err), 0, "%s", err.message);

    cr_expect_str_eq(n_sent(), "600");
    nr_pg_free(gone);
}

Test(ledger, gives_up_on_an_error_that_no_waiting_mends)
{
    add(1, 1);
    test_database_run(&database, "drop view narae_push.trail");
    test_database_run(&database, "drop table narae_push.send");

    cr_expect_eq(ledger_write_all(&ledger, NR_CLOCK_NEVER_MS, &err), -1);

    cr_expect_eq(ledger.n, 1);
}

Test(ledger, can_outlive_its_messages)
{
    char id[] = "a";

    cr_assert_eq(
        ledger_add(&ledger,
                   &(struct store_result){.message_id = nr_view(id), .device_id = 1, .verdict = FCM_SENT},
                   &err),
        0);
    add(2, 3);

    cr_assert_eq(ledger_own_ids(&ledger, &err), 0, "%s", err.message);
    id[0] = '?';
    cr_assert_eq(ledger_write_all(&ledger, NR_CLOCK_NEVER_MS, &err), 0, "%s", err.message);

    cr_expect_str_eq(n_sent(), "3");
}

#include <stdio.h>
#include <time.h>

#include <criterion/criterion.h>

#include <narae/clock.h>
#include <narae/pg.h>

#include "tests/support/pg_stage.h"
#include "tests/support/tcp_relay.h"

TestSuite(pg_deadlines, .init = pg_stage_init, .timeout = 60);

static struct nr_pg *open_impatient(const char *conninfo)
{
    struct nr_pg_options options = {
        .setting = "NARAE_DATABASE", .conninfo = conninfo, .statement_timeout_ms = 50};
    struct nr_pg *pg = NULL;
    struct nr_err err = {0};

    cr_assert_eq(nr_pg_new(&options, &pg, &err), 0, "%s", err.message);
    return pg;
}

Test(pg_deadlines, cancels_a_statement_that_overruns_and_keeps_the_connection)
{
    struct nr_pg *pg = open_impatient(test_db_conninfo(&pg_stage_db, ""));
    int64_t first = pg_stage_pid(pg);
    struct nr_err err = {0};
    char want[512];

    cr_expect_eq(pg_stage_run(pg, &pg_stage_sleep_long, &err), -1);

    snprintf(want, sizeof(want), "NARAE_DATABASE: sleep long: no answer from %s:%s/%s in time",
             pg_stage_db.host, pg_stage_db.port, pg_stage_db.dbname);
    pg_stage_expect_err(&err, NR_ERR_DEADLINE, "Function.DatabaseTimeout", want);
    cr_expect_eq(pg_stage_pid(pg), first, "cancelled and drained, not reconnected");
    nr_pg_free(pg);
}

Test(pg_deadlines, binds_a_statement_by_the_callers_deadline)
{
    struct nr_pg *pg = pg_stage_open("");
    int64_t first = pg_stage_pid(pg);
    struct nr_err err = {0};

    cr_expect_eq(nr_pg_run(pg, &pg_stage_sleep_long, NULL, nr_clock_mono_ms() + 50, NULL, &err), -1);

    cr_expect_eq(err.kind, NR_ERR_DEADLINE);
    cr_expect_eq(pg_stage_pid(pg), first);
    nr_pg_free(pg);
}

Test(pg_deadlines, gives_up_connecting_at_the_callers_deadline)
{
    struct nr_pg *pg = pg_stage_open("");
    struct nr_err err = {0};

    cr_expect_eq(nr_pg_run(pg, &pg_stage_backend_pid, NULL, nr_clock_mono_ms() - 1, NULL, &err), -1);

    cr_expect_eq(err.kind, NR_ERR_DEADLINE);
    cr_expect_str_eq(err.type, "Function.DatabaseTimeout");
    nr_pg_free(pg);
}

Test(pg_deadlines, does_not_hang_when_nobody_takes_the_cancel_request)
{
    struct tcp_relay *relay = tcp_relay_start(pg_stage_db.host, pg_stage_db.port);
    char more[64];
    struct nr_pg *pg;
    struct nr_err err = {0};
    int64_t began, took;

    snprintf(more, sizeof(more), "port=%d", tcp_relay_port(relay));
    pg = open_impatient(test_db_conninfo(&pg_stage_db, more));
    (void)pg_stage_pid(pg);
    tcp_relay_mute(relay);
    tcp_relay_mute_new(relay);
    began = nr_clock_mono_ms();
    cr_expect_eq(pg_stage_run(pg, &pg_stage_sleep_long, &err), -1);
    took = nr_clock_mono_ms() - began;

    cr_expect_eq(err.kind, NR_ERR_DEADLINE);
    cr_expect_lt(took, 5000, "took %lld ms", (long long)took);
    nr_pg_free(pg);
    tcp_relay_stop(relay);
}

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <criterion/criterion.h>

#include <narae/clock.h>
#include <narae/pg.h>

#include "tests/support/pg_stage.h"
#include "tests/support/tcp_relay.h"

TestSuite(pg_lost, .init = pg_stage_init, .timeout = 60);

Test(pg_lost, reconnects_when_the_server_hung_up_between_statements)
{
    static const struct nr_pg_statement once = {"once", "select pg_backend_pid()", 0, false};
    struct nr_pg *pg = pg_stage_open("");
    int64_t first = pg_stage_pid(pg);
    struct nr_err err = {0};
    NR_PG_ROWS_AUTO *rows = NULL;

    pg_stage_terminate(first);
    /* Not repeatable: the end must have been noticed before anything was sent. */
    cr_assert_eq(nr_pg_run(pg, &once, NULL, NR_CLOCK_NEVER_MS, &rows, &err), 0, "%s", err.message);

    cr_expect_neq(nr_pg_int(rows, 0, 0), first);
    nr_pg_free(pg);
}

Test(pg_lost, reconnects_when_the_connection_was_reset_between_statements)
{
    struct tcp_relay *relay = tcp_relay_start(pg_stage_db.host, pg_stage_db.port);
    char more[64];
    struct nr_pg *pg;
    int64_t first;

    snprintf(more, sizeof(more), "port=%d", tcp_relay_port(relay));
    pg = pg_stage_open(more);
    first = pg_stage_pid(pg);
    tcp_relay_cut(relay);

    cr_expect_neq(pg_stage_pid(pg), first);
    nr_pg_free(pg);
    tcp_relay_stop(relay);
}

/* The wall clock as it is after a freeze; the monotonic one does not know. */
static int64_t frozen_ms;

static int64_t wall_after_freeze(void *self)
{
    struct timespec now;

    (void)self;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + frozen_ms;
}

static int64_t mono(void *self)
{
    struct timespec now;

    (void)self;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static const struct nr_clock freezing_clock = {wall_after_freeze, mono, NULL};

Test(pg_lost, replaces_a_connection_that_fell_silent_during_a_freeze)
{
    static const struct nr_pg_statement once = {"once", "select pg_backend_pid()", 0, false};
    struct tcp_relay *relay = tcp_relay_start(pg_stage_db.host, pg_stage_db.port);
    char more[64];
    struct nr_pg *pg;
    int64_t first;
    struct nr_err err = {0};
    NR_PG_ROWS_AUTO *rows = NULL;

    nr_clock_replace(&freezing_clock);
    snprintf(more, sizeof(more), "port=%d", tcp_relay_port(relay));
    pg = pg_stage_open(more);
    first = pg_stage_pid(pg);
    tcp_relay_mute(relay);
    frozen_ms = 60 * 1000;
    cr_assert_eq(nr_pg_run(pg, &once, NULL, NR_CLOCK_NEVER_MS, &rows, &err), 0, "%s", err.message);

    cr_expect_neq(nr_pg_int(rows, 0, 0), first);
    nr_pg_free(pg);
    tcp_relay_stop(relay);
}

Test(pg_lost, keeps_a_connection_that_still_answers_after_a_freeze)
{
    struct nr_pg *pg;
    int64_t first;

    nr_clock_replace(&freezing_clock);
    pg = pg_stage_open("");
    first = pg_stage_pid(pg);
    frozen_ms = 60 * 1000;

    cr_expect_eq(pg_stage_pid(pg), first);
    nr_pg_free(pg);
}

/* Ends its own connection the first time: the session's marker is not there on the second. */
#define DIE_ONCE                                                                                             \
    "select case when current_setting('narae.reborn', true) is null and $1 <> pg_backend_pid()::text then "  \
    "1 "                                                                                                     \
    "else pg_terminate_backend(pg_backend_pid())::int end"

Test(pg_lost, repeats_a_repeatable_statement_once_when_its_connection_is_lost)
{
    static const struct nr_pg_statement die = {"die", DIE_ONCE, 1, true};
    struct nr_pg *pg = pg_stage_open("");
    char pid[24];
    struct nr_pg_value value;
    struct nr_err err = {0};
    NR_PG_ROWS_AUTO *rows = NULL;

    snprintf(pid, sizeof(pid), "%lld", (long long)pg_stage_pid(pg));
    value = pg_stage_text(pid);
    cr_assert_eq(nr_pg_run(pg, &die, &value, NR_CLOCK_NEVER_MS, &rows, &err), 0, "%s", err.message);

    cr_expect_eq(nr_pg_int(rows, 0, 0), 1);
    nr_pg_free(pg);
}

Test(pg_lost, does_not_repeat_any_other_statement)
{
    static const struct nr_pg_statement die = {"die", DIE_ONCE, 1, false};
    struct nr_pg *pg = pg_stage_open("");
    char pid[24];
    struct nr_pg_value value;
    struct nr_err err = {0};

    snprintf(pid, sizeof(pid), "%lld", (long long)pg_stage_pid(pg));
    value = pg_stage_text(pid);
    cr_expect_eq(nr_pg_run(pg, &die, &value, NR_CLOCK_NEVER_MS, NULL, &err), -1);

    cr_expect_eq(err.kind, NR_ERR_UNAVAILABLE);
    cr_expect_neq(pg_stage_pid(pg), strtoll(pid, NULL, 10), "and the next statement has a new connection");
    nr_pg_free(pg);
}

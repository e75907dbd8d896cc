#include <stdio.h>

#include <criterion/criterion.h>

#include <narae/clock.h>

#include "tests/support/pg_stage.h"

struct test_db pg_stage_db;

const struct nr_pg_statement pg_stage_backend_pid = {"backend pid", "select pg_backend_pid()", 0, true};
const struct nr_pg_statement pg_stage_echo_text = {"echo text", "select $1::text, $2::text", 2, true};
const struct nr_pg_statement pg_stage_sleep_long = {"sleep long", "select pg_sleep(60)", 0, true};

struct nr_pg *pg_stage_open(const char *more)
{
    struct nr_pg_options options = {.setting = "NARAE_DATABASE",
                                    .conninfo = test_db_conninfo(&pg_stage_db, more)};
    struct nr_pg *pg = NULL;
    struct nr_err err = {0};

    cr_assert_eq(nr_pg_new(&options, &pg, &err), 0, "%s", err.message);
    return pg;
}

int64_t pg_stage_pid(struct nr_pg *pg)
{
    NR_PG_ROWS_AUTO *rows = NULL;
    struct nr_err err = {0};

    cr_assert_eq(nr_pg_run(pg, &pg_stage_backend_pid, NULL, NR_CLOCK_NEVER_MS, &rows, &err), 0, "%s",
                 err.message);
    return nr_pg_int(rows, 0, 0);
}

struct nr_pg_value pg_stage_text(const char *value)
{
    return (struct nr_pg_value){nr_view(value)};
}

int pg_stage_run(struct nr_pg *pg, const struct nr_pg_statement *statement, struct nr_err *err)
{
    return nr_pg_run(pg, statement, NULL, NR_CLOCK_NEVER_MS, NULL, err);
}

/* Through another connection, as an operator or a failover would; returns when the backend is gone. */
void pg_stage_terminate(int64_t pid)
{
    static const struct nr_pg_statement kill_it = {"kill", "select pg_terminate_backend($1::int, 5000)", 1,
                                                   true};
    struct nr_pg *other = pg_stage_open("");
    struct nr_err err = {0};
    char number[24];
    struct nr_pg_value value;

    snprintf(number, sizeof(number), "%lld", (long long)pid);
    value = pg_stage_text(number);
    cr_assert_eq(nr_pg_run(other, &kill_it, &value, NR_CLOCK_NEVER_MS, NULL, &err), 0, "%s", err.message);
    nr_pg_free(other);
}

void pg_stage_expect_err(const struct nr_err *err, enum nr_err_kind kind, const char *type,
                         const char *message)
{
    cr_expect_eq(err->kind, kind, "kind is %s", nr_err_kind_name(err->kind));
    cr_expect_str_eq(err->type, type);
    cr_expect_str_eq(err->message, message);
}

void pg_stage_init(void)
{
    test_db_get(&pg_stage_db);
}

#include <stdio.h>

#include <criterion/criterion.h>

#include <narae/clock.h>
#include <narae/pg.h>

#include "tests/support/pg_stage.h"

TestSuite(pg_errors, .init = pg_stage_init, .timeout = 60);

Test(pg_errors, tells_by_sqlstate_what_to_do)
{
    static const struct {
        const char *state;
        enum nr_err_kind kind;
    } cases[] = {
        {"23505", NR_ERR_CONFLICT},    {"40001", NR_ERR_CONFLICT},    {"40P01", NR_ERR_CONFLICT},
        {"42501", NR_ERR_DENIED},      {"28000", NR_ERR_DENIED},      {"57014", NR_ERR_DEADLINE},
        {"57P03", NR_ERR_UNAVAILABLE}, {"53300", NR_ERR_UNAVAILABLE}, {"08006", NR_ERR_UNAVAILABLE},
        {"25006", NR_ERR_UNAVAILABLE}, {"22023", NR_ERR_INVALID},     {"23514", NR_ERR_INVALID},
        {"54000", NR_ERR_INVALID},     {"42601", NR_ERR_BUG},         {"42P01", NR_ERR_BUG},
        {"0A000", NR_ERR_BUG},         {"XX000", NR_ERR_UNAVAILABLE},
    };
    struct nr_pg *pg = pg_stage_open("");

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char sql[128];
        char want[128];
        struct nr_pg_statement statement = {"raise", sql, 0, false};
        struct nr_err err = {0};

        snprintf(sql, sizeof(sql), "do $$begin raise exception 'as told' using errcode = '%s'; end$$",
                 cases[i].state);
        snprintf(want, sizeof(want), "NARAE_DATABASE: raise: SQLSTATE %s: as told", cases[i].state);
        cr_expect_eq(pg_stage_run(pg, &statement, &err), -1);
        pg_stage_expect_err(&err, cases[i].kind, "Function.DatabaseError", want);
    }
    nr_pg_free(pg);
}

Test(pg_errors, says_which_constraint_but_not_which_value)
{
    static const struct nr_pg_statement make = {
        "make", "create temp table t (n text constraint only_one unique)", 0, false};
    static const struct nr_pg_statement insert = {"insert", "insert into t values ('s3cret'), ('s3cret')", 0,
                                                  false};
    struct nr_pg *pg = pg_stage_open("");
    struct nr_err err = {0};

    cr_assert_eq(pg_stage_run(pg, &make, &err), 0, "%s", err.message);
    cr_expect_eq(pg_stage_run(pg, &insert, &err), -1);

    pg_stage_expect_err(
        &err, NR_ERR_CONFLICT, "Function.DatabaseError",
        "NARAE_DATABASE: insert: SQLSTATE 23505: duplicate key value violates unique constraint "
        "\"only_one\"");
    nr_pg_free(pg);
}

Test(pg_errors, hides_the_value_that_is_no_number)
{
    static const struct nr_pg_statement to_int = {"to int", "select $1::int", 1, true};
    static const struct {
        const char *value;
        const char *message;
    } cases[] = {
        {"s3cret", "NARAE_DATABASE: to int: SQLSTATE 22P02: invalid input syntax for type integer: \"...\""},
        {"s3\"cret",
         "NARAE_DATABASE: to int: SQLSTATE 22P02: invalid input syntax for type integer: \"...\""},
        {"99999999999",
         "NARAE_DATABASE: to int: SQLSTATE 22003: value \"...\" is out of range for type integer"},
    };
    struct nr_pg *pg = pg_stage_open("");

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct nr_pg_value value = pg_stage_text(cases[i].value);
        struct nr_err err = {0};

        cr_expect_eq(nr_pg_run(pg, &to_int, &value, NR_CLOCK_NEVER_MS, NULL, &err), -1);
        pg_stage_expect_err(&err, NR_ERR_INVALID, "Function.DatabaseError", cases[i].message);
    }
    nr_pg_free(pg);
}

Test(pg_errors, asks_for_the_schema_when_a_table_is_missing)
{
    static const struct nr_pg_statement select = {"find", "select 1 from nowhere", 0, true};
    struct nr_pg *pg = pg_stage_open("");
    struct nr_err err = {0};

    cr_expect_eq(pg_stage_run(pg, &select, &err), -1);

    pg_stage_expect_err(&err, NR_ERR_BUG, "Function.DatabaseError",
                        "NARAE_DATABASE: find: SQLSTATE 42P01: relation \"nowhere\" does not exist");
    cr_expect_str_eq(err.hint, "has the function's schema.sql been applied to this database?");
    nr_pg_free(pg);
}

Test(pg_errors, stays_usable_after_an_error)
{
    static const struct nr_pg_statement wrong = {"wrong", "selec 1", 0, true};
    struct nr_pg *pg = pg_stage_open("");
    int64_t first = pg_stage_pid(pg);
    struct nr_err err = {0};

    cr_expect_eq(pg_stage_run(pg, &wrong, &err), -1);

    cr_expect_eq(pg_stage_pid(pg), first);
    nr_pg_free(pg);
}

Test(pg_errors, leaves_a_server_that_has_become_the_reader)
{
    static const struct nr_pg_statement read_only = {"read only", "set default_transaction_read_only = on", 0,
                                                     false};
    static const struct nr_pg_statement write = {"write", "create table narae_never (n int)", 0, false};
    struct nr_pg *pg = pg_stage_open("");
    int64_t first = pg_stage_pid(pg);
    struct nr_err err = {0};

    cr_assert_eq(pg_stage_run(pg, &read_only, &err), 0, "%s", err.message);
    cr_expect_eq(pg_stage_run(pg, &write, &err), -1);

    cr_expect_eq(err.kind, NR_ERR_UNAVAILABLE);
    cr_expect_neq(pg_stage_pid(pg), first);
    nr_pg_free(pg);
}

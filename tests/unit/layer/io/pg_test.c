#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include <narae/clock.h>
#include <narae/pg.h>

#include "tests/support/pg_stage.h"

TestSuite(pg, .init = pg_stage_init, .timeout = 60);

Test(pg, gives_back_what_was_passed_in)
{
    struct nr_pg *pg = pg_stage_open("");
    struct nr_err err = {0};
    NR_PG_ROWS_AUTO *rows = NULL;
    /* A view into the middle of a text: what follows it is not part of the value. */
    struct nr_pg_value values[] = {{nr_view_n("hello world", 5)}, {nr_view_n(NULL, 0)}};

    cr_assert_eq(nr_pg_run(pg, &pg_stage_echo_text, values, NR_CLOCK_NEVER_MS, &rows, &err), 0, "%s",
                 err.message);

    cr_expect_eq(nr_pg_rows_count(rows), 1);
    cr_expect(nr_view_is(nr_pg_text(rows, 0, 0), NR_VIEW("hello")));
    cr_expect_null(nr_pg_text(rows, 0, 1).ptr);
    cr_expect_eq(nr_pg_int(rows, 0, 1), 0);
    cr_expect_null(nr_pg_text(rows, 1, 0).ptr, "a row that is not there");
    cr_expect_null(nr_pg_text(rows, 0, 2).ptr, "a column that is not there");
    cr_expect_null(nr_pg_text(rows, 0, -1).ptr, "a column that is not there");
    nr_pg_free(pg);
}

Test(pg, tells_an_empty_text_from_null)
{
    struct nr_pg *pg = pg_stage_open("");
    struct nr_err err = {0};
    NR_PG_ROWS_AUTO *rows = NULL;
    struct nr_pg_value values[] = {pg_stage_text(""), pg_stage_text("x")};

    cr_assert_eq(nr_pg_run(pg, &pg_stage_echo_text, values, NR_CLOCK_NEVER_MS, &rows, &err), 0, "%s",
                 err.message);

    cr_expect_not_null(nr_pg_text(rows, 0, 0).ptr);
    cr_expect_eq(nr_pg_text(rows, 0, 0).len, 0);
    nr_pg_free(pg);
}

Test(pg, refuses_a_value_with_a_nul_in_it)
{
    struct nr_pg *pg = pg_stage_open("");
    struct nr_err err = {0};
    struct nr_pg_value values[] = {pg_stage_text("x"), {NR_VIEW("a\0b")}};

    cr_expect_eq(nr_pg_run(pg, &pg_stage_echo_text, values, NR_CLOCK_NEVER_MS, NULL, &err), -1);

    pg_stage_expect_err(&err, NR_ERR_INVALID, "Function.InvalidValue",
                        "NARAE_DATABASE: echo text: value 2 has a NUL in it");
    nr_pg_free(pg);
}

Test(pg, passes_arrays_whatever_their_items_hold)
{
    static const struct nr_pg_statement unnest = {
        "unnest", "select t, n from unnest($1::text[], $2::bigint[]) as a(t, n)", 2, true};
    static const char *const items[] = {"plain", "a\"b", "back\\slash", "",           "NULL",
                                        "a,b",   "{}",   " spaced ",    "나래 🪽"};
    struct nr_pg *pg = pg_stage_open("");
    struct nr_err err = {0};
    NR_PG_ROWS_AUTO *rows = NULL;
    struct nr_buf texts, numbers;
    struct nr_pg_value values[2];

    nr_buf_init(&texts, 4096);
    nr_buf_init(&numbers, 4096);
    nr_pg_array_begin(&texts);
    nr_pg_array_begin(&numbers);
    for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++) {
        nr_pg_array_add(&texts, nr_view(items[i]));
        nr_pg_array_add_int(&numbers, (int64_t)i - 3);
    }
    nr_pg_array_end(&texts);
    nr_pg_array_end(&numbers);
    values[0].text = nr_buf_view(&texts);
    values[1].text = nr_buf_view(&numbers);
    cr_assert_eq(nr_pg_run(pg, &unnest, values, NR_CLOCK_NEVER_MS, &rows, &err), 0, "%s", err.message);

    cr_assert_eq(nr_pg_rows_count(rows), sizeof(items) / sizeof(items[0]));
    for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++) {
        cr_expect(nr_view_is(nr_pg_text(rows, i, 0), nr_view(items[i])), "%s", items[i]);
        cr_expect_eq(nr_pg_int(rows, i, 1), (int64_t)i - 3);
    }
    nr_buf_done(&texts);
    nr_buf_done(&numbers);
    nr_pg_free(pg);
}

Test(pg, passes_values_larger_than_the_socket_takes_at_once)
{
    static const struct nr_pg_statement length = {"length", "select length($1), $1", 1, true};
    enum { BYTES = 8 * 1024 * 1024 };
    struct nr_pg *pg = pg_stage_open("");
    struct nr_err err = {0};
    NR_PG_ROWS_AUTO *rows = NULL;
    char *big = malloc(BYTES);
    struct nr_pg_value value = {nr_view_n(big, BYTES)};

    memset(big, 'x', BYTES);
    cr_assert_eq(nr_pg_run(pg, &length, &value, NR_CLOCK_NEVER_MS, &rows, &err), 0, "%s", err.message);

    cr_expect_eq(nr_pg_int(rows, 0, 0), BYTES);
    cr_expect(nr_view_is(nr_pg_text(rows, 0, 1), value.text));
    free(big);
    nr_pg_free(pg);
}

Test(pg, counts_rows_that_changed)
{
    static const struct nr_pg_statement make = {
        "make", "create temp table t as select generate_series(1, 7) as n", 0, false};
    static const struct nr_pg_statement change = {"change", "update t set n = n + 1 where n > 4", 0, false};
    struct nr_pg *pg = pg_stage_open("");
    struct nr_err err = {0};
    NR_PG_ROWS_AUTO *rows = NULL;

    cr_assert_eq(pg_stage_run(pg, &make, &err), 0, "%s", err.message);
    cr_assert_eq(nr_pg_run(pg, &change, NULL, NR_CLOCK_NEVER_MS, &rows, &err), 0, "%s", err.message);

    cr_expect_eq(nr_pg_rows_changed(rows), 3);
    cr_expect_eq(nr_pg_rows_count(rows), 0);
    nr_pg_free(pg);
}

Test(pg, keeps_one_connection_for_all_statements)
{
    struct nr_pg *pg = pg_stage_open("");
    int64_t first = pg_stage_pid(pg);

    cr_expect_eq(pg_stage_pid(pg), first);
    nr_pg_free(pg);
}

Test(pg, names_itself_and_speaks_utf8)
{
    static const struct nr_pg_statement who = {
        "who", "select current_setting('application_name'), current_setting('client_encoding')", 0, true};
    struct nr_pg *pg = pg_stage_open("");
    struct nr_err err = {0};
    NR_PG_ROWS_AUTO *rows = NULL;

    cr_assert_eq(nr_pg_run(pg, &who, NULL, NR_CLOCK_NEVER_MS, &rows, &err), 0, "%s", err.message);

    cr_expect(nr_view_is(nr_pg_text(rows, 0, 0), NR_VIEW("narae")));
    cr_expect(nr_view_is(nr_pg_text(rows, 0, 1), NR_VIEW("UTF8")));
    nr_pg_free(pg);
}

Test(pg, refuses_more_values_than_a_statement_may_have)
{
    static const struct nr_pg_statement many = {"many", "select 1", 17, true};
    struct nr_pg *pg = pg_stage_open("");
    struct nr_err err = {0};

    cr_expect_eq(pg_stage_run(pg, &many, &err), -1);

    pg_stage_expect_err(&err, NR_ERR_BUG, "Function.Bug", "many: more than 16 values");
    nr_pg_free(pg);
}

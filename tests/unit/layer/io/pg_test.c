#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <criterion/criterion.h>

#include <narae/clock.h>
#include <narae/pg.h>

#include "tests/support/tcp_relay.h"
#include "tests/support/test_db.h"

static struct test_db db;

static const struct nr_pg_statement backend_pid = {"backend pid", "select pg_backend_pid()", 0, true};
static const struct nr_pg_statement echo_text = {"echo text", "select $1::text, $2::text", 2, true};
static const struct nr_pg_statement sleep_long = {"sleep long", "select pg_sleep(60)", 0, true};

static struct nr_pg *open_pg(const char *more)
{
    struct nr_pg_options options = {.setting = "NARAE_DATABASE", .conninfo = test_db_conninfo(&db, more)};
    struct nr_pg *pg = NULL;
    struct nr_err err = {0};

    cr_assert_eq(nr_pg_new(&options, &pg, &err), 0, "%s", err.message);
    return pg;
}

static int64_t pid_of(struct nr_pg *pg)
{
    NR_PG_ROWS_AUTO *rows = NULL;
    struct nr_err err = {0};

    cr_assert_eq(nr_pg_run(pg, &backend_pid, NULL, NR_CLOCK_NEVER_MS, &rows, &err), 0, "%s", err.message);
    return nr_pg_int(rows, 0, 0);
}

static struct nr_pg_value text(const char *value)
{
    return (struct nr_pg_value){nr_view(value)};
}

static int run(struct nr_pg *pg, const struct nr_pg_statement *statement, struct nr_err *err)
{
    return nr_pg_run(pg, statement, NULL, NR_CLOCK_NEVER_MS, NULL, err);
}

/* Through another connection, as an operator or a failover would; returns when the backend is gone. */
static void terminate(int64_t pid)
{
    static const struct nr_pg_statement kill_it = {"kill", "select pg_terminate_backend($1::int, 5000)", 1,
                                                   true};
    struct nr_pg *other = open_pg("");
    struct nr_err err = {0};
    char number[24];
    struct nr_pg_value value;

    snprintf(number, sizeof(number), "%lld", (long long)pid);
    value = text(number);
    cr_assert_eq(nr_pg_run(other, &kill_it, &value, NR_CLOCK_NEVER_MS, NULL, &err), 0, "%s", err.message);
    nr_pg_free(other);
}

static void cr_expect_err(const struct nr_err *err, enum nr_err_kind kind, const char *type,
                          const char *message)
{
    cr_expect_eq(err->kind, kind, "kind is %s", nr_err_kind_name(err->kind));
    cr_expect_str_eq(err->type, type);
    cr_expect_str_eq(err->message, message);
}

static void set_up(void)
{
    test_db_get(&db);
}

TestSuite(pg, .init = set_up, .timeout = 60);

/* --- statements */

Test(pg, gives_back_what_was_passed_in)
{
    struct nr_pg *pg = open_pg("");
    struct nr_err err = {0};
    NR_PG_ROWS_AUTO *rows = NULL;
    /* A view into the middle of a text: what follows it is not part of the value. */
    struct nr_pg_value values[] = {{nr_view_n("hello world", 5)}, {nr_view_n(NULL, 0)}};

    cr_assert_eq(nr_pg_run(pg, &echo_text, values, NR_CLOCK_NEVER_MS, &rows, &err), 0, "%s", err.message);

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
    struct nr_pg *pg = open_pg("");
    struct nr_err err = {0};
    NR_PG_ROWS_AUTO *rows = NULL;
    struct nr_pg_value values[] = {text(""), text("x")};

    cr_assert_eq(nr_pg_run(pg, &echo_text, values, NR_CLOCK_NEVER_MS, &rows, &err), 0, "%s", err.message);

    cr_expect_not_null(nr_pg_text(rows, 0, 0).ptr);
    cr_expect_eq(nr_pg_text(rows, 0, 0).len, 0);
    nr_pg_free(pg);
}

Test(pg, refuses_a_value_with_a_nul_in_it)
{
    struct nr_pg *pg = open_pg("");
    struct nr_err err = {0};
    struct nr_pg_value values[] = {text("x"), {NR_VIEW("a\0b")}};

    cr_expect_eq(nr_pg_run(pg, &echo_text, values, NR_CLOCK_NEVER_MS, NULL, &err), -1);

    cr_expect_err(&err, NR_ERR_INVALID, "Function.InvalidValue",
                  "NARAE_DATABASE: echo text: value 2 has a NUL in it");
    nr_pg_free(pg);
}

Test(pg, passes_arrays_whatever_their_items_hold)
{
    static const struct nr_pg_statement unnest = {
        "unnest", "select t, n from unnest($1::text[], $2::bigint[]) as a(t, n)", 2, true};
    static const char *const items[] = {"plain", "a\"b", "back\\slash", "",           "NULL",
                                        "a,b",   "{}",   " spaced ",    "나래 🪽"};
    struct nr_pg *pg = open_pg("");
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
    struct nr_pg *pg = open_pg("");
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
    struct nr_pg *pg = open_pg("");
    struct nr_err err = {0};
    NR_PG_ROWS_AUTO *rows = NULL;

    cr_assert_eq(run(pg, &make, &err), 0, "%s", err.message);
    cr_assert_eq(nr_pg_run(pg, &change, NULL, NR_CLOCK_NEVER_MS, &rows, &err), 0, "%s", err.message);

    cr_expect_eq(nr_pg_rows_changed(rows), 3);
    cr_expect_eq(nr_pg_rows_count(rows), 0);
    nr_pg_free(pg);
}

Test(pg, keeps_one_connection_for_all_statements)
{
    struct nr_pg *pg = open_pg("");
    int64_t first = pid_of(pg);

    cr_expect_eq(pid_of(pg), first);
    nr_pg_free(pg);
}

Test(pg, names_itself_and_speaks_utf8)
{
    static const struct nr_pg_statement who = {
        "who", "select current_setting('application_name'), current_setting('client_encoding')", 0, true};
    struct nr_pg *pg = open_pg("");
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
    struct nr_pg *pg = open_pg("");
    struct nr_err err = {0};

    cr_expect_eq(run(pg, &many, &err), -1);

    cr_expect_err(&err, NR_ERR_BUG, "Function.Bug", "many: more than 16 values");
    nr_pg_free(pg);
}

/* --- errors of statements */

Test(pg, tells_by_sqlstate_what_to_do)
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
    struct nr_pg *pg = open_pg("");

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char sql[128];
        char want[128];
        struct nr_pg_statement statement = {"raise", sql, 0, false};
        struct nr_err err = {0};

        snprintf(sql, sizeof(sql), "do $$begin raise exception 'as told' using errcode = '%s'; end$$",
                 cases[i].state);
        snprintf(want, sizeof(want), "NARAE_DATABASE: raise: SQLSTATE %s: as told", cases[i].state);
        cr_expect_eq(run(pg, &statement, &err), -1);
        cr_expect_err(&err, cases[i].kind, "Function.DatabaseError", want);
    }
    nr_pg_free(pg);
}

Test(pg, says_which_constraint_but_not_which_value)
{
    static const struct nr_pg_statement make = {
        "make", "create temp table t (n text constraint only_one unique)", 0, false};
    static const struct nr_pg_statement insert = {"insert", "insert into t values ('s3cret'), ('s3cret')", 0,
                                                  false};
    struct nr_pg *pg = open_pg("");
    struct nr_err err = {0};

    cr_assert_eq(run(pg, &make, &err), 0, "%s", err.message);
    cr_expect_eq(run(pg, &insert, &err), -1);

    cr_expect_err(&err, NR_ERR_CONFLICT, "Function.DatabaseError",
                  "NARAE_DATABASE: insert: SQLSTATE 23505: duplicate key value violates unique constraint "
                  "\"only_one\"");
    nr_pg_free(pg);
}

Test(pg, hides_the_value_that_is_no_number)
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
    struct nr_pg *pg = open_pg("");

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct nr_pg_value value = text(cases[i].value);
        struct nr_err err = {0};

        cr_expect_eq(nr_pg_run(pg, &to_int, &value, NR_CLOCK_NEVER_MS, NULL, &err), -1);
        cr_expect_err(&err, NR_ERR_INVALID, "Function.DatabaseError", cases[i].message);
    }
    nr_pg_free(pg);
}

Test(pg, asks_for_the_schema_when_a_table_is_missing)
{
    static const struct nr_pg_statement select = {"find", "select 1 from nowhere", 0, true};
    struct nr_pg *pg = open_pg("");
    struct nr_err err = {0};

    cr_expect_eq(run(pg, &select, &err), -1);

    cr_expect_err(&err, NR_ERR_BUG, "Function.DatabaseError",
                  "NARAE_DATABASE: find: SQLSTATE 42P01: relation \"nowhere\" does not exist");
    cr_expect_str_eq(err.hint, "has the function's schema.sql been applied to this database?");
    nr_pg_free(pg);
}

Test(pg, stays_usable_after_an_error)
{
    static const struct nr_pg_statement wrong = {"wrong", "selec 1", 0, true};
    struct nr_pg *pg = open_pg("");
    int64_t first = pid_of(pg);
    struct nr_err err = {0};

    cr_expect_eq(run(pg, &wrong, &err), -1);

    cr_expect_eq(pid_of(pg), first);
    nr_pg_free(pg);
}

Test(pg, leaves_a_server_that_has_become_the_reader)
{
    static const struct nr_pg_statement read_only = {"read only", "set default_transaction_read_only = on", 0,
                                                     false};
    static const struct nr_pg_statement write = {"write", "create table narae_never (n int)", 0, false};
    struct nr_pg *pg = open_pg("");
    int64_t first = pid_of(pg);
    struct nr_err err = {0};

    cr_assert_eq(run(pg, &read_only, &err), 0, "%s", err.message);
    cr_expect_eq(run(pg, &write, &err), -1);

    cr_expect_eq(err.kind, NR_ERR_UNAVAILABLE);
    cr_expect_neq(pid_of(pg), first);
    nr_pg_free(pg);
}

/* --- deadlines */

static struct nr_pg *open_impatient(const char *conninfo)
{
    struct nr_pg_options options = {
        .setting = "NARAE_DATABASE", .conninfo = conninfo, .statement_timeout_ms = 50};
    struct nr_pg *pg = NULL;
    struct nr_err err = {0};

    cr_assert_eq(nr_pg_new(&options, &pg, &err), 0, "%s", err.message);
    return pg;
}

Test(pg, cancels_a_statement_that_overruns_and_keeps_the_connection)
{
    struct nr_pg *pg = open_impatient(test_db_conninfo(&db, ""));
    int64_t first = pid_of(pg);
    struct nr_err err = {0};
    char want[512];

    cr_expect_eq(run(pg, &sleep_long, &err), -1);

    snprintf(want, sizeof(want), "NARAE_DATABASE: sleep long: no answer from %s:%s/%s in time", db.host,
             db.port, db.dbname);
    cr_expect_err(&err, NR_ERR_DEADLINE, "Function.DatabaseTimeout", want);
    cr_expect_eq(pid_of(pg), first, "cancelled and drained, not reconnected");
    nr_pg_free(pg);
}

Test(pg, binds_a_statement_by_the_callers_deadline)
{
    struct nr_pg *pg = open_pg("");
    int64_t first = pid_of(pg);
    struct nr_err err = {0};

    cr_expect_eq(nr_pg_run(pg, &sleep_long, NULL, nr_clock_mono_ms() + 50, NULL, &err), -1);

    cr_expect_eq(err.kind, NR_ERR_DEADLINE);
    cr_expect_eq(pid_of(pg), first);
    nr_pg_free(pg);
}

Test(pg, gives_up_connecting_at_the_callers_deadline)
{
    struct nr_pg *pg = open_pg("");
    struct nr_err err = {0};

    cr_expect_eq(nr_pg_run(pg, &backend_pid, NULL, nr_clock_mono_ms() - 1, NULL, &err), -1);

    cr_expect_eq(err.kind, NR_ERR_DEADLINE);
    cr_expect_str_eq(err.type, "Function.DatabaseTimeout");
    nr_pg_free(pg);
}

Test(pg, does_not_hang_when_nobody_takes_the_cancel_request)
{
    struct tcp_relay *relay = tcp_relay_start(db.host, db.port);
    char more[64];
    struct nr_pg *pg;
    struct nr_err err = {0};
    int64_t began, took;

    snprintf(more, sizeof(more), "port=%d", tcp_relay_port(relay));
    pg = open_impatient(test_db_conninfo(&db, more));
    (void)pid_of(pg);
    tcp_relay_mute(relay);
    tcp_relay_mute_new(relay);
    began = nr_clock_mono_ms();
    cr_expect_eq(run(pg, &sleep_long, &err), -1);
    took = nr_clock_mono_ms() - began;

    cr_expect_eq(err.kind, NR_ERR_DEADLINE);
    cr_expect_lt(took, 5000, "took %lld ms", (long long)took);
    nr_pg_free(pg);
    tcp_relay_stop(relay);
}

/* --- lost connections */

Test(pg, reconnects_when_the_server_hung_up_between_statements)
{
    static const struct nr_pg_statement once = {"once", "select pg_backend_pid()", 0, false};
    struct nr_pg *pg = open_pg("");
    int64_t first = pid_of(pg);
    struct nr_err err = {0};
    NR_PG_ROWS_AUTO *rows = NULL;

    terminate(first);
    /* Not repeatable: the end must have been noticed before anything was sent. */
    cr_assert_eq(nr_pg_run(pg, &once, NULL, NR_CLOCK_NEVER_MS, &rows, &err), 0, "%s", err.message);

    cr_expect_neq(nr_pg_int(rows, 0, 0), first);
    nr_pg_free(pg);
}

Test(pg, reconnects_when_the_connection_was_reset_between_statements)
{
    struct tcp_relay *relay = tcp_relay_start(db.host, db.port);
    char more[64];
    struct nr_pg *pg;
    int64_t first;

    snprintf(more, sizeof(more), "port=%d", tcp_relay_port(relay));
    pg = open_pg(more);
    first = pid_of(pg);
    tcp_relay_cut(relay);

    cr_expect_neq(pid_of(pg), first);
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

Test(pg, replaces_a_connection_that_fell_silent_during_a_freeze)
{
    static const struct nr_pg_statement once = {"once", "select pg_backend_pid()", 0, false};
    struct tcp_relay *relay = tcp_relay_start(db.host, db.port);
    char more[64];
    struct nr_pg *pg;
    int64_t first;
    struct nr_err err = {0};
    NR_PG_ROWS_AUTO *rows = NULL;

    nr_clock_replace(&freezing_clock);
    snprintf(more, sizeof(more), "port=%d", tcp_relay_port(relay));
    pg = open_pg(more);
    first = pid_of(pg);
    tcp_relay_mute(relay);
    frozen_ms = 60 * 1000;
    cr_assert_eq(nr_pg_run(pg, &once, NULL, NR_CLOCK_NEVER_MS, &rows, &err), 0, "%s", err.message);

    cr_expect_neq(nr_pg_int(rows, 0, 0), first);
    nr_pg_free(pg);
    tcp_relay_stop(relay);
}

Test(pg, keeps_a_connection_that_still_answers_after_a_freeze)
{
    struct nr_pg *pg;
    int64_t first;

    nr_clock_replace(&freezing_clock);
    pg = open_pg("");
    first = pid_of(pg);
    frozen_ms = 60 * 1000;

    cr_expect_eq(pid_of(pg), first);
    nr_pg_free(pg);
}

/* Ends its own connection the first time: the session's marker is not there on the second. */
#define DIE_ONCE                                                                                             \
    "select case when current_setting('narae.reborn', true) is null and $1 <> pg_backend_pid()::text then "  \
    "1 "                                                                                                     \
    "else pg_terminate_backend(pg_backend_pid())::int end"

Test(pg, repeats_a_repeatable_statement_once_when_its_connection_is_lost)
{
    static const struct nr_pg_statement die = {"die", DIE_ONCE, 1, true};
    struct nr_pg *pg = open_pg("");
    char pid[24];
    struct nr_pg_value value;
    struct nr_err err = {0};
    NR_PG_ROWS_AUTO *rows = NULL;

    snprintf(pid, sizeof(pid), "%lld", (long long)pid_of(pg));
    value = text(pid);
    cr_assert_eq(nr_pg_run(pg, &die, &value, NR_CLOCK_NEVER_MS, &rows, &err), 0, "%s", err.message);

    cr_expect_eq(nr_pg_int(rows, 0, 0), 1);
    nr_pg_free(pg);
}

Test(pg, does_not_repeat_any_other_statement)
{
    static const struct nr_pg_statement die = {"die", DIE_ONCE, 1, false};
    struct nr_pg *pg = open_pg("");
    char pid[24];
    struct nr_pg_value value;
    struct nr_err err = {0};

    snprintf(pid, sizeof(pid), "%lld", (long long)pid_of(pg));
    value = text(pid);
    cr_expect_eq(nr_pg_run(pg, &die, &value, NR_CLOCK_NEVER_MS, NULL, &err), -1);

    cr_expect_eq(err.kind, NR_ERR_UNAVAILABLE);
    cr_expect_neq(pid_of(pg), strtoll(pid, NULL, 10), "and the next statement has a new connection");
    nr_pg_free(pg);
}

/* --- connecting */

static void cr_expect_no_connection(const char *more, enum nr_err_kind kind, const char *type,
                                    const char *words)
{
    struct nr_pg *pg = open_pg(more);
    struct nr_err err = {0};

    cr_expect_eq(run(pg, &backend_pid, &err), -1, "%s", more);
    cr_expect_eq(err.kind, kind, "%s: %s", more, err.message);
    cr_expect_str_eq(err.type, type);
    cr_expect_not_null(strstr(err.message, "NARAE_DATABASE: cannot connect to "), "%s", err.message);
    cr_expect_not_null(strstr(err.message, words), "%s", err.message);
    cr_expect_null(strchr(err.message, '\n'));
    cr_expect_null(strstr(err.message, db.password));
    nr_pg_free(pg);
}

Test(pg, says_that_the_password_is_wrong)
{
    cr_expect_no_connection("password=wr0ng", NR_ERR_DENIED, "Function.DatabaseDenied",
                            "FATAL: password authentication failed for user \"narae\"");
}

Test(pg, says_that_the_database_does_not_exist)
{
    cr_expect_no_connection("dbname=nowhere", NR_ERR_DENIED, "Function.DatabaseDenied",
                            "FATAL: database \"nowhere\" does not exist");
}

Test(pg, says_that_nobody_listens)
{
    struct tcp_relay *relay = tcp_relay_start(db.host, db.port);
    char more[64];

    snprintf(more, sizeof(more), "port=%d", tcp_relay_port(relay));
    tcp_relay_stop(relay); /* a port that was free a moment ago */
    cr_expect_no_connection(more, NR_ERR_UNAVAILABLE, "Function.DatabaseUnreachable", "Connection refused");
}

Test(pg, says_that_there_is_no_such_host)
{
    cr_expect_no_connection("host=nowhere.invalid sslmode=disable", NR_ERR_UNAVAILABLE,
                            "Function.DatabaseUnreachable",
                            "could not translate host name \"nowhere.invalid\"");
}

Test(pg, says_that_the_server_does_not_answer)
{
    struct tcp_relay *relay = tcp_relay_start(db.host, db.port);
    char more[64];
    char want[512];
    struct nr_pg_options options = {.setting = "NARAE_DATABASE", .connect_timeout_ms = 50};
    struct nr_pg *pg = NULL;
    struct nr_err err = {0};

    tcp_relay_mute_new(relay);
    snprintf(more, sizeof(more), "port=%d", tcp_relay_port(relay));
    options.conninfo = test_db_conninfo(&db, more);
    cr_assert_eq(nr_pg_new(&options, &pg, &err), 0);
    cr_expect_eq(run(pg, &backend_pid, &err), -1);

    snprintf(want, sizeof(want), "NARAE_DATABASE: cannot connect to %s:%d/%s: timed out", db.host,
             tcp_relay_port(relay), db.dbname);
    cr_expect_err(&err, NR_ERR_UNAVAILABLE, "Function.DatabaseUnreachable", want);
    nr_pg_free(pg);
    tcp_relay_stop(relay);
}

/* --- TLS */

Test(pg, verifies_the_server_by_name_and_authority)
{
    static const struct nr_pg_statement is_tls = {
        "is tls", "select version from pg_stat_ssl where pid = pg_backend_pid() and ssl", 0, true};
    char more[1000];
    struct nr_pg *pg;
    struct nr_err err = {0};
    NR_PG_ROWS_AUTO *rows = NULL;

    snprintf(more, sizeof(more), "sslmode=verify-full channel_binding=require sslrootcert=%s/ca.pem", db.pki);
    pg = open_pg(more);
    cr_assert_eq(nr_pg_run(pg, &is_tls, NULL, NR_CLOCK_NEVER_MS, &rows, &err), 0, "%s", err.message);

    cr_expect(nr_view_is(nr_pg_text(rows, 0, 0), NR_VIEW("TLSv1.3")));
    nr_pg_free(pg);
}

Test(pg, trusts_what_the_rule_of_trust_says)
{
    char path[700];
    struct nr_pg *pg;
    struct nr_err err = {0};

    snprintf(path, sizeof(path), "%s/ca.pem", db.pki);
    setenv("SSL_CERT_FILE", path, 1);
    pg = open_pg("sslmode=verify-full");

    cr_expect_eq(run(pg, &backend_pid, &err), 0, "%s", err.message);
    nr_pg_free(pg);
}

Test(pg, refuses_a_server_of_another_authority)
{
    char more[1000];

    snprintf(more, sizeof(more), "sslmode=verify-full sslrootcert=%s/other-ca.pem", db.pki);
    cr_expect_no_connection(more, NR_ERR_DENIED, "Function.DatabaseDenied",
                            "SSL error: certificate verify failed");
}

Test(pg, refuses_a_server_with_another_name)
{
    char more[1000];

    /* The name is looked up nowhere: hostaddr says where, host says who it should be. */
    snprintf(more, sizeof(more),
             "sslmode=verify-full sslrootcert=%s/ca.pem hostaddr=%s host=elsewhere.invalid", db.pki, db.host);
    cr_expect_no_connection(more, NR_ERR_DENIED, "Function.DatabaseDenied",
                            "does not match host name \"elsewhere.invalid\"");
}

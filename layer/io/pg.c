#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include <libpq-fe.h>

#include <narae/clock.h>
#include <narae/pg.h>
#include <narae/tls.h>

#include "layer/io/pg_conn.h"
#include "layer/io/pg_conninfo.h"
#include "layer/io/pg_error.h"

enum {
    CONNECT_TIMEOUT_MS = 5 * 1000,
    STATEMENT_TIMEOUT_MS = 10 * 1000,
    CANCEL_MS =
        1000, /* how long a cancelled statement may take to say so before its connection is given up */
    SILENCE_MS = 30 * 1000, /* a connection this long unused is asked first; a freeze looks like that */
    PROBE_MS = 1000,        /* for its answer: a round trip inside a VPC takes under 2 ms */
    VALUES_MAX = 16,
    VALUES_MAX_BYTES =
        256 * 1024 * 1024,         /* of all parameters of a statement; PostgreSQL's own limit is 1 GB */
    VALUES_KEPT_BYTES = 64 * 1024, /* memory that stays for the next statement */
};

struct nr_pg {
    PGconn *conn; /* NULL = not connected */
    struct pg_conninfo info;
    const char *setting;
    int64_t connect_timeout_ms, statement_timeout_ms;
    int64_t used_wall_ms; /* the wall clock: the monotonic one stands still in a frozen sandbox */
    struct nr_buf values; /* the parameters, each with its NUL */
};

struct nr_pg_rows {
    PGresult *result;
};

int nr_pg_new(const struct nr_pg_options *options, struct nr_pg **out, struct nr_err *err)
{
    struct nr_pg *pg = calloc(1, sizeof(*pg));

    nr_tls_setup();
    PQinitOpenSSL(0, 0); /* nr_tls_setup() has done it, with flags that matter at start */
    if (!pg)
        return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.OutOfMemory", "no memory for a connection");
    pg->setting = options->setting;
    pg->connect_timeout_ms = options->connect_timeout_ms ? options->connect_timeout_ms : CONNECT_TIMEOUT_MS;
    pg->statement_timeout_ms =
        options->statement_timeout_ms ? options->statement_timeout_ms : STATEMENT_TIMEOUT_MS;
    nr_buf_init(&pg->values, VALUES_MAX_BYTES);
    if (pg_conninfo_parse(options->setting, options->conninfo,
                          options->application_name ? options->application_name : "narae", &pg->info,
                          err) != 0) {
        free(pg);
        return -1;
    }
    *out = pg;
    return 0;
}

static void disconnect(struct nr_pg *pg)
{
    PQfinish(pg->conn);
    pg->conn = NULL;
}

void nr_pg_free(struct nr_pg *pg)
{
    if (!pg)
        return;
    disconnect(pg);
    pg_conninfo_done(&pg->info);
    nr_buf_done(&pg->values);
    free(pg);
}

static int64_t earlier(int64_t a_mono_ms, int64_t b_mono_ms)
{
    return a_mono_ms < b_mono_ms ? a_mono_ms : b_mono_ms;
}

/* --- the connection */

/* A server that went away while the sandbox was frozen has left its goodbye in the socket, or nothing at all:
 * then only asking tells. */
static bool is_usable(struct nr_pg *pg, int64_t deadline_mono_ms)
{
    int64_t silence_ms = nr_clock_wall_ms() - pg->used_wall_ms;

    if (!pg_conn_is_alive(pg->conn))
        return false;
    if (silence_ms >= 0 && silence_ms < SILENCE_MS)
        return true;
    return pg_conn_answers(pg->conn, earlier(deadline_mono_ms, nr_clock_mono_ms() + PROBE_MS));
}

static int ensure_connected(struct nr_pg *pg, int64_t deadline_mono_ms, struct nr_err *err)
{
    if (pg->conn && !is_usable(pg, deadline_mono_ms))
        disconnect(pg);
    if (pg->conn)
        return 0;
    return pg_conn_open(pg->setting, &pg->info, pg->connect_timeout_ms, deadline_mono_ms, &pg->conn, err);
}

/* --- one statement */

/* libpq wants C strings, views have no NUL. Fills texts with pointers into pg->values. */
static int copy_values(struct nr_pg *pg, const struct nr_pg_statement *statement,
                       const struct nr_pg_value *values, const char **texts, struct nr_err *err)
{
    size_t need = 0;

    for (int i = 0; i < statement->n_values; i++) {
        struct nr_view text = values[i].text;

        if (text.len && memchr(text.ptr, '\0', text.len))
            return nr_err_set(err, NR_ERR_INVALID, "Function.InvalidValue",
                              "%s: %s: value %d has a NUL in it", pg->setting, statement->name, i + 1);
        need += text.len + 1;
    }
    nr_buf_shrink(&pg->values, VALUES_KEPT_BYTES);
    if (!nr_buf_room(&pg->values, need)) /* all at once: the pointers must hold */
        return nr_buf_check(&pg->values, statement->name, err);
    for (int i = 0; i < statement->n_values; i++) {
        texts[i] = values[i].text.ptr ? pg->values.data + pg->values.len : NULL;
        nr_buf_add(&pg->values, values[i].text);
        nr_buf_add_char(&pg->values, '\0');
    }
    return 0;
}

static int lost(struct nr_pg *pg, const struct nr_pg_statement *statement, struct nr_err *err)
{
    pg_error_lost(pg->setting, pg->info.where, statement->name, PQerrorMessage(pg->conn), err);
    disconnect(pg);
    return -1;
}

static int overran(struct nr_pg *pg, const struct nr_pg_statement *statement, struct nr_err *err)
{
    if (!pg_conn_cancel(pg->conn, CANCEL_MS))
        disconnect(pg);
    return pg_error_deadline(pg->setting, pg->info.where, statement->name, err);
}

/* Unnamed statements: a parse more for the server, but nothing that a pooler in transaction mode (RDS Proxy,
 * PgBouncer) would lose, or would have to pin a connection for. */
static int send_statement(struct nr_pg *pg, const struct nr_pg_statement *statement,
                          const struct nr_pg_value *values, int64_t deadline_mono_ms, struct nr_err *err)
{
    const char *texts[VALUES_MAX];
    int flushed;

    if (copy_values(pg, statement, values, texts, err) != 0)
        return -1;
    if (!PQsendQueryParams(pg->conn, statement->sql, statement->n_values, NULL, texts, NULL, NULL, 0))
        return lost(pg, statement, err);
    while ((flushed = PQflush(pg->conn)) > 0) {
        if (!pg_conn_wait(pg->conn, POLLIN | POLLOUT, deadline_mono_ms)) {
            disconnect(pg); /* half a statement is out: nothing else can follow it */
            return pg_error_deadline(pg->setting, pg->info.where, statement->name, err);
        }
        if (!PQconsumeInput(pg->conn))
            return lost(pg, statement, err);
    }
    return flushed < 0 ? lost(pg, statement, err) : 0;
}

/* The last result, everything before it dropped; NULL with err set. */
static PGresult *collect(struct nr_pg *pg, const struct nr_pg_statement *statement, int64_t deadline_mono_ms,
                         struct nr_err *err)
{
    PGresult *last = NULL;

    for (;;) {
        int state = pg_conn_wait_result(pg->conn, deadline_mono_ms);
        PGresult *result = state == 1 ? PQgetResult(pg->conn) : NULL;

        if (state == 1 && !result && last)
            return last;
        PQclear(last);
        last = result;
        if (!result) {
            state == 0 ? overran(pg, statement, err) : lost(pg, statement, err);
            return NULL;
        }
    }
}

/* Must the connection go, although the server answered on it? After FATAL the server closes it; on a server
 * that a failover has made a reader, every write would fail for ever. */
static bool is_spent(PGconn *conn, const PGresult *result)
{
    const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

    return PQstatus(conn) != CONNECTION_OK || (severity && strcmp(severity, "ERROR") != 0) ||
           (state && strcmp(state, PG_ERROR_READ_ONLY) == 0);
}

static int check(struct nr_pg *pg, const struct nr_pg_statement *statement, const PGresult *result,
                 struct nr_err *err)
{
    ExecStatusType status = PQresultStatus(result);

    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK)
        return 0;
    if (!PQresultErrorField(result, PG_DIAG_SQLSTATE))
        return lost(pg, statement, err);
    pg_error_result(pg->setting, statement->name, result, err);
    if (is_spent(pg->conn, result))
        disconnect(pg);
    return -1;
}

static int run_once(struct nr_pg *pg, const struct nr_pg_statement *statement,
                    const struct nr_pg_value *values, int64_t deadline_mono_ms, PGresult **out,
                    struct nr_err *err)
{
    int64_t deadline = earlier(deadline_mono_ms, nr_clock_mono_ms() + pg->statement_timeout_ms);
    PGresult *result;

    if (send_statement(pg, statement, values, deadline, err) != 0)
        return -1;
    result = collect(pg, statement, deadline, err);
    if (!result)
        return -1;
    pg->used_wall_ms = nr_clock_wall_ms();
    if (check(pg, statement, result, err) != 0) {
        PQclear(result);
        return -1;
    }
    *out = result;
    return 0;
}

static int give_rows(PGresult *result, struct nr_pg_rows **out, struct nr_err *err)
{
    struct nr_pg_rows *rows;

    if (!out) {
        PQclear(result);
        return 0;
    }
    rows = malloc(sizeof(*rows));
    if (!rows) {
        PQclear(result);
        return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.OutOfMemory", "no memory for rows");
    }
    rows->result = result;
    *out = rows;
    return 0;
}

int nr_pg_run(struct nr_pg *pg, const struct nr_pg_statement *statement, const struct nr_pg_value *values,
              int64_t deadline_mono_ms, struct nr_pg_rows **out, struct nr_err *err)
{
    PGresult *result = NULL;

    if (statement->n_values > VALUES_MAX)
        return nr_err_set(err, NR_ERR_BUG, NULL, "%s: more than %d values", statement->name, VALUES_MAX);
    for (int attempt = 0; attempt < 2; attempt++) {
        struct nr_err why = {0};
        bool was_connected = pg->conn != NULL;

        if (ensure_connected(pg, deadline_mono_ms, err) != 0)
            return -1;
        if (run_once(pg, statement, values, deadline_mono_ms, &result, &why) == 0)
            return give_rows(result, out, err);
        /* A kept connection that turned out to be dead: what may be repeated is, once, on a new one. */
        if (attempt == 1 || !was_connected || pg->conn || why.kind != NR_ERR_UNAVAILABLE ||
            !statement->is_repeatable) {
            *err = why;
            return -1;
        }
    }
    return -1;
}

/* --- rows */

size_t nr_pg_rows_count(const struct nr_pg_rows *rows)
{
    return (size_t)PQntuples(rows->result);
}

size_t nr_pg_rows_changed(const struct nr_pg_rows *rows)
{
    return strtoul(PQcmdTuples(rows->result), NULL, 10);
}

struct nr_view nr_pg_text(const struct nr_pg_rows *rows, size_t row, int column)
{
    int r = (int)row;

    if (row >= nr_pg_rows_count(rows) || column < 0 || column >= PQnfields(rows->result) ||
        PQgetisnull(rows->result, r, column))
        return nr_view_n(NULL, 0);
    return nr_view_n(PQgetvalue(rows->result, r, column), (size_t)PQgetlength(rows->result, r, column));
}

int64_t nr_pg_int(const struct nr_pg_rows *rows, size_t row, int column)
{
    struct nr_view text = nr_pg_text(rows, row, column);

    return text.ptr ? strtoll(text.ptr, NULL, 10) : 0; /* libpq ends values with a NUL */
}

void nr_pg_rows_free(struct nr_pg_rows *rows)
{
    if (!rows)
        return;
    PQclear(rows->result);
    free(rows);
}

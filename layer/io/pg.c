#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libpq-fe.h>

#include <narae/clock.h>
#include <narae/pg.h>
#include <narae/tls.h>

#include "layer/io/pg_conninfo.h"
#include "layer/io/pg_error.h"

enum {
    CONNECT_TIMEOUT_MS = 5 * 1000,
    STATEMENT_TIMEOUT_MS = 10 * 1000,
    DRAIN_MS = 1000, /* how long a cancelled statement may take to say so before its connection is given up */
    VALUES_MAX = 16,
};

struct nr_pg {
    PGconn *conn; /* NULL = not connected */
    struct pg_conninfo info;
    const char *setting;
    int64_t connect_timeout_ms, statement_timeout_ms;
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
    free(pg);
}

/* --- waiting
 * ---------------------------------------------------------------------------------------------------- */

static int64_t earlier(int64_t deadline_mono_ms, int64_t timeout_ms)
{
    int64_t own = nr_clock_mono_ms() + timeout_ms;

    return own < deadline_mono_ms ? own : deadline_mono_ms;
}

/* Wait for the socket. 1 = it is time to go on, 0 = the deadline passed. */
static int wait_socket(PGconn *conn, short events, int64_t deadline_mono_ms)
{
    struct pollfd p = {.fd = PQsocket(conn), .events = events};

    for (;;) {
        int64_t left = nr_clock_left_ms(deadline_mono_ms);
        int n;

        if (left == 0)
            return 0;
        n = poll(&p, 1, left > 60000 ? 60000 : (int)left);
        if (n > 0 || (n < 0 && errno != EINTR))
            return 1;
    }
}

/* --- connecting
 * ------------------------------------------------------------------------------------------------- */

static int connect_failed(struct nr_pg *pg, const char *why, struct nr_err *err)
{
    pg_error_connect(pg->setting, pg->info.where, why, err);
    disconnect(pg);
    return -1;
}

static int connect_now(struct nr_pg *pg, int64_t deadline_mono_ms, struct nr_err *err)
{
    int64_t deadline = earlier(deadline_mono_ms, pg->connect_timeout_ms);
    PostgresPollingStatusType step = PGRES_POLLING_WRITING;

    pg->conn = PQconnectStartParams(pg->info.names, pg->info.values, 0);
    if (!pg->conn)
        return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.OutOfMemory", "%s: no memory to connect",
                          pg->setting);
    if (PQstatus(pg->conn) == CONNECTION_BAD)
        return connect_failed(pg, PQerrorMessage(pg->conn), err);
    while (step != PGRES_POLLING_OK) {
        if (step == PGRES_POLLING_FAILED)
            return connect_failed(pg, PQerrorMessage(pg->conn), err);
        if (!wait_socket(pg->conn, step == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline))
            return connect_failed(pg, "timed out", err);
        step = PQconnectPoll(pg->conn);
    }
    PQsetnonblocking(pg->conn, 1);
    return 0;
}

/* A server that went away during a freeze has left its goodbye in the socket. */
static bool is_alive(PGconn *conn)
{
    struct pollfd p = {.fd = PQsocket(conn), .events = POLLIN};

    if (PQstatus(conn) != CONNECTION_OK || PQtransactionStatus(conn) == PQTRANS_ACTIVE)
        return false;
    if (poll(&p, 1, 0) == 0)
        return true;
    /* Something came unasked: a notice is harmless, an end of file is not. */
    return PQconsumeInput(conn) && PQstatus(conn) == CONNECTION_OK;
}

static int ensure_connected(struct nr_pg *pg, int64_t deadline_mono_ms, struct nr_err *err)
{
    if (pg->conn && !is_alive(pg->conn))
        disconnect(pg);
    return pg->conn ? 0 : connect_now(pg, deadline_mono_ms, err);
}

/* --- one statement
 * ---------------------------------------------------------------------------------------------- */

static int lost(struct nr_pg *pg, const struct nr_pg_statement *statement, struct nr_err *err)
{
    pg_error_lost(pg->setting, pg->info.where, statement->name, PQerrorMessage(pg->conn), err);
    disconnect(pg);
    return -1;
}

/* Unnamed statements: a parse more for the server, but nothing that a pooler in transaction mode (RDS Proxy,
 * PgBouncer) would have to pin a connection for. */
static int send(struct nr_pg *pg, const struct nr_pg_statement *statement, const struct nr_pg_value *values,
                int64_t deadline, struct nr_err *err)
{
    const char *texts[VALUES_MAX];
    int flushed;

    for (int i = 0; i < statement->n_values && i < VALUES_MAX; i++)
        texts[i] = values[i].text.ptr;
    if (!PQsendQueryParams(pg->conn, statement->sql, statement->n_values, NULL, texts, NULL, NULL, 0))
        return lost(pg, statement, err);
    while ((flushed = PQflush(pg->conn)) > 0) {
        if (!wait_socket(pg->conn, POLLIN | POLLOUT, deadline)) {
            disconnect(pg);
            return pg_error_deadline(pg->setting, pg->info.where, statement->name, err);
        }
        if (!PQconsumeInput(pg->conn))
            return lost(pg, statement, err);
    }
    return flushed < 0 ? lost(pg, statement, err) : 0;
}

/* Read until a result is there. 1 = PQgetResult will not block, 0 = the deadline passed, -1 = lost. */
static int wait_result(PGconn *conn, int64_t deadline)
{
    while (PQisBusy(conn)) {
        if (!wait_socket(conn, POLLIN, deadline))
            return 0;
        if (!PQconsumeInput(conn))
            return -1;
    }
    return 1;
}

/* Ask the server to stop, and take its answer. What does not answer soon is not worth keeping. */
static void cancel(struct nr_pg *pg)
{
    PGcancel *handle = PQgetCancel(pg->conn);
    int64_t deadline = nr_clock_mono_ms() + DRAIN_MS;
    char why[256];
    int is_asked = handle && PQcancel(handle, why, sizeof(why));

    PQfreeCancel(handle);
    while (is_asked && wait_result(pg->conn, deadline) == 1) {
        PGresult *result = PQgetResult(pg->conn);

        if (!result)
            return; /* drained: the connection is as good as before */
        PQclear(result);
    }
    disconnect(pg);
}

/* The last result, everything before it dropped; NULL with err set. */
static PGresult *collect(struct nr_pg *pg, const struct nr_pg_statement *statement, int64_t deadline,
                         struct nr_err *err)
{
    PGresult *last = NULL;

    for (;;) {
        int got = wait_result(pg->conn, deadline);
        PGresult *result;

        if (got != 1) {
            PQclear(last);
            if (got < 0) {
                lost(pg, statement, err);
            } else {
                cancel(pg);
                pg_error_deadline(pg->setting, pg->info.where, statement->name, err);
            }
            return NULL;
        }
        result = PQgetResult(pg->conn);
        if (!result)
            return last;
        PQclear(last);
        last = result;
    }
}

static int check(struct nr_pg *pg, const struct nr_pg_statement *statement, const PGresult *result,
                 struct nr_err *err)
{
    ExecStatusType status = PQresultStatus(result);

    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK)
        return 0;
    pg_error_result(pg->setting, statement->name, result, err);
    if (PQstatus(pg->conn) == CONNECTION_BAD)
        disconnect(pg);
    return -1;
}

static int run_once(struct nr_pg *pg, const struct nr_pg_statement *statement,
                    const struct nr_pg_value *values, int64_t deadline_mono_ms, PGresult **out,
                    struct nr_err *err)
{
    int64_t deadline = earlier(deadline_mono_ms, pg->statement_timeout_ms);
    PGresult *result;

    if (send(pg, statement, values, deadline, err) != 0)
        return -1;
    result = collect(pg, statement, deadline, err);
    if (!result)
        return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.DatabaseLost", "%s: %s: no result", pg->setting,
                          statement->name);
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

/* --- rows
 * ------------------------------------------------------------------------------------------------------- */

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

#include <errno.h>
#include <poll.h>

#include <narae/clock.h>

#include "layer/io/pg_cancel.h"
#include "layer/io/pg_conn.h"
#include "layer/io/pg_error.h"

enum { POLL_MAX_MS = 60 * 1000 /* poll(2) takes an int; longer waits go round */ };

bool pg_conn_wait(PGconn *conn, short events, int64_t deadline_mono_ms)
{
    struct pollfd p = {.fd = PQsocket(conn), .events = events};

    while (p.fd >= 0) {
        int64_t left = nr_clock_left_ms(deadline_mono_ms);
        int n;

        if (left == 0)
            return false;
        n = poll(&p, 1, left > POLL_MAX_MS ? POLL_MAX_MS : (int)left);
        if (n > 0 || (n < 0 && errno != EINTR))
            return true;
    }
    return true; /* closed already: the next call into libpq will say so */
}

int pg_conn_wait_result(PGconn *conn, int64_t deadline_mono_ms)
{
    while (PQisBusy(conn)) {
        if (!pg_conn_wait(conn, POLLIN, deadline_mono_ms))
            return 0;
        if (!PQconsumeInput(conn))
            return -1;
    }
    return 1;
}

/* --- opening */

/* libpq would print notices to stderr, past the log and its rules. */
static void ignore_notice(void *ctx, const PGresult *notice)
{
    (void)ctx;
    (void)notice;
}

/* 1 = connected, 0 = the deadline passed, -1 = failed. */
static int connect_until(PGconn *conn, int64_t deadline_mono_ms)
{
    PostgresPollingStatusType step = PGRES_POLLING_WRITING;

    if (PQstatus(conn) == CONNECTION_BAD)
        return -1;
    while (step != PGRES_POLLING_OK) {
        if (step == PGRES_POLLING_FAILED)
            return -1;
        if (!pg_conn_wait(conn, step == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline_mono_ms))
            return 0;
        step = PQconnectPoll(conn);
    }
    return 1;
}

int pg_conn_open(const char *setting, const struct pg_conninfo *info, int64_t timeout_ms,
                 int64_t deadline_mono_ms, PGconn **out, struct nr_err *err)
{
    int64_t own_mono_ms = nr_clock_mono_ms() + timeout_ms;
    bool is_callers = deadline_mono_ms < own_mono_ms;
    PGconn *conn = PQconnectStartParams(info->names, info->values, 0);
    int state;

    if (!conn)
        return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.OutOfMemory", "%s: no memory to connect",
                          setting);
    PQsetNoticeReceiver(conn, ignore_notice, NULL);
    state = connect_until(conn, is_callers ? deadline_mono_ms : own_mono_ms);
    if (state == 1) {
        PQsetnonblocking(conn, 1);
        *out = conn;
        return 0;
    }
    if (state == 0 && is_callers)
        pg_error_deadline(setting, info->where, "connect", err);
    else
        pg_error_connect(setting, info->where, state == 0 ? "timed out" : PQerrorMessage(conn), err);
    PQfinish(conn);
    return -1;
}

/* --- checking */

bool pg_conn_is_alive(PGconn *conn)
{
    struct pollfd p = {.fd = PQsocket(conn), .events = POLLIN};

    if (PQstatus(conn) != CONNECTION_OK || PQtransactionStatus(conn) != PQTRANS_IDLE)
        return false;
    /* A server that goes says why before it closes: read on until there is nothing more, or the end. */
    while (poll(&p, 1, 0) > 0)
        if (!PQconsumeInput(conn) || PQstatus(conn) != CONNECTION_OK)
            return false;
    return true;
}

/* Take all results of what was sent. 1 = done, 0 = the deadline passed, -1 = lost. */
static int drain(PGconn *conn, int64_t deadline_mono_ms)
{
    for (;;) {
        int state = pg_conn_wait_result(conn, deadline_mono_ms);
        PGresult *result;

        if (state != 1)
            return state;
        result = PQgetResult(conn);
        if (!result)
            return PQstatus(conn) == CONNECTION_OK ? 1 : -1;
        PQclear(result);
    }
}

bool pg_conn_answers(PGconn *conn, int64_t deadline_mono_ms)
{
    return PQsendQuery(conn, "") && PQflush(conn) == 0 && drain(conn, deadline_mono_ms) == 1 &&
           PQtransactionStatus(conn) == PQTRANS_IDLE;
}

bool pg_conn_cancel(PGconn *conn, int64_t timeout_ms)
{
    int64_t deadline_mono_ms = nr_clock_mono_ms() + timeout_ms;

    return pg_cancel_request(conn, timeout_ms) && drain(conn, deadline_mono_ms) == 1;
}

/* pg_conn.h - one libpq connection, handled without ever blocking past a deadline.
 *
 * Is:      opening, waiting, checking and cancelling on the socket of a PGconn.
 * Is not:  a policy; when to reconnect or to repeat is pg.c's business.
 * Beware:  libpq looks a host name up with getaddrinfo(3), which no deadline bounds. In Lambda the resolver
 *          is on the same machine.
 * Source:  PostgreSQL documentation, "Database Connection Control Functions", "Asynchronous Command
 *          Processing", "Canceling Queries in Progress".
 */
#ifndef NARAE_IO_PG_CONN_H
#define NARAE_IO_PG_CONN_H

#include <stdbool.h>
#include <stdint.h>

#include <libpq-fe.h>

#include <narae/attr.h>
#include <narae/err.h>

#include "layer/io/pg_conninfo.h"

/* Connect. *out is the caller's, PQfinish(). Returns 0, or -1: UNAVAILABLE, DENIED, or DEADLINE when the
 * caller's own deadline came before timeout_ms was over. */
int pg_conn_open(const char *setting, const struct pg_conninfo *info, int64_t timeout_ms,
                 int64_t deadline_mono_ms, PGconn **out, struct nr_err *err) NR_MUST_CHECK;

/* Has the server said nothing of going away? Looks at what lies in the socket; sends nothing. */
bool pg_conn_is_alive(PGconn *conn);

/* Does the server still answer? One round trip with an empty query. */
bool pg_conn_answers(PGconn *conn, int64_t deadline_mono_ms);

/* Wait for the socket. true = go on, false = the deadline passed. */
bool pg_conn_wait(PGconn *conn, short events, int64_t deadline_mono_ms);

/* Read until PQgetResult() will not block. 1 = ready, 0 = the deadline passed, -1 = the connection is
 * lost. */
int pg_conn_wait_result(PGconn *conn, int64_t deadline_mono_ms);

/* Have the running statement cancelled and its answer drained, within timeout_ms. true = the connection can
 * be used again; false = close it. */
bool pg_conn_cancel(PGconn *conn, int64_t timeout_ms);

#endif

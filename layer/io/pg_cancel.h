/* pg_cancel.h - ask the server to stop the running statement.
 *
 * Is:      PQcancel() with a time limit. PQcancel connects anew and waits for the server to hang up, and a
 *          server that is gone without a word would hold it for minutes; so it runs in a thread that is left
 *          behind when it overruns.
 * Is not:  the answer: the cancelled statement still reports, on its own connection.
 */
#ifndef NARAE_IO_PG_CANCEL_H
#define NARAE_IO_PG_CANCEL_H

#include <stdbool.h>
#include <stdint.h>

#include <libpq-fe.h>

/* true when the request was delivered in time. */
bool pg_cancel_request(PGconn *conn, int64_t timeout_ms);

#endif

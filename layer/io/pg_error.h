/* pg_error.h - what PostgreSQL's errors mean to us.
 *
 * Is:      SQLSTATE and libpq's words -> kind, type and one line; never values, never a password.
 * Source:  PostgreSQL documentation, "PostgreSQL Error Codes".
 */
#ifndef NARAE_IO_PG_ERROR_H
#define NARAE_IO_PG_ERROR_H

#include <libpq-fe.h>

#include <narae/err.h>

/* read_only_sql_transaction: a failover has made this server the reader. */
#define PG_ERROR_READ_ONLY "25006"

/* Each sets err and returns -1. `where` is host:port/dbname, `why` libpq's text (several lines are folded
 * into one). */
int pg_error_connect(const char *setting, const char *where, const char *why, struct nr_err *err);
int pg_error_lost(const char *setting, const char *where, const char *statement, const char *why,
                  struct nr_err *err);
int pg_error_deadline(const char *setting, const char *where, const char *statement, struct nr_err *err);
int pg_error_result(const char *setting, const char *statement, const PGresult *result, struct nr_err *err);

#endif

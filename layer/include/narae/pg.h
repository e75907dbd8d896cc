/* pg.h - one PostgreSQL connection that a sandbox keeps, by libpq.
 *
 * Is:      named statements with parameters and a deadline; connects when first needed, reconnects after a
 *          freeze or a restart of the server, cancels and drains what overruns.
 * Is not:  a query builder, and no general query function: statements are const tables of the domain's store
 *          file.
 * Beware:  a statement that failed on a connection that was lost may have been executed; only statements
 *          marked is_repeatable are sent again by themselves. Rows borrow from the result: copy what must
 *          outlive it.
 * Source:  PostgreSQL documentation, "libpq: Asynchronous Command Processing", "Canceling Queries in
 *          Progress".
 */
#ifndef NARAE_PG_H
#define NARAE_PG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <narae/attr.h>
#include <narae/buf.h>
#include <narae/err.h>
#include <narae/view.h>

struct nr_pg;
struct nr_pg_rows;

/* Zero = default. */
struct nr_pg_options {
    const char
        *setting; /* required: the variable the conninfo came from, for messages ("NARAE_DATABASE"); static */
    const char *conninfo; /* required: libpq key=value list or URI, or the JSON that RDS keeps in Secrets
                             Manager; copied */
    const char *application_name; /* default "narae"; copied */
    int64_t connect_timeout_ms;   /* default 5,000 */
    int64_t statement_timeout_ms; /* default 10,000; binds beside the deadline of a call */
};

/* One SQL statement; static const in a store file. */
struct nr_pg_statement {
    const char *name;   /* what it does, for messages */
    const char *sql;    /* with $1 ... */
    int n_values;       /* how many */
    bool is_repeatable; /* running it twice is the same as once */
};

/* A parameter in text format; ptr NULL = SQL NULL. Borrowed for the call; no NUL inside. */
struct nr_pg_value {
    struct nr_view text;
};

/* Check the conninfo and keep it; connects nothing. *out is the caller's, nr_pg_free().
 * Unless the conninfo says otherwise: sslmode=verify-full for a host that is neither a socket directory nor
 * loopback; sslrootcert = SSL_CERT_FILE, else the RDS bundle in the layer for a host of RDS (not of RDS
 * Proxy), else the system's bundle. sslrootcert=rds names the RDS bundle. The variable `setting`_HOST, where
 * it is set, is the host instead of the conninfo's. JSON without "host" (a secret that RDS manages) takes it
 * from there or from PGHOST. Returns 0, or -1: INVALID, Function.InvalidSetting (names `setting`, never
 * quotes it) or Function.MissingTrustStore. */
int nr_pg_new(const struct nr_pg_options *options, struct nr_pg **out, struct nr_err *err) NR_MUST_CHECK;

/* Close. Accepts NULL. */
void nr_pg_free(struct nr_pg *pg);

/* Run a statement, connecting first where needed.
 *
 * values            in   statement->n_values of them
 * deadline_mono_ms  in   NR_CLOCK_NEVER_MS = only the statement timeout
 * out               out  owned by the caller, nr_pg_rows_free(); NULL may be passed when rows do not matter
 *
 * Returns 0, or -1: UNAVAILABLE (server down, connection lost; names setting, host and libpq's words), DENIED
 * (password, permission), DEADLINE (cancelled), CONFLICT (serialization, deadlock, unique: SQLSTATE 23505,
 * 40001, 40P01), INVALID (other data errors), BUG (SQL that cannot work). Messages carry the statement's name
 * and SQLSTATE, never values. */
int nr_pg_run(struct nr_pg *pg, const struct nr_pg_statement *statement, const struct nr_pg_value *values,
              int64_t deadline_mono_ms, struct nr_pg_rows **out, struct nr_err *err) NR_MUST_CHECK;

size_t nr_pg_rows_count(const struct nr_pg_rows *rows);

/* Rows that an INSERT, UPDATE or DELETE without RETURNING changed. */
size_t nr_pg_rows_changed(const struct nr_pg_rows *rows);

/* The text of a column; ptr NULL when SQL NULL; borrowed from rows. row and column from 0; out of range =
 * NULL. */
struct nr_view nr_pg_text(const struct nr_pg_rows *rows, size_t row, int column);

/* The column as a whole number; 0 for NULL or a text that is none. */
int64_t nr_pg_int(const struct nr_pg_rows *rows, size_t row, int column);

/* Accepts NULL. */
void nr_pg_rows_free(struct nr_pg_rows *rows);
static inline void nr_pg_rows_release(struct nr_pg_rows **rows)
{
    nr_pg_rows_free(*rows);
}
#define NR_PG_ROWS_AUTO NR_AUTO(nr_pg_rows_release) struct nr_pg_rows

/* Build an array parameter: begin, add items, end: '{"17","a\"b"}'. */
void nr_pg_array_begin(struct nr_buf *out);
void nr_pg_array_add(struct nr_buf *out, struct nr_view item);
void nr_pg_array_add_int(struct nr_buf *out, int64_t item);
void nr_pg_array_end(struct nr_buf *out);

#endif

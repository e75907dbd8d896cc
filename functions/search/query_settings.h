/* query_settings.h - search_query's settings, read once.
 *
 * Is:      the table of environment variables (README has the same one) and what is made of them.
 * Beware:  a secret that lies with AWS and cannot be reached at start is not a wrong setting: it is read
 *          again at the first event.
 */
#ifndef NARAE_SEARCH_QUERY_SETTINGS_H
#define NARAE_SEARCH_QUERY_SETTINGS_H

#include <stdint.h>

#include <narae/attr.h>
#include <narae/buf.h>
#include <narae/err.h>
#include <narae/pg.h>

struct query_settings {
    const char *events_queue; /* URL; "" = no events; borrowed from the environment */
    int64_t events_timeout_ms;
    int64_t timeout_ms;
    struct nr_pg *pg;          /* NULL = its secret has not been read yet */
    struct nr_buf cursor_key;  /* empty = likewise */
    int64_t key_quiet_mono_ms; /* its secret could not be reached: not asked for again before */
};

/* Read everything but the secrets. Returns 0, or -1: INVALID, naming the variable. */
int query_settings_read(struct query_settings *out, struct nr_err *err) NR_MUST_CHECK;

/* Read the database's secret if it is still missing, and the key of cursors again, which may have been
 * replaced. Returns 0, or -1: INVALID, NOT_FOUND, DENIED (an operator must act), or a transient kind. */
int query_settings_read_secrets(struct query_settings *settings, int64_t deadline_mono_ms,
                                struct nr_err *err) NR_MUST_CHECK;

/* The database refused us: read its secret again before the next use. */
void query_settings_forget_database(struct query_settings *settings);

void query_settings_done(struct query_settings *settings);

#endif

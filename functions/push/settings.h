/* settings.h - push_send's settings, read once.
 *
 * Is:      the table of environment variables (README has the same one) and what is made of them.
 * Beware:  a secret that lies with AWS and cannot be reached at start is not a wrong setting: it is read
 *          again at the first event.
 */
#ifndef NARAE_PUSH_SETTINGS_H
#define NARAE_PUSH_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include <narae/err.h>
#include <narae/h2.h>
#include <narae/pg.h>

#include "functions/push/google_token.h"

struct settings {
    const char *application_name; /* given: what PostgreSQL shows of the connection; NULL = push_send's */
    int64_t statement_timeout_ms; /* given: 0 = nr_pg's default */
    const char *fcm_endpoint;     /* borrowed from the environment */
    int64_t n_connections;
    int64_t n_streams;
    int64_t request_timeout_ms;
    int64_t rate_per_s; /* this sandbox's share of the project's quota */
    int64_t ramp_s;
    int64_t wait_max_ms; /* how long to stay in an invocation only for retries */
    int64_t breaker_percent;
    bool parks_poison;    /* else it goes to the dead-letter queue */
    bool spares_quarters; /* messages that may wait stay away from the quarter hours */
    struct nr_pg *pg;     /* NULL = its secret has not been read yet */
    struct google_account account;
    bool has_account;
};

/* Read everything but the secrets. Returns 0, or -1: INVALID, naming the variable. */
int settings_read(struct settings *out, struct nr_err *err) NR_MUST_CHECK;

/* Read the secrets that are still missing. Returns 0, or -1: INVALID, NOT_FOUND, DENIED (an operator must
 * act), or a transient kind. */
int settings_read_secrets(struct settings *settings, int64_t deadline_mono_ms,
                          struct nr_err *err) NR_MUST_CHECK;

/* The database refused us: read its secret again before the next use. */
void settings_forget_database(struct settings *settings);

/* Google refused us: read the service account again before the next use. */
void settings_forget_account(struct settings *settings);

void settings_done(struct settings *settings);

#endif

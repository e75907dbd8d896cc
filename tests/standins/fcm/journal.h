/* journal.h - one JSON line for each request: what a test counts and compares afterwards.
 *
 * Is:      the file, its sequence numbers, and the counts. What a fault kept from being acted upon has status
 *          0.
 * Beware:  lines wait in memory; journal_flush() or journal_close() puts them into the file. Access tokens
 *          and assertions are not written.
 */
#ifndef NARAE_STANDIN_FCM_JOURNAL_H
#define NARAE_STANDIN_FCM_JOURNAL_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "tests/standins/fcm/fault.h"

enum journal_route { JOURNAL_SEND, JOURNAL_TOKEN, JOURNAL_TOPIC, JOURNAL_IID, JOURNAL_OTHER };

struct journal_entry {
    enum journal_route route;
    const char *method;
    const char *path;
    const char *verdict; /* a row of verdict.h, "token", or an OAuth error */
    int http_status;
    const char *kind;   /* of the target; NULL = none */
    const char *target; /* NULL = none */
    const char *query;  /* topic of a create; NULL = none */
    enum fault fault;   /* how the answer was spoilt */
    const json_t *body; /* as far as it is JSON; NULL otherwise */
    const char *name;   /* of the accepted message; NULL = none */
    bool is_dry_run;
    bool asks_details;  /* X-GOOG-API-FORMAT-VERSION: 2 */
    const char *client; /* the client's connection as the proxy calls it; NULL = no proxy */
    int connection;     /* peer port */
    int stream;         /* 0 = HTTP/1.1 */
    int64_t wall_ms;    /* of the arrival */
    int64_t mono_us;
};

struct journal;

/* NULL, with the reason on stderr, when the file cannot be made. An existing file is emptied. */
struct journal *journal_open(const char *path);
int journal_close(struct journal *journal);

/* Threads: all safe. */
void journal_add(struct journal *journal, const struct journal_entry *entry);
int journal_flush(struct journal *journal);

/* Counts at zero, sequence at the start, file empty. */
int journal_reset(struct journal *journal);

/* The counts as an object, the caller's. */
json_t *journal_counts(struct journal *journal);

#endif

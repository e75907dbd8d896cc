/* ledger.h - results on their way into the ledger.
 *
 * Is:      gathers what became of sends and writes it down while others are still under way, so that a crash
 *          concerns a tenth of a second of sends and not a whole batch.
 * Is not:  SQL (store_finish.h).
 * Beware:  what could not be written is kept and tried again with the next write; a database that is
 *          restarting must not turn sent pushes into pushes that are sent again.
 */
#ifndef NARAE_PUSH_LEDGER_H
#define NARAE_PUSH_LEDGER_H

#include <stddef.h>
#include <stdint.h>

#include <narae/err.h>
#include <narae/pg.h>

#include "functions/push/fcm.h"
#include "functions/push/store_finish.h"

struct ledger {
    struct nr_pg *pg; /* borrowed */
    int64_t holder;
    struct store_result *results; /* owned */
    char *ids;                    /* owned; NULL = the results borrow theirs */
    size_t n, cap;
    int64_t oldest_mono_ms; /* when the first of them came */
    int64_t quiet_mono_ms;  /* after a failure: not tried again before */
    size_t n_written;
};

/* holder as for the claim. Cannot fail; ledger_done() releases. */
void ledger_init(struct ledger *ledger, struct nr_pg *pg, int64_t holder);
void ledger_done(struct ledger *ledger);

/* Take a result. Its views live until the ledger is written. Returns 0, or -1: UNAVAILABLE (memory). */
int ledger_add(struct ledger *ledger, const struct store_result *result, struct nr_err *err) NR_MUST_CHECK;

/* Write if there is much, or something old; never waits long, and a failure is left to the next time. */
void ledger_write_some(struct ledger *ledger);

/* Copy the ids, so that the results outlive their messages. Returns 0, or -1: UNAVAILABLE (memory). */
int ledger_own_ids(struct ledger *ledger, struct nr_err *err) NR_MUST_CHECK;

/* Write all, again and again until the deadline while the database is away. Returns 0, or -1 as
 * nr_pg_run(). */
int ledger_write_all(struct ledger *ledger, int64_t deadline_mono_ms, struct nr_err *err) NR_MUST_CHECK;

#endif

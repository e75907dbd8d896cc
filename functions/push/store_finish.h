/* store_finish.h - write down what became of claimed sends.
 *
 * Is:      set-based, like store_claim.h: one statement for any number of results.
 * Is not:  where it is decided what becomes of a send (outcome.h), nor what happens to a device (store.h).
 * Beware:  until this has returned, a crash means that the sends are made again after their lease.
 */
#ifndef NARAE_PUSH_STORE_FINISH_H
#define NARAE_PUSH_STORE_FINISH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <narae/err.h>
#include <narae/pg.h>
#include <narae/view.h>

/* What a verdict writes; a table of them, indexed by verdict. */
struct store_meaning {
    const char *state;   /* of the ledger: "sent", "retry" ... */
    const char *verdict; /* its name */
};

/* What became of one send. */
struct store_result {
    struct nr_view message_id; /* borrowed until it is written */
    int64_t device_id;         /* 0 = the message's topic or condition */
    int verdict;               /* index into the meanings */
    int more_attempts; /* than the one that the claim counted: -1 when FCM has certainly not seen it */
    int64_t wait_ms;   /* of a retry: not before so long from now; at most INT32_MAX */
};

/* What is to be written; all borrowed. */
struct store_finished {
    const struct store_meaning *meanings;
    size_t n_meanings;
    const struct store_result *results;
    size_t n_results;
    int64_t holder; /* who claimed them */
};

/* Write results down. A row that is no longer ours, since its lease ran out and somebody else has it, is left
 * alone. May be repeated.
 *
 * n_written  out  how many were ours still
 * Returns 0, or -1 as nr_pg_run(). */
int store_finish_write(struct nr_pg *pg, const struct store_finished *what, int64_t deadline_mono_ms,
                       size_t *n_written, struct nr_err *err) NR_MUST_CHECK;

/* The messages have expired: what waited for another try is skipped. Returns 0, or -1 as nr_pg_run(). */
int store_finish_expired(struct nr_pg *pg, const struct nr_view *message_ids, size_t n,
                         int64_t deadline_mono_ms, struct nr_err *err) NR_MUST_CHECK;

#endif

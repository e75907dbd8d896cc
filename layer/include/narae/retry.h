/* retry.h - when to try again, if at all.
 *
 * Is:      pure arithmetic: full-jitter exponential back-off with a floor, bounded by attempts and by the
 *          time left.
 * Is not:  a loop and not a sleep; the caller does both.
 * Source:  full jitter: AWS Architecture Blog, "Exponential Backoff And Jitter".
 */
#ifndef NARAE_RETRY_H
#define NARAE_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#include <narae/err.h>

struct nr_retry_policy {
    int max_attempts; /* tries in all, the first one included; at least 1 */
    int64_t base_ms; /* the first back-off is drawn from [0, base_ms], the second from [0, 2 * base_ms] ... */
    int64_t cap_ms;  /* no draw is above this */
    int64_t floor_ms; /* and no wait below this, whatever was drawn; 0 = none */
};

struct nr_retry_decision {
    bool is_again;   /* try again? */
    int64_t wait_ms; /* after waiting this long */
};

/* Decide after a failed attempt.
 *
 * attempt  in  attempts made so far, from 1
 * err      in  why the last one failed; permanent kinds are never tried again; its retry_after_ms, when above
 *              0, is a lower bound of the wait
 * left_ms  in  time left; a wait that leaves nothing is not started
 * random   in  uniform in [0, 2^32), e.g. nr_rand_below(1ULL << 32)
 */
struct nr_retry_decision nr_retry_decide(const struct nr_retry_policy *policy, int attempt,
                                         const struct nr_err *err, int64_t left_ms, uint64_t random);

#endif

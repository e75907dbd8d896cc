/* backoff.h - how long a send waits before it is tried again.
 *
 * Is:      pure: FCM's rules for retries as arithmetic.
 * Is not:  a queue or a sleep (delivery.h waits inside the invocation, narae/sqs.h outside).
 * Beware:  FCM may denylist senders that come back sooner, or all at once: the jitter is part of the rule.
 * Source:  FCM "scale-fcm" (10 s floor, exponential, jitter, an hour at most) and ErrorCode (Retry-After, 60
 *          s after a 429 without it).
 */
#ifndef NARAE_PUSH_BACKOFF_H
#define NARAE_PUSH_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

#include <narae/view.h>

enum {
    BACKOFF_CAP_MS = 15 * 60 * 1000, /* no own step is longer: four of them still fit into the hour */
    BACKOFF_RETRY_AFTER_MAX_MS =
        3600 * 1000,                  /* what FCM asks for is believed up to its own limit of retries */
    BACKOFF_GIVE_UP_MS = 3600 * 1000, /* FCM wants no retries after 60 minutes */
};

struct backoff_case {
    int64_t floor_ms;       /* of the verdict; 0 = at once */
    int attempts;           /* made so far, from 1 */
    int64_t retry_after_ms; /* what FCM asked for; 0 = nothing */
    int64_t age_ms;         /* since the first attempt */
    bool is_aged;           /* the hour counts */
    uint64_t random;        /* uniform in [0, 2^32) */
};

/* Milliseconds to wait; -1 = give up. */
int64_t backoff_wait_ms(const struct backoff_case *why);

/* Retry-After in either form, as ms from now; 0 when there is none or it cannot be read.
 *
 * date         in  the reply's own Date, by whose clock an HTTP date counts; empty = ours
 * now_unix_ms  in  wall clock */
int64_t backoff_retry_after_ms(struct nr_view retry_after, struct nr_view date, int64_t now_unix_ms);

#endif

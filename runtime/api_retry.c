#include <errno.h>
#include <stddef.h>
#include <time.h>

#include <narae/clock.h>
#include <narae/rand.h>
#include <narae/retry.h>

#include "runtime/api_retry.h"

static const struct nr_retry_policy policy = {
    .max_attempts = 5, .base_ms = 100, .cap_ms = 2000, .floor_ms = 10};

static void (*replaced)(int64_t wait_ms);

void api_retry_replace(void (*fake)(int64_t wait_ms))
{
    replaced = fake;
}

static void sleep_ms(int64_t wait_ms)
{
    struct timespec wait = {wait_ms / 1000, wait_ms % 1000 * 1000000};

    while (nanosleep(&wait, &wait) != 0 && errno == EINTR)
        ;
}

bool api_retry_pause(int attempt, const struct nr_err *why)
{
    struct nr_retry_decision decision =
        nr_retry_decide(&policy, attempt, why, NR_CLOCK_NEVER_MS, nr_rand_below(1ULL << 32));

    if (decision.is_again)
        (replaced ? replaced : sleep_ms)(decision.wait_ms);
    return decision.is_again;
}

int api_retry_connect(struct conn *conn, struct nr_err *err)
{
    for (int attempt = 1;; attempt++) {
        struct nr_err why = {0};

        if (conn_ensure(conn, &why) == 0)
            return 0;
        if (!api_retry_pause(attempt, &why)) {
            *err = why;
            return -1;
        }
    }
}

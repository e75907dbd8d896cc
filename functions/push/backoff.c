#include <narae/http_date.h>

#include "functions/push/backoff.h"

/* Half of the wait again, at most: 10,000 sends that failed together come back spread over 5 s and more. */
enum { JITTER_DIVISOR = 2, DIGITS_MAX = 9 };

static int64_t step_ms(int64_t floor_ms, int attempts)
{
    int64_t step = floor_ms;

    for (int i = 1; i < attempts && step < BACKOFF_CAP_MS; i++)
        step *= 2;
    return step < BACKOFF_CAP_MS ? step : BACKOFF_CAP_MS;
}

int64_t backoff_wait_ms(const struct backoff_case *why)
{
    int64_t wait = step_ms(why->floor_ms, why->attempts);
    int64_t asked =
        why->retry_after_ms < BACKOFF_RETRY_AFTER_MAX_MS ? why->retry_after_ms : BACKOFF_RETRY_AFTER_MAX_MS;

    if (wait < asked)
        wait = asked;
    wait += (int64_t)(why->random * (uint64_t)(wait / JITTER_DIVISOR + 1) >> 32);
    if (why->is_aged && why->age_ms + wait > BACKOFF_GIVE_UP_MS)
        return -1;
    return wait;
}

static int64_t seconds_of(struct nr_view text)
{
    int64_t value = 0;

    if (text.len == 0 || text.len > DIGITS_MAX)
        return -1;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return -1;
        value = value * 10 + (text.ptr[i] - '0');
    }
    return value;
}

int64_t backoff_retry_after_ms(struct nr_view retry_after, struct nr_view date, int64_t now_unix_ms)
{
    int64_t seconds = seconds_of(nr_view_trim(retry_after));
    int64_t until_unix_s;
    int64_t now_unix_s = now_unix_ms / 1000;

    if (seconds >= 0)
        return seconds * 1000;
    if (!nr_http_date_parse(retry_after, &until_unix_s))
        return 0;
    (void)nr_http_date_parse(date, &now_unix_s);
    return until_unix_s > now_unix_s ? (until_unix_s - now_unix_s) * 1000 : 0;
}

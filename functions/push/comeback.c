#include "functions/push/comeback.h"

/* As far as one level's jitter reaches (backoff.h): what lies within it failed together. */
enum { TOGETHER_DIVISOR = 2 };

static int64_t together_until_ms(const struct comeback *comeback)
{
    return comeback->first_ms + comeback->first_ms / TOGETHER_DIVISOR;
}

/* What came when the first was still unknown may lie outside. */
static int64_t soon_ms(const struct comeback *comeback)
{
    int64_t until_ms = together_until_ms(comeback);

    return comeback->together_ms < until_ms ? comeback->together_ms : until_ms;
}

void comeback_add(struct comeback *comeback, int64_t wait_ms)
{
    if (!comeback->is_due || wait_ms < comeback->first_ms)
        comeback->first_ms = wait_ms;
    comeback->is_due = true;
    if (wait_ms > comeback->together_ms && wait_ms <= together_until_ms(comeback))
        comeback->together_ms = wait_ms;
    if (wait_ms > comeback->last_ms)
        comeback->last_ms = wait_ms;
}

void comeback_join(struct comeback *comeback, const struct comeback *other)
{
    if (!other->is_due)
        return;
    comeback_add(comeback, other->first_ms);
    comeback_add(comeback, soon_ms(other));
    comeback_add(comeback, other->last_ms);
}

int64_t comeback_wait_ms(const struct comeback *comeback, int64_t receive_count)
{
    return receive_count > COMEBACK_SOON_RECEIVES ? comeback->last_ms : soon_ms(comeback);
}

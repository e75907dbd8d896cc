#include <narae/retry.h>

/* base * 2^(attempt-1), stopping at the cap before it can overflow. */
static int64_t ceiling_ms(const struct nr_retry_policy *policy, int attempt)
{
    int64_t ceiling = policy->base_ms;

    for (int i = 1; i < attempt && ceiling < policy->cap_ms; i++)
        ceiling *= 2;
    return ceiling < policy->cap_ms ? ceiling : policy->cap_ms;
}

struct nr_retry_decision nr_retry_decide(const struct nr_retry_policy *policy, int attempt,
                                         const struct nr_err *err, int64_t left_ms, uint64_t random)
{
    const struct nr_retry_decision no = {false, 0};
    int64_t wait;

    if (!nr_err_is_transient(err) || attempt >= policy->max_attempts)
        return no;
    wait = (int64_t)(random * (uint64_t)(ceiling_ms(policy, attempt) + 1) >> 32);
    if (wait < policy->floor_ms)
        wait = policy->floor_ms;
    if (wait < err->retry_after_ms)
        wait = err->retry_after_ms;
    if (wait >= left_ms)
        return no;
    return (struct nr_retry_decision){true, wait};
}

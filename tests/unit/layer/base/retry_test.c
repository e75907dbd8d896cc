#include <criterion/criterion.h>

#include <narae/clock.h>
#include <narae/retry.h>

static const struct nr_retry_policy policy = {
    .max_attempts = 5, .base_ms = 100, .cap_ms = 1000, .floor_ms = 20};
static const uint64_t HIGHEST = (1ULL << 32) - 1;

static struct nr_retry_decision decide(int attempt, enum nr_err_kind kind, int64_t left_ms, uint64_t random)
{
    return nr_retry_decide(&policy, attempt, &(struct nr_err){.kind = kind}, left_ms, random);
}

Test(retry, draws_up_to_a_doubling_ceiling)
{
    const int64_t ceilings[] = {100, 200, 400, 800};

    for (int attempt = 1; attempt <= 4; attempt++) {
        struct nr_retry_decision d = decide(attempt, NR_ERR_UNAVAILABLE, 60000, HIGHEST);

        cr_assert(d.is_again);
        cr_assert_eq(d.wait_ms, ceilings[attempt - 1], "attempt %d waits %ld", attempt, (long)d.wait_ms);
    }
}

Test(retry, never_waits_less_than_the_floor_nor_more_than_the_cap)
{
    const struct nr_retry_policy many = {.max_attempts = 100, .base_ms = 100, .cap_ms = 1000, .floor_ms = 20};
    const struct nr_err err = {.kind = NR_ERR_UNAVAILABLE};

    cr_assert_eq(decide(1, NR_ERR_UNAVAILABLE, 60000, 0).wait_ms, 20);
    cr_assert_eq(nr_retry_decide(&many, 90, &err, NR_CLOCK_NEVER_MS, HIGHEST).wait_ms, 1000);
}

Test(retry, ends_with_its_attempts)
{
    cr_assert(decide(4, NR_ERR_UNAVAILABLE, 60000, 0).is_again);
    cr_assert_not(decide(5, NR_ERR_UNAVAILABLE, 60000, 0).is_again);
}

Test(retry, never_repeats_what_time_cannot_mend)
{
    cr_assert_not(decide(1, NR_ERR_INVALID, 60000, 0).is_again);
    cr_assert_not(decide(1, NR_ERR_DENIED, 60000, 0).is_again);
    cr_assert_not(decide(1, NR_ERR_BUG, 60000, 0).is_again);
}

Test(retry, does_what_the_other_side_asks)
{
    const struct nr_err err = {.kind = NR_ERR_THROTTLED, .retry_after_ms = 5000};

    cr_assert_eq(nr_retry_decide(&policy, 1, &err, 60000, 0).wait_ms, 5000);
    cr_assert_not(nr_retry_decide(&policy, 1, &err, 5000, 0).is_again,
                  "a wait that leaves nothing is not started");
}

Test(retry, does_not_start_a_wait_that_leaves_no_time)
{
    cr_assert_not(decide(1, NR_ERR_UNAVAILABLE, 20, 0).is_again);
    cr_assert(decide(1, NR_ERR_UNAVAILABLE, 21, 0).is_again);
}

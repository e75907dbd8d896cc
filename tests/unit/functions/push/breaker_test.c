#include <criterion/criterion.h>

#include "functions/push/breaker.h"

Test(breaker, lets_single_bad_registrations_pass)
{
    struct breaker breaker = {0};

    breaker_add(&breaker, 9, 9); /* small batches of old devices look like this */

    cr_expect(!breaker_is_open(&breaker, 20));
}

Test(breaker, opens_above_the_share)
{
    struct breaker breaker = {0};

    breaker_add(&breaker, 50, 10);
    cr_expect(!breaker_is_open(&breaker, 20));
    breaker_add(&breaker, 1, 1);
    cr_expect(breaker_is_open(&breaker, 20));
}

Test(breaker, adds_up_small_batches)
{
    struct breaker breaker = {0};

    for (int i = 0; i < 4; i++)
        breaker_add(&breaker, 3, 3);

    cr_expect(breaker_is_open(&breaker, 20));
}

Test(breaker, forgets_by_halves)
{
    struct breaker breaker = {0};

    breaker_add(&breaker, 1000, 1000);
    for (int i = 0; i < 10; i++)
        breaker_add(&breaker, BREAKER_WINDOW, 0);

    cr_expect(!breaker_is_open(&breaker, 20), "%zu of %zu", breaker.n_blamed, breaker.n_answered);
}

Test(breaker, never_opens_at_a_hundred_percent_and_at_once_at_none)
{
    struct breaker breaker = {0};

    breaker_add(&breaker, 1000, 1000);
    cr_expect(!breaker_is_open(&breaker, 100));
    cr_expect(breaker_is_open(&breaker, 0));
}

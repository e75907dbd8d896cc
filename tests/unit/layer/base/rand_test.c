#include <criterion/criterion.h>

#include <narae/rand.h>

Test(rand, a_fixed_seed_repeats)
{
    uint64_t first[5];
    nr_rand_fix(42);
    for (int i = 0; i < 5; i++)
        first[i] = nr_rand_below(1000);

    nr_rand_fix(42);

    for (int i = 0; i < 5; i++)
        cr_assert_eq(nr_rand_below(1000), first[i]);
}

Test(rand, stays_below_and_reaches_everything)
{
    int seen[7] = {0};
    nr_rand_fix(1);

    for (int i = 0; i < 1000; i++)
        seen[nr_rand_below(7)]++;

    for (int i = 0; i < 7; i++)
        cr_assert_gt(seen[i], 90, "%d came %d times of 1000", i, seen[i]);
    cr_assert_eq(nr_rand_below(0), 0);
    cr_assert_eq(nr_rand_below(1), 0);
}

Test(rand, seeds_itself_from_the_kernel)
{
    uint64_t first = nr_rand_below(UINT64_MAX);

    nr_rand_reseed();

    cr_assert_neq(first, nr_rand_below(UINT64_MAX));
}

#include <criterion/criterion.h>

#include "functions/search/hangul.h"

Test(hangul, a_first_consonant_is_itself)
{
    int32_t out[HANGUL_INITIALS_MAX];

    cr_assert_eq(hangul_initials(0x3131, out), 1); /* kiyeok */
    cr_expect_eq(out[0], 0x3131);
    cr_assert_eq(hangul_initials(0x314E, out), 1); /* hieuh, the last */
    cr_expect_eq(out[0], 0x314E);
}

Test(hangul, a_conjoining_consonant_is_the_one_that_keyboards_send)
{
    int32_t out[HANGUL_INITIALS_MAX];

    cr_assert_eq(hangul_initials(0x1100, out), 1);
    cr_expect_eq(out[0], 0x3131);
    cr_assert_eq(hangul_initials(0x1112, out), 1);
    cr_expect_eq(out[0], 0x314E);
}

Test(hangul, a_cluster_is_two_consonants)
{
    int32_t out[HANGUL_INITIALS_MAX];

    cr_assert_eq(hangul_initials(0x3133, out), 2); /* kiyeok-sios */
    cr_expect_eq(out[0], 0x3131);
    cr_expect_eq(out[1], 0x3145);
    cr_assert_eq(hangul_initials(0x3144, out), 2); /* pieup-sios */
    cr_expect_eq(out[0], 0x3142);
}

Test(hangul, everything_else_is_no_consonant)
{
    static const int32_t others[] = {'a', 0xAC00, 0x314F, 0x1113, 0x10FF, 0x3130, 0x1F600, 0, -1};
    int32_t out[HANGUL_INITIALS_MAX];

    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        cr_expect_eq(hangul_initials(others[i], out), 0, "%d", others[i]);
}

Test(hangul, a_syllable_without_final_may_get_one)
{
    int32_t low;
    int32_t high;

    cr_assert(hangul_unfinished(0xCC98, &low, &high)); /* 처 */
    cr_expect_eq(low, 0xCC98);
    cr_expect_eq(high, 0xCC98 + 28);
    cr_assert(hangul_unfinished(0xD788, &low, &high)); /* the last one without final */
    cr_expect_eq(high, 0xD7A4);
}

Test(hangul, a_consonant_may_become_any_syllable_that_it_begins)
{
    int32_t low;
    int32_t high;

    cr_assert(hangul_unfinished(0x3131, &low, &high));
    cr_expect_eq(low, 0xAC00);
    cr_expect_eq(high, 0xAE4C); /* the first with the next consonant */
    cr_assert(hangul_unfinished(0x314E, &low, &high));
    cr_expect_eq(high, 0xD7A4);
}

Test(hangul, what_is_finished_stays)
{
    static const int32_t finished[] = {0xCC99, 0xABFF, 0xD7A4, 'a', 0x3133, 0x314F};
    int32_t low = 7;
    int32_t high = 7;

    for (size_t i = 0; i < sizeof(finished) / sizeof(finished[0]); i++)
        cr_expect_not(hangul_unfinished(finished[i], &low, &high), "%x", (unsigned)finished[i]);
    cr_expect_eq(low, 7);
}

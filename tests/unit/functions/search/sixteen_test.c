#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "functions/search/sixteen.h"

/* The bytes end where their memory ends, so that one too many that is read is seen. */
Test(sixteen, loads_a_part_and_zeros_behind_it)
{
    for (size_t n = 1; n < SIXTEEN; n++) {
        char *text = malloc(n);
        char wanted[SIXTEEN] = {0};
        sixteen bytes;

        for (size_t i = 0; i < n; i++)
            text[i] = wanted[i] = (char)(0xf0 + i);
        bytes = sixteen_load_part(text, n);
        cr_assert_arr_eq((char *)&bytes, wanted, SIXTEEN, "%zu bytes", n);
        free(text);
    }
}

Test(sixteen, flags_each_byte_by_a_bit)
{
    for (unsigned i = 0; i < SIXTEEN; i++) {
        char text[SIXTEEN] = {0};
        sixteen bytes;

        text[i] = 'x';
        bytes = sixteen_load(text);
        cr_assert_eq(sixteen_mask(bytes == 'x'), 1u << i);
        cr_assert_eq(sixteen_first(bytes == 'x'), i);
        cr_assert_eq(sixteen_below(i), (1u << i) - 1);
    }
    cr_assert_eq(sixteen_first(sixteen_load("0123456789abcdef") == 'x'), SIXTEEN);
    cr_assert_eq(sixteen_below(SIXTEEN), 0xffff);
    cr_assert_eq(sixteen_below(SIXTEEN + 1), 0xffff);
}

Test(sixteen, says_what_is_between_two_signed_bytes)
{
    for (int c = -128; c < 128; c++) {
        char text[SIXTEEN];

        memset(text, c, sizeof(text));
        cr_assert_eq(sixteen_mask(sixteen_between(sixteen_load(text), '0', '9')),
                     c >= '0' && c <= '9' ? 0xffff : 0);
        cr_assert_eq(sixteen_mask(sixteen_between(sixteen_load(text), -62, -1)),
                     c >= -62 && c < 0 ? 0xffff : 0);
    }
}

Test(sixteen, are_two_halves)
{
    sixteen found = sixteen_of(0x6867666564636261u, 0x706f6e6d6c6b6a69u);

    cr_expect_arr_eq((char *)&found, "abcdefghijklmnop", SIXTEEN);
}

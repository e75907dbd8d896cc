#include <string.h>

#include <criterion/criterion.h>

#include "functions/search/shuffle.h"

enum { ALL = 256 };

SHUFFLES static void check_orders(void)
{
    sixteen text = sixteen_load("abcdefghijklmnop");
    sixteen backwards = {15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0};
    sixteen mixed = {3, 3, -1, 0, -128, 15, -1, -1, -1, -1, -1, -1, -1, -1, -1, 1};
    sixteen found = shuffle(text, backwards);

    cr_expect_arr_eq((char *)&found, "ponmlkjihgfedcba", SIXTEEN);
    found = shuffle(text, mixed);
    cr_expect_arr_eq((char *)&found, "dd\0a\0p\0\0\0\0\0\0\0\0\0b", SIXTEEN);
}

/* On a machine that cannot, these tests would look at nothing: they say so. */
Test(shuffle, puts_bytes_where_the_order_says)
{
    cr_assert(shuffle_can());
    check_orders();
}

Test(shuffle, a_table_has_a_row_for_each_choice)
{
#define ITSELF(bits) (bits)
    static const unsigned rows[ALL] = {SHUFFLE_ROWS(ITSELF)};

    for (unsigned i = 0; i < ALL; i++)
        cr_expect_eq(rows[i], i);
}

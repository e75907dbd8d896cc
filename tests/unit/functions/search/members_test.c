#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "functions/search/members.h"

struct member {
    struct scan_name name;
    char letter;
};

static const struct member table[] = {
    {SCAN_NAME("one"), '1'}, {SCAN_NAME("two"), '2'}, {SCAN_NAME("three"), '3'}, {SCAN_NAME("four"), '4'}};

/* The letters of the members of an object, '?' for one that is in no row; a '!' behind them for a fault. */
static const char *letters_of(const char *text)
{
    static char out[32];
    struct members members = MEMBERS(table);
    struct scan scan;
    const void *row;
    size_t n = 0;

    scan_init(&scan, nr_view(text));
    scan_enter(&scan, SCAN_OBJECT);
    while (members_next(&members, &scan, &row)) {
        const struct member *member = row;

        out[n++] = member ? member->letter : '?';
        scan_skip(&scan);
    }
    if (!scan_end(&scan))
        out[n++] = '!';
    out[n] = '\0';
    return out;
}

Test(members, come_in_any_order)
{
    cr_expect_str_eq(letters_of("{\"one\":1,\"two\":2,\"three\":3,\"four\":4}"), "1234");
    cr_expect_str_eq(letters_of("{\"four\":4,\"three\":3,\"two\":2,\"one\":1}"), "4321");
    cr_expect_str_eq(letters_of("{\"two\":2,\"four\":4}"), "24");
    cr_expect_str_eq(letters_of("{\"two\":2,\"two\":2,\"one\":1,\"two\":2}"), "2212");
    cr_expect_str_eq(letters_of("{}"), "");
}

Test(members, of_other_names_are_in_no_row)
{
    cr_expect_str_eq(letters_of("{\"zero\":0,\"one\":1,\"ones\":11,\"on\":10,\"two\":2}"), "?1??2");
    cr_expect_str_eq(letters_of("{\"\":0,\"One\":1,\"four\":4,\"five\":5}"), "??4?");
    cr_expect_str_eq(letters_of("{\"t\\u0077o\":2,\"\\\\one\":1}"), "??", "names of ours need no escapes");
}

Test(members, may_have_blanks_around_them)
{
    cr_expect_str_eq(letters_of(" { \"one\" : 1 ,\n\"two\":2\t, \"three\" :{\"one\":1} } "), "123");
    cr_expect_str_eq(letters_of("{ }"), "");
}

Test(members, end_with_a_fault_where_the_text_has_one)
{
    static const char whole[] = "{\"one\":{\"two\":2},\"two\":2,\"x\":\"y\"}";

    for (size_t n = 0; n < sizeof(whole) - 1; n++) {
        char cut[sizeof(whole)] = "";

        memcpy(cut, whole, n);
        cr_expect_not_null(strchr(letters_of(cut), '!'), "%s", cut);
    }
    cr_expect_str_eq(letters_of(whole), "12?");
    cr_expect_str_eq(letters_of("{\"one\":1 \"two\":2}"), "1!");
    cr_expect_str_eq(letters_of("{\"one\":1,}"), "1!");
    cr_expect_str_eq(letters_of("{,\"one\":1}"), "!");
    cr_expect_str_eq(letters_of("{\"one\" 1}"), "!");
    cr_expect_str_eq(letters_of("{\"one\":1}}"), "1!");
}

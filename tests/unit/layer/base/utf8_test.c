#include <criterion/criterion.h>

#include "layer/base/utf8.h"

static const struct {
    const char *bytes;
    size_t len;
    size_t expected;
} cases[] = {
    {"a", 1, 1},
    {"", 0, 0},
    {"\xC2\x80", 2, 2},
    {"\xDF\xBF", 2, 2},
    {"\xE0\xA0\x80", 3, 3},
    {"\xED\x9F\xBF", 3, 3},
    {"\xEF\xBF\xBF", 3, 3},
    {"\xF0\x90\x80\x80", 4, 4},
    {"\xF4\x8F\xBF\xBF", 4, 4},
    {"\x80", 1, 0},             /* continuation first */
    {"\xC1\xBF", 2, 0},         /* overlong */
    {"\xE0\x9F\xBF", 3, 0},     /* overlong */
    {"\xED\xA0\x80", 3, 0},     /* surrogate */
    {"\xF0\x8F\xBF\xBF", 4, 0}, /* overlong */
    {"\xF4\x90\x80\x80", 4, 0}, /* beyond U+10FFFF */
    {"\xF5\x80\x80\x80", 4, 0},
    {"\xC2", 1, 0},     /* cut */
    {"\xE2\x82", 2, 0}, /* cut */
    {"\xE2\x82"
     "a",
     3, 0},
    {"\xF0\x90\x80"
     "a",
     4, 0},
};

Test(utf8, length_follows_rfc_3629)
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        cr_assert_eq(utf8_length(nr_view_n(cases[i].bytes, cases[i].len)), cases[i].expected, "case %zu", i);
}

#include <criterion/criterion.h>

#include <narae/view.h>

Test(view, of_null_is_empty)
{
    struct nr_view view = nr_view(NULL);

    cr_assert_eq(view.len, 0);
    cr_assert(nr_view_is(view, NR_VIEW("")));
}

Test(view, is_compares_bytes_and_length)
{
    cr_assert(nr_view_is(nr_view("abc"), nr_view_n("abcd", 3)));
    cr_assert_not(nr_view_is(nr_view("abc"), nr_view("abd")));
    cr_assert_not(nr_view_is(nr_view("abc"), nr_view("ab")));
}

Test(view, is_nocase_ignores_ascii_case_only)
{
    cr_assert(nr_view_is_nocase(nr_view("Content-TYPE"), nr_view("content-type")));
    cr_assert_not(nr_view_is_nocase(nr_view("content-type"), nr_view("content_type")));
    cr_assert_not(nr_view_is_nocase(nr_view("a"), nr_view("ab")));
}

Test(view, starts_wants_the_whole_beginning)
{
    cr_assert(nr_view_starts(nr_view("env:NAME"), NR_VIEW("env:")));
    cr_assert(nr_view_starts(nr_view("x"), NR_VIEW("")));
    cr_assert_not(nr_view_starts(nr_view("en"), NR_VIEW("env:")));
}

Test(view, trim_takes_white_space_from_both_ends)
{
    cr_assert(nr_view_is(nr_view_trim(nr_view(" \t a b\r\n")), nr_view("a b")));
    cr_assert_eq(nr_view_trim(nr_view(" \n")).len, 0);
}

#include <string.h>

#include <criterion/criterion.h>

#include <narae/buf.h>

static void assert_text(struct nr_buf *buf, const char *expected)
{
    cr_assert_str_eq(nr_buf_text(buf), expected);
    nr_buf_done(buf);
}

Test(buf, gathers_pieces)
{
    struct nr_buf buf;
    nr_buf_init(&buf, 100);

    nr_buf_add_text(&buf, "a");
    nr_buf_add_char(&buf, '-');
    nr_buf_add(&buf, nr_view_n("bcd", 2));
    nr_buf_printf(&buf, "=%d", 42);

    assert_text(&buf, "a-bc=42");
}

Test(buf, takes_exactly_its_cap)
{
    struct nr_buf buf;
    struct nr_err err = {0};
    nr_buf_init(&buf, 4);

    nr_buf_add_text(&buf, "abcd");

    cr_assert_eq(nr_buf_check(&buf, "thing", &err), 0);
    assert_text(&buf, "abcd");
}

Test(buf, over_its_cap_turns_bad_and_says_so)
{
    struct nr_buf buf;
    struct nr_err err = {0};
    nr_buf_init(&buf, 4);

    nr_buf_add_text(&buf, "abcd");
    nr_buf_add_char(&buf, 'e');
    nr_buf_add_text(&buf, "ignored");

    cr_assert_eq(nr_buf_check(&buf, "thing", &err), -1);
    cr_assert_eq(err.kind, NR_ERR_INVALID);
    cr_assert_str_eq(err.type, "Function.TooLarge");
    cr_assert_str_eq(err.message, "thing: longer than 4 bytes");
    cr_assert_eq(nr_buf_view(&buf).len, 0);
    assert_text(&buf, "");
}

Test(buf, reset_makes_a_bad_one_good)
{
    struct nr_buf buf;
    nr_buf_init(&buf, 2);
    nr_buf_add_text(&buf, "abc");

    nr_buf_reset(&buf);
    nr_buf_add_text(&buf, "ab");

    assert_text(&buf, "ab");
}

Test(buf, rewound_has_what_it_had_when_it_was_good)
{
    struct nr_buf buf;
    struct nr_err err = {0};
    size_t len;
    nr_buf_init(&buf, 6);

    nr_buf_add_text(&buf, "abc");
    len = buf.len;
    nr_buf_add_text(&buf, "d");
    nr_buf_add_text(&buf, "too long");
    cr_assert(buf.is_bad);

    nr_buf_rewind(&buf, len);
    cr_expect_eq(nr_buf_check(&buf, "thing", &err), 0);
    nr_buf_add_text(&buf, "xyz");

    assert_text(&buf, "abcxyz");
}

Test(buf, shrink_gives_large_memory_back_and_keeps_small)
{
    struct nr_buf buf;
    nr_buf_init(&buf, 1 << 20);
    nr_buf_room(&buf, 100000);

    nr_buf_shrink(&buf, 200000);
    cr_assert_geq(buf.cap, 100000);
    nr_buf_shrink(&buf, 1000);
    cr_assert_eq(buf.cap, 0);

    nr_buf_add_text(&buf, "still good");
    assert_text(&buf, "still good");
}

Test(buf, grows_over_many_small_appends)
{
    struct nr_buf buf;
    nr_buf_init(&buf, 1 << 20);

    for (int i = 0; i < 100000; i++)
        nr_buf_add_char(&buf, (char)('a' + i % 26));

    cr_assert_eq(buf.len, 100000);
    cr_assert_eq(buf.data[99999], 'a' + 99999 % 26);
    nr_buf_done(&buf);
}

Test(buf, an_empty_one_is_an_empty_text)
{
    struct nr_buf buf;
    nr_buf_init(&buf, 10);

    nr_buf_add(&buf, nr_view_n(NULL, 0));

    cr_assert_eq(buf.cap, 0);
    assert_text(&buf, "");
}

/* Text in, JSON string out. */
static const struct {
    const char *label;
    const char *text;
    size_t len;
    const char *json;
} json_cases[] = {
    {"plain", "hello", 5, "\"hello\""},
    {"empty", "", 0, "\"\""},
    {"quotes and backslash", "a\"b\\c", 5, "\"a\\\"b\\\\c\""},
    {"short escapes", "\b\f\n\r\t", 5, "\"\\b\\f\\n\\r\\t\""},
    {"control characters", "\x01\x1f\x7f", 3, "\"\\u0001\\u001f\\u007f\""},
    {"a NUL inside", "a\0b", 3, "\"a\\u0000b\""},
    {"two, three, four bytes", "caf\xC3\xA9 \xEB\x82\x98 \xF0\x9F\xAA\xBD", 14,
     "\"caf\xC3\xA9 \xEB\x82\x98 \xF0\x9F\xAA\xBD\""},
    {"broken byte",
     "a\xFF"
     "b",
     3,
     "\"a\xEF\xBF\xBD"
     "b\""},
    {"cut character", "\xEB\x82", 2, "\"\xEF\xBF\xBD\xEF\xBF\xBD\""},
    {"surrogate", "\xED\xA0\x80", 3, "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},
    {"overlong slash", "\xC0\xAF", 2, "\"\xEF\xBF\xBD\xEF\xBF\xBD\""},
};

Test(buf, add_json_text_is_valid_json_whatever_comes_in)
{
    for (size_t i = 0; i < sizeof(json_cases) / sizeof(json_cases[0]); i++) {
        struct nr_buf buf;
        nr_buf_init(&buf, 1000);

        nr_buf_add_json_text(&buf, nr_view_n(json_cases[i].text, json_cases[i].len));

        cr_assert_str_eq(nr_buf_text(&buf), json_cases[i].json, "%s: %s", json_cases[i].label,
                         nr_buf_text(&buf));
        nr_buf_done(&buf);
    }
}

Test(buf, writes_numbers)
{
    struct nr_buf buf;
    nr_buf_init(&buf, 200);

    nr_buf_add_int(&buf, INT64_MIN);
    nr_buf_add_char(&buf, ' ');
    nr_buf_add_int(&buf, 0);
    nr_buf_add_char(&buf, ' ');
    nr_buf_add_hex(&buf, UINT64_MAX);
    nr_buf_add_char(&buf, ' ');
    nr_buf_add_hex(&buf, 0);

    assert_text(&buf, "-9223372036854775808 0 ffffffffffffffff 0");
}

Test(buf, uses_given_memory_and_no_other)
{
    char memory[8];
    struct nr_buf buf = {.data = memory, .cap = sizeof(memory), .max_bytes = sizeof(memory) - 1};

    nr_buf_add_text(&buf, "1234567");

    cr_assert_eq(buf.data, memory);
    cr_assert_str_eq(nr_buf_text(&buf), "1234567");
    nr_buf_add_char(&buf, '8');
    cr_assert(buf.is_too_long);
    cr_assert_eq(buf.data, memory);
}

#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "functions/search/cursor.h"

static const struct nr_view key = {"0123456789abcdef0123456789abcdef", 32};
static const struct nr_view context = {"0 1 1 김철수", 15};
static struct nr_err err;

static const char *format(const struct cursor *cursor)
{
    static char text[CURSOR_TEXT_BYTES + 1];
    NR_BUF_AUTO out;

    nr_buf_init(&out, CURSOR_TEXT_BYTES);
    cr_assert_eq(cursor_format(cursor, key, context, &out, &err), 0, "%s", err.message);
    cr_assert_eq(out.len, CURSOR_TEXT_BYTES);
    memcpy(text, out.data, out.len);
    return text;
}

static void expect_refusal(struct nr_view text, struct nr_view by_key, struct nr_view in, const char *message)
{
    struct cursor cursor = {.page = 4711};

    nr_err_reset(&err);
    cr_expect_eq(cursor_parse(text, by_key, in, &cursor, &err), -1, "%.*s", NR_VIEW_ARG(text));
    cr_expect_eq(err.kind, NR_ERR_INVALID);
    cr_expect_str_eq(err.type, "Function.InvalidCursor");
    cr_expect_str_eq(err.message, message);
    cr_expect_eq(cursor.page, 4711);
}

Test(cursor, comes_back_as_it_was)
{
    static const struct cursor cursors[] = {
        {{SEARCH_EXACT, 1764000000123456, SEARCH_POST, 42}, 2},
        {{SEARCH_CONTAINS, -1, SEARCH_PERSON, INT64_MAX}, CURSOR_PAGE_MAX},
        {{SEARCH_PREFIX, INT64_MIN, SEARCH_POST, 0}, 0},
    };

    for (size_t i = 0; i < sizeof(cursors) / sizeof(cursors[0]); i++) {
        struct cursor back;

        cr_assert_eq(cursor_parse(nr_view(format(&cursors[i])), key, context, &back, &err), 0, "%s",
                     err.message);
        cr_expect_eq(back.after.bucket, cursors[i].after.bucket);
        cr_expect_eq(back.after.ranked_unix_us, cursors[i].after.ranked_unix_us);
        cr_expect_eq(back.after.source, cursors[i].after.source);
        cr_expect_eq(back.after.id, cursors[i].after.id);
        cr_expect_eq(back.page, cursors[i].page);
    }
}

Test(cursor, is_refused_when_any_bit_of_it_was_changed)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    char text[CURSOR_TEXT_BYTES + 1];

    strcpy(text, format(&(struct cursor){{SEARCH_PREFIX, 1764000000000000, SEARCH_PERSON, 7}, 2}));
    for (size_t at = 0; at < CURSOR_TEXT_BYTES; at++) {
        size_t digit = (size_t)(strchr(digits, text[at]) - digits);

        for (size_t bit = 1; bit < 64; bit <<= 1) {
            text[at] = digits[digit ^ bit];
            expect_refusal(nr_view(text), key, context, "cursor: is not of this search");
        }
        text[at] = digits[digit];
    }
    cr_expect_str_eq(err.hint, "send it with the same q, in and mode, or start again without it");
}

Test(cursor, is_refused_with_another_search_or_another_key)
{
    char text[CURSOR_TEXT_BYTES + 1];

    strcpy(text, format(&(struct cursor){{SEARCH_PREFIX, 1, SEARCH_PERSON, 7}, 2}));

    expect_refusal(nr_view(text), key, NR_VIEW("0 1 1 이철수"), "cursor: is not of this search");
    expect_refusal(nr_view(text), NR_VIEW("another key of at least 32 bytes."), context,
                   "cursor: is not of this search");
}

Test(cursor, is_refused_when_it_is_none)
{
    char text[CURSOR_TEXT_BYTES + 1];

    expect_refusal(NR_VIEW(""), key, context, "cursor: is none of ours");
    expect_refusal(NR_VIEW("abc"), key, context, "cursor: is none of ours");
    memset(text, '=', sizeof(text));
    expect_refusal(nr_view_n(text, CURSOR_TEXT_BYTES), key, context, "cursor: is none of ours");
    memset(text, 'A', sizeof(text));
    expect_refusal(nr_view_n(text, CURSOR_TEXT_BYTES), key, context, "cursor: is not of this search");
    expect_refusal(nr_view_n(text, CURSOR_TEXT_BYTES + 1), key, context, "cursor: is none of ours");
}

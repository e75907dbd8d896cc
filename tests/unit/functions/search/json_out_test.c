#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "functions/search/json_out.h"

enum { LINE_BYTES = 256, ROOM_BYTES = 4096 };

static struct nr_buf quick, slow;

static void begin(void)
{
    nr_buf_init(&quick, ROOM_BYTES);
    nr_buf_init(&slow, ROOM_BYTES);
}

static void end(void)
{
    nr_buf_done(&quick);
    nr_buf_done(&slow);
}

TestSuite(json_out, .init = begin, .fini = end);

/* The text as the layer writes it, with room and without. */
static void expect_same(struct nr_view text)
{
    nr_buf_reset(&slow);
    nr_buf_add_json_text(&slow, text);
    nr_buf_done(&quick);
    for (int i = 0; i < 2; i++) { /* at first there is no room yet */
        nr_buf_reset(&quick);
        json_out_text(&quick, text);
        cr_assert_str_eq(nr_buf_text(&quick), nr_buf_text(&slow));
        nr_buf_reset(&quick);
        nr_buf_room(&quick, ROOM_BYTES / 2);
    }
}

Test(json_out, writes_what_the_layer_writes_wherever_it_stands)
{
    static const char *const pieces[] = {"\"", "\\", "\\\"", "\n", "\x01", "\x1f", "\x7f",
                                         "가", "é",  "😀",    "~",  " ",    ""};
    char text[LINE_BYTES];

    for (size_t piece = 0; piece < sizeof(pieces) / sizeof(pieces[0]); piece++)
        for (int before = 0; before <= 40; before++)
            for (int behind = 0; behind <= 20; behind++) {
                int n = snprintf(text, sizeof(text), "%.*s%s%.*s", before,
                                 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuv", pieces[piece], behind,
                                 "zyxwvutsrqponmlkjihgfedcba");

                expect_same(nr_view_n(text, (size_t)n));
            }
}

Test(json_out, escapes_many_in_a_row_and_apart)
{
    static const char some[] = "\"\\\n\x01\x7f"
                               "abcdefgh";
    char text[120];

    srand(1);
    for (int round = 0; round < 3000; round++) {
        size_t len = (size_t)(rand() % (int)sizeof(text));
        int n = round % 3 ? (int)sizeof(some) - 1 : 5;

        for (size_t i = 0; i < len; i++)
            text[i] = some[rand() % n];
        expect_same(nr_view_n(text, len));
    }
}

Test(json_out, escapes_every_control_character)
{
    char text[34];

    for (int c = 0; c < 34; c++)
        text[c] = (char)c;
    expect_same(nr_view_n(text, sizeof(text)));
}

Test(json_out, adds_bytes_with_room_and_without)
{
    for (int i = 0; i < 300; i++)
        json_out(&quick, NR_VIEW("abc"));
    json_out(&quick, nr_view_n(NULL, 0));
    cr_assert_eq(quick.len, 900);
    cr_assert_eq(strlen(nr_buf_text(&quick)), 900);
}

Test(json_out, says_when_it_is_full)
{
    struct nr_err err = {0};

    nr_buf_done(&quick);
    nr_buf_init(&quick, 8);
    json_out(&quick, NR_VIEW("12345678"));
    cr_assert_eq(nr_buf_check(&quick, "it", &err), 0);
    json_out(&quick, NR_VIEW("9"));
    json_out_text(&quick, NR_VIEW("x"));
    cr_assert_eq(nr_buf_check(&quick, "it", &err), -1);
    cr_assert_str_eq(err.message, "it: longer than 8 bytes");
}

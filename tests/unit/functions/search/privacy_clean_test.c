#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "functions/search/json_out.h"
#include "functions/search/privacy_clean.h"

enum { ROUNDS = 4000, ROOM_BYTES = 4096 };

static struct nr_buf quick, slow;

static void set_up(void)
{
    nr_buf_init(&quick, ROOM_BYTES);
    nr_buf_init(&slow, ROOM_BYTES);
    nr_buf_room(&quick, ROOM_BYTES);
    nr_buf_room(&slow, ROOM_BYTES); /* so that what is no UTF-8 stays as it is */
}

static void tear_down(void)
{
    nr_buf_done(&quick);
    nr_buf_done(&slow);
}

TestSuite(privacy_clean, .init = set_up, .fini = tear_down);

/* What is clean and has nothing to escape is added as json_out_text() would, and nothing else is. */
static void check_adding(struct nr_view text, enum privacy_scope scope, bool is_clean)
{
    nr_buf_reset(&quick);
    nr_buf_reset(&slow);
    nr_buf_add_char(&quick, ':');
    nr_buf_add_char(&slow, ':');
    json_out_text(&slow, text);
    if (!is_clean || slow.len != text.len + 3) {
        cr_assert_not(privacy_add_clean(text, scope, &quick));
        cr_assert_eq(quick.len, 1);
        return;
    }
    cr_assert(privacy_add_clean(text, scope, &quick), "\"%.*s\"", NR_VIEW_ARG(text));
    cr_assert(nr_view_is(nr_buf_view(&quick), nr_buf_view(&slow)), "%.*s", NR_VIEW_ARG(nr_buf_view(&quick)));
}

/* The text ends where its memory ends, so that one byte too many that is read is seen. */
static void check(const char *text, size_t len)
{
    char *copy = malloc(len ? len : 1);

    memcpy(copy, text, len);
    for (enum privacy_scope scope = PRIVACY_WORDS; scope <= PRIVACY_KEY; scope++) {
        bool is_clean = privacy_is_clean_by_1(nr_view_n(copy, len), scope);

        cr_assert_eq(privacy_is_clean_by_16(nr_view_n(copy, len), scope), is_clean, "%d: \"%.*s\"", scope,
                     (int)len, text);
        cr_assert_eq(privacy_is_clean(nr_view_n(copy, len), scope), is_clean);
        check_adding(nr_view_n(copy, len), scope, is_clean);
    }
    free(copy);
}

/* What decides is rare among random bytes: each round draws from so many of these. */
static const char likely[] = "0123456789abc -@+_./(\xea\xef\xc2\xe3";

Test(privacy_clean, both_ways_say_the_same_of_random_texts)
{
    char text[PRIVACY_SHORT_BYTES];

    srand(1);
    for (int round = 0; round < ROUNDS; round++)
        for (size_t len = 0; len <= PRIVACY_SHORT_BYTES; len += 1 + (size_t)(rand() % 5)) {
            int n = 1 + rand() % ((int)sizeof(likely) - 1);

            for (size_t i = 0; i < len; i++)
                text[i] = rand() % 40 ? likely[rand() % n] : (char)rand();
            check(text, len);
        }
}

Test(privacy_clean, both_ways_say_the_same_of_every_byte_wherever_it_stands)
{
    char text[PRIVACY_SHORT_BYTES];

    for (int c = 0; c < 256; c++)
        for (size_t at = 0; at < 40; at++)
            for (size_t n_digits = 5; n_digits <= 10; n_digits++) {
                memset(text, 'a', sizeof(text));
                memset(text + at + 1, '7', n_digits);
                text[at] = (char)c;
                check(text, at + 1 + n_digits);
                check(text, at + 8 + n_digits);
            }
}

Test(privacy_clean, counts_runs_of_ten_across_sixteen)
{
    char text[PRIVACY_SHORT_BYTES];

    for (size_t at = 0; at < sizeof(text); at++)
        for (size_t n = 0; at + n <= sizeof(text) && n < 14; n++) {
            memset(text, 'a', sizeof(text));
            memset(text + at, '1', n);
            check(text, sizeof(text));
            cr_assert_eq(privacy_is_clean_by_16(nr_view_n(text, sizeof(text)), PRIVACY_KEY), n < 10);
        }
}

Test(privacy_clean, takes_a_text_of_any_length)
{
    char text[3 * PRIVACY_SHORT_BYTES];

    memset(text, 'a', sizeof(text));
    cr_expect(privacy_is_clean(nr_view_n(text, sizeof(text)), PRIVACY_WORDS));
    memset(text + sizeof(text) - 7, '1', 7);
    cr_expect_not(privacy_is_clean(nr_view_n(text, sizeof(text)), PRIVACY_WORDS));
    cr_expect(privacy_is_clean(nr_view_n(text, sizeof(text) - 1), PRIVACY_WORDS));
    cr_expect_not(privacy_add_clean(nr_view_n(text, PRIVACY_SHORT_BYTES + 1), PRIVACY_WORDS, &quick));
    cr_expect(privacy_add_clean(nr_view_n(text, PRIVACY_SHORT_BYTES), PRIVACY_WORDS, &quick));
}

Test(privacy_clean, adds_nothing_without_room)
{
    nr_buf_done(&quick);
    cr_expect_not(privacy_add_clean(NR_VIEW("a"), PRIVACY_WORDS, &quick));
    nr_buf_room(&quick, 8);
    quick.len = quick.cap - 2; /* not even for its quotes */
    cr_expect_not(privacy_add_clean(NR_VIEW("a"), PRIVACY_WORDS, &quick));
    quick.is_bad = true;
    quick.len = 0;
    cr_expect_not(privacy_add_clean(NR_VIEW("a"), PRIVACY_WORDS, &quick));
    cr_expect_eq(quick.len, 0);
}

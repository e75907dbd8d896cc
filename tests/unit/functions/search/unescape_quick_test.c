#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "functions/search/shuffle.h"
#include "functions/search/unescape_quick.h"

enum { TEXT_MAX = 400, SPARE = 16, ROUNDS = 20000 };

/* Byte after byte: the escapes that stand for themselves, up to the first other one. Returns how far it
 * came. */
static size_t unescape_plainly(const char *text, size_t len, char *to, size_t *n)
{
    size_t at = 0;

    for (*n = 0; at < len; (*n)++) {
        bool is_escape = text[at] == '\\';

        if (is_escape && (at + 1 == len || !strchr("\"\\/", text[at + 1])))
            break;
        at += is_escape;
        to[*n] = text[at++];
    }
    return at;
}

/* Text and room end where their memory ends. Returns how far it came. */
static size_t check(const char *text, size_t len)
{
    char *copy = malloc(len ? len : 1);
    char *room = malloc(len + SPARE);
    char wanted[TEXT_MAX];
    char *to = room;
    size_t n_wanted;
    size_t n_plain;
    size_t n;

    memcpy(copy, text, len);
    n = (size_t)(unescape_quick(copy, copy + len, &to) - copy);
    n_plain = unescape_plainly(text, n, wanted, &n_wanted);
    cr_assert_eq(n_plain, n, "it stopped inside an escape, or behind one that it does not know: %.*s",
                 (int)len, text);
    cr_assert_eq((size_t)(to - room), n_wanted, "%.*s", (int)len, text);
    cr_assert(memcmp(room, wanted, n_wanted) == 0, "%.*s", (int)len, text);
    free(room);
    free(copy);
    return n;
}

Test(unescape_quick, resolves_all_of_what_stands_for_itself)
{
    static const char *const pieces[] = {"a",  "bcdefg", "\\\"", "\\\\", "\\/", "가", "0123456789abcdefghijk",
                                         "\"", "/"};
    char text[TEXT_MAX];

    cr_assert(shuffle_can());
    srand(1);
    for (int round = 0; round < ROUNDS; round++) {
        size_t len = 0;

        for (int i = rand() % 16; i > 0; i--)
            len += (size_t)(stpcpy(text + len, pieces[rand() % 9]) - (text + len));
        cr_assert_eq(check(text, len), len, "%.*s", (int)len, text);
    }
}

/* At any place, and behind any number of backslashes. */
Test(unescape_quick, stops_in_front_of_an_escape_that_it_does_not_know)
{
    char text[TEXT_MAX];

    for (size_t before = 0; before < 40; before++)
        for (size_t n = 1; n < 40; n++)
            for (const char *letter = "nu\"x"; *letter; letter++) {
                size_t len = before + n + 20;
                bool is_known = n % 2 == 0 || *letter == '"';
                size_t found;

                memset(text, 'a', len);
                memset(text + before, '\\', n);
                text[before + n] = *letter;
                found = check(text, len);
                cr_assert_eq(found, is_known ? len : before + n - 1, "%.*s", (int)len, text);
            }
}

Test(unescape_quick, leaves_a_backslash_at_the_end)
{
    char text[TEXT_MAX];

    for (size_t len = 1; len < 70; len++) {
        memset(text, 'a', len);
        text[len - 1] = '\\';
        cr_assert_eq(check(text, len), len - 1);
    }
    cr_assert_eq(check("", 0), 0);
}

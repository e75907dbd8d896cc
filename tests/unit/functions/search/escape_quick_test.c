#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "functions/search/escape_quick.h"
#include "functions/search/shuffle.h"

enum { TEXT_MAX = 400, SPARE = 16, ROUNDS = 20000 };

/* Text and room end where their memory ends. Returns how far it came. */
static size_t check(const char *text, size_t len)
{
    char *copy = malloc(len ? len : 1);
    char *room = malloc(2 * len + SPARE);
    char wanted[2 * TEXT_MAX];
    char *to = room;
    size_t n_wanted = 0;
    size_t n;

    memcpy(copy, text, len);
    n = (size_t)(escape_quick(copy, copy + len, &to) - copy);
    for (size_t i = 0; i < n; i++) {
        cr_assert((text[i] < 0 || text[i] >= ' ') && text[i] != 0x7f, "byte %zu of %.*s", i, (int)len, text);
        if (text[i] == '"' || text[i] == '\\')
            wanted[n_wanted++] = '\\';
        wanted[n_wanted++] = text[i];
    }
    cr_assert_eq((size_t)(to - room), n_wanted, "%.*s", (int)len, text);
    cr_assert(memcmp(room, wanted, n_wanted) == 0, "%.*s", (int)len, text);
    free(room);
    free(copy);
    return n;
}

Test(escape_quick, writes_all_of_what_needs_a_backslash_at_most)
{
    static const char letters[] = "a\"\\/ 0~\xea\xb0\x80";
    char text[TEXT_MAX];

    cr_assert(shuffle_can());
    srand(1);
    for (int round = 0; round < ROUNDS; round++) {
        size_t len = (size_t)rand() % 100;

        for (size_t i = 0; i < len; i++)
            text[i] = letters[(size_t)rand() % (sizeof(letters) - 1)];
        cr_assert_eq(check(text, len), len, "%.*s", (int)len, text);
    }
}

Test(escape_quick, stops_in_front_of_a_control_character)
{
    static const char controls[] = {0, 1, '\n', 0x1f, 0x7f};
    char text[TEXT_MAX];

    for (size_t at = 0; at < 40; at++)
        for (size_t i = 0; i < sizeof(controls); i++) {
            memset(text, '"', 50);
            text[at] = controls[i];
            cr_assert_leq(check(text, 50), at);
            cr_assert_leq(check(text, at + 1), at, "it is the last one");
        }
}

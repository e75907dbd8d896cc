#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "functions/search/base64.h"
#include "functions/search/base64_quick.h"

enum { BYTES_MAX = 200, CHARS_MAX = (BYTES_MAX + 2) / 3 * 4, ROUNDS = 50 };

/* Three bytes after the other, by the book: RFC 4648 section 4. */
static size_t write_plainly(const unsigned char *bytes, size_t len, char *to)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t n = 0;

    for (size_t at = 0; at < len; at += 3) {
        unsigned word = (unsigned)bytes[at] << 16;

        word |= at + 1 < len ? (unsigned)bytes[at + 1] << 8 : 0;
        word |= at + 2 < len ? bytes[at + 2] : 0;
        for (int shift = 18; shift >= 0; shift -= 6)
            to[n++] = digits[word >> shift & 63];
    }
    for (size_t i = 0; i < (3 - len % 3) % 3; i++)
        to[n - 1 - i] = '=';
    return n;
}

typedef size_t write_fn(const unsigned char *bytes, size_t len, char *to);

/* The bytes end where their memory ends, so that one too many that is read is seen. */
static size_t check(write_fn *write, const unsigned char *bytes, size_t len)
{
    unsigned char *copy = malloc(len ? len : 1);
    char wanted[CHARS_MAX];
    char found[CHARS_MAX + 1];
    size_t n_wanted = write_plainly(bytes, len, wanted);
    size_t n;

    memcpy(copy, bytes, len);
    memset(found, '#', sizeof(found));
    n = write(copy, len, found);
    free(copy);
    cr_assert(n % 3 == 0 && n <= len, "%zu of %zu bytes", n, len);
    cr_assert(n / 3 * 4 <= n_wanted && memcmp(found, wanted, n / 3 * 4) == 0, "%zu bytes", len);
    cr_assert_eq(found[n / 3 * 4], '#', "something is written behind the end");
    return n;
}

static void check_all(write_fn *write, size_t left_max)
{
    unsigned char bytes[BYTES_MAX];

    srand(1);
    for (int round = 0; round < ROUNDS; round++)
        for (size_t len = 0; len <= BYTES_MAX; len++) {
            for (size_t i = 0; i < len; i++)
                bytes[i] = (unsigned char)(round ? rand() : (int)(i * 37 + len)); /* every digit, at least */
            cr_assert_leq(len - check(write, bytes, len), left_max, "too much of %zu bytes is left", len);
        }
}

Test(base64_quick, by_16_writes_what_the_book_says)
{
    check_all(base64_quick_by_16, 12);
}

Test(base64_quick, by_32_writes_the_same_where_it_can)
{
    bool can = false;

#ifdef __x86_64__
    can = __builtin_cpu_supports("avx2");
#endif
    check_all(base64_quick_by_32, can ? 27 : BYTES_MAX);
}

Test(base64_quick, all_together_write_the_whole_text)
{
    unsigned char bytes[BYTES_MAX];
    char wanted[CHARS_MAX];
    struct nr_buf out;

    nr_buf_init(&out, CHARS_MAX);
    for (size_t len = 0; len <= BYTES_MAX; len++) {
        for (size_t i = 0; i < len; i++)
            bytes[i] = (unsigned char)(i * 31 + len);
        nr_buf_reset(&out);
        base64_write(nr_view_n((const char *)bytes, len), &out);
        cr_assert_eq(out.len, write_plainly(bytes, len, wanted));
        cr_assert_eq(memcmp(nr_buf_text(&out), wanted, out.len), 0, "%zu bytes", len);
    }
    nr_buf_done(&out);
}

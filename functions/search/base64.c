#include <stdint.h>
#include <string.h>

#include "functions/search/base64.h"
#include "functions/search/sixteen.h"

static const char digits[64] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Four numbers below 64 as the four bytes of a word, the first one in the lowest. */
typedef uint32_t words __attribute__((vector_size(SIXTEEN)));

/* The digit of each number below 64: its place in the alphabet, shifted by where its run of characters lies.
 */
static sixteen digits_of(sixteen n)
{
    return n + ((n > 25) & ('a' - 'Z' - 1)) - ((n > 51) & ('z' - '0' + 1)) - ((n > 61) & ('9' - '+' + 1)) +
           ((n > 62) & ('/' - '+' - 1)) + 'A'; /* last: no sum leaves a signed byte */
}

/* Three bytes, the first one in the highest of the 24 bits; one more is read. */
static uint32_t three(const unsigned char *p)
{
    uint32_t word;

    memcpy(&word, p, sizeof(word));
    return __builtin_bswap32(word) >> 8;
}

/* Twelve bytes at a time, as long as thirteen are there. Returns how many were written as text. */
static size_t write_quick(const unsigned char *p, size_t len, char *to)
{
    size_t at = 0;

    for (; len - at > 12; at += 12, to += SIXTEEN) {
        words w = {three(p + at), three(p + at + 3), three(p + at + 6), three(p + at + 9)};
        sixteen text;

        w = w >> 18 | (w >> 4 & 0x3f00) | (w << 10 & 0x3f0000) | (w << 24 & 0x3f000000);
        text = digits_of((sixteen)w);
        memcpy(to, &text, sizeof(text));
    }
    return at;
}

void base64_write(struct nr_view bytes, struct nr_buf *out)
{
    const unsigned char *p = (const unsigned char *)bytes.ptr;
    char *to = nr_buf_room(out, (bytes.len + 2) / 3 * 4);
    size_t left = bytes.len;
    size_t quick;

    if (!to || !left)
        return;
    out->len += (bytes.len + 2) / 3 * 4;
    quick = write_quick(p, left, to);
    for (p += quick, left -= quick, to += quick / 3 * 4; left >= 3; left -= 3, p += 3, to += 4) {
        uint32_t word = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];

        to[0] = digits[word >> 18];
        to[1] = digits[word >> 12 & 63];
        to[2] = digits[word >> 6 & 63];
        to[3] = digits[word & 63];
    }
    if (left) {
        uint32_t word = (uint32_t)p[0] << 16 | (left > 1 ? (uint32_t)p[1] << 8 : 0);

        to[0] = digits[word >> 18];
        to[1] = digits[word >> 12 & 63];
        to[2] = left > 1 ? digits[word >> 6 & 63] : '=';
        to[3] = '=';
    }
}

static int digit_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

static bool is_space(char c)
{
    return c == '\n' || c == '\r' || c == ' ' || c == '\t';
}

bool base64_read(struct nr_view text, struct nr_buf *out)
{
    uint32_t word = 0;
    unsigned n_digits = 0;

    text = nr_view_trim(text);
    for (int n = 0; n < 2 && text.len && text.ptr[text.len - 1] == '='; n++)
        text.len--;
    if (!nr_buf_room(out, text.len / 4 * 3 + 3))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        int digit = digit_of(text.ptr[i]);

        if (digit < 0 && is_space(text.ptr[i]))
            continue;
        if (digit < 0)
            return false;
        word = word << 6 | (uint32_t)digit;
        if (n_digits++ % 4)
            out->data[out->len++] = (char)(word >> (6 - 2 * ((n_digits - 1) % 4)));
    }
    return n_digits % 4 != 1;
}

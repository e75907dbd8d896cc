#include <stdint.h>

#include "functions/search/base64.h"
#include "functions/search/base64_quick.h"

static const char digits[64] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* The digits of three bytes, or of fewer with padding for those that are missing. */
static void write_three(const unsigned char *p, size_t n, char *to)
{
    uint32_t word = (uint32_t)p[0] << 16 | (n > 1 ? (uint32_t)p[1] << 8 : 0) | (n > 2 ? p[2] : 0U);

    to[0] = digits[word >> 18];
    to[1] = digits[word >> 12 & 63];
    to[2] = n > 1 ? digits[word >> 6 & 63] : '=';
    to[3] = n > 2 ? digits[word & 63] : '=';
}

void base64_write(struct nr_view bytes, struct nr_buf *out)
{
    const unsigned char *p = (const unsigned char *)bytes.ptr;
    size_t n_chars = (bytes.len + 2) / 3 * 4;
    char *to = bytes.len ? nr_buf_room(out, n_chars) : NULL;
    size_t at;

    if (!to)
        return;
    at = base64_quick_by_32(p, bytes.len, to);
    at += base64_quick_by_16(p + at, bytes.len - at, to + at / 3 * 4);
    for (; at < bytes.len; at += 3)
        write_three(p + at, bytes.len - at, to + at / 3 * 4);
    out->len += n_chars;
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

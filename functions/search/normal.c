#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <utf8proc.h>

#include "functions/search/normal.h"

enum {
    POINTS_MAX = 4 * NORMAL_MAX_BYTES, /* a character of n bytes decomposes into fewer than 4 * n */
    SYLLABLE_BYTES = 3                 /* of Hangul, in UTF-8 */
};

/* Ranges whose characters all are in NFC whatever stands beside them. In order. */
static const struct {
    int32_t first, last;
} composed[] = {
    {0x0000, 0x02ff}, {0x0400, 0x0482}, {0x2010, 0x2027}, {0x2030, 0x205e},
    {0x2460, 0x2bff}, {0x3000, 0x3029}, {0x3030, 0x3098}, {0x309b, 0x318e},
    {0x4e00, 0x9fff}, {0xac00, 0xd7a3}, {0xff00, 0xffef}, {0x1f300, 0x1faff},
};

static bool is_composed(int32_t c)
{
    for (size_t i = 0; i < sizeof(composed) / sizeof(composed[0]) && c >= composed[i].first; i++)
        if (c <= composed[i].last)
            return true;
    return false;
}

/* The character at `at` of valid UTF-8; *len bytes of it. */
static int32_t decode(const unsigned char *at, size_t *len)
{
    size_t n = at[0] < 0x80 ? 1 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
    int32_t c = n == 1 ? at[0] : at[0] & (0xff >> (n + 1));

    for (size_t i = 1; i < n; i++)
        c = c << 6 | (at[i] & 0x3f);
    *len = n;
    return c;
}

static bool is_nfc(struct nr_view text)
{
    const unsigned char *at = (const unsigned char *)text.ptr;
    const unsigned char *end = at + text.len;
    size_t len = 1;

    for (; at < end; at += len) {
        len = 1;
        if (*at >= 0x80 && !is_composed(decode(at, &len)))
            return false;
    }
    return true;
}

/* Returns how many points; 0 when the text is not one that utf8proc takes. */
static size_t points_of(struct nr_view text, utf8proc_option_t options, int32_t points[POINTS_MAX + 1])
{
    utf8proc_ssize_t n;

    if (text.len == 0 || text.len > NORMAL_MAX_BYTES)
        return 0;
    n = utf8proc_decompose((const utf8proc_uint8_t *)text.ptr, (utf8proc_ssize_t)text.len, points, POINTS_MAX,
                           options);
    if (n <= 0 || n > POINTS_MAX)
        return 0;
    n = utf8proc_normalize_utf32(points, n, options);
    return n > 0 ? (size_t)n : 0;
}

static void put(struct nr_buf *out, int32_t c)
{
    unsigned char bytes[4];
    utf8proc_ssize_t len = utf8proc_encode_char(c, bytes);

    nr_buf_add(out, nr_view_n((const char *)bytes, len > 0 ? (size_t)len : 0));
}

struct nr_view normal_nfc(struct nr_view text, struct nr_buf *out)
{
    int32_t points[POINTS_MAX + 1];
    size_t n;

    if (is_nfc(text))
        return text;
    n = points_of(text, UTF8PROC_STABLE | UTF8PROC_COMPOSE, points);
    if (n == 0)
        return text;
    nr_buf_reset(out);
    for (size_t i = 0; i < n; i++)
        put(out, points[i]);
    return nr_buf_view(out);
}

/* --- keys ----------------------------------------------------------------------------------------------- */

/* A key that grows: a space waits until something follows it. */
struct key {
    struct nr_buf *out;
    size_t n_chars;
    bool has_space;
};

/* Count a character that comes. Does a space come before it? */
static bool begin_char(struct key *key)
{
    bool is_apart = key->has_space && key->n_chars;

    key->has_space = false;
    key->n_chars += 1 + is_apart;
    return is_apart;
}

static bool is_syllable(int32_t c)
{
    return c >= 0xac00 && c <= 0xd7a3;
}

/* The longest part of the text that the short way can do: ASCII and Hangul syllables, whose key is no longer
 * than they are. Returns its bytes. */
static size_t short_way(struct nr_view text, struct key *key)
{
    const unsigned char *bytes = (const unsigned char *)text.ptr;
    char *start = nr_buf_room(key->out, text.len);
    char *to = start;
    size_t at = 0;

    for (size_t len; start && at < text.len; at += len) {
        unsigned char c = bytes[at];

        len = 1;
        if (c <= ' ' || c == 0x7f) {
            key->has_space = true;
            continue;
        }
        if (c >= 0x80 && !is_syllable(decode(bytes + at, &len)))
            break;
        if (begin_char(key))
            *to++ = ' ';
        if (len == 1)
            *to++ = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
        else
            to = mempcpy(to, bytes + at, SYLLABLE_BYTES);
    }
    key->out->len += (size_t)(to - start);
    return at;
}

static bool is_space(int32_t c)
{
    return c <= ' ' || (c >= 0x7f && c <= 0xa0) || utf8proc_category(c) == UTF8PROC_CATEGORY_ZS ||
           utf8proc_category(c) == UTF8PROC_CATEGORY_ZL || utf8proc_category(c) == UTF8PROC_CATEGORY_ZP;
}

static int32_t narrow(int32_t c)
{
    return c >= 0xff01 && c <= 0xff5e ? c - 0xfee0 : c;
}

static void long_way(struct nr_view text, struct key *key)
{
    int32_t points[POINTS_MAX + 1];
    size_t n =
        points_of(text, UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE, points);

    for (size_t i = 0; i < n; i++) {
        int32_t c = narrow(points[i]);

        if (is_space(c)) {
            key->has_space = true;
        } else {
            if (begin_char(key))
                nr_buf_add_char(key->out, ' ');
            put(key->out, c);
        }
    }
}

size_t normal_key(struct nr_view text, struct nr_buf *out)
{
    struct key key = {.out = out};
    size_t start = out->len;

    if (short_way(text, &key) < text.len) {
        out->len = start; /* what is composed may reach back: all of it again */
        key = (struct key){.out = out};
        long_way(text, &key);
    }
    return key.n_chars;
}

#include <utf8proc.h>

#include "functions/search/glyph.h"

/* A run of characters that read as one sign, or as signs one after the other. */
struct run {
    uint32_t first, last;
    char sign;
    char step; /* 1: the next character reads as the next sign */
};

enum { GONE = 0 };

/* In order. Zero-width and combining characters are gone: they hide a number from a pattern, not from a
 * reader. */
static const struct run runs[] = {
    {0x00a0, 0x00a0, ' ', 0},
    {0x00ad, 0x00ad, GONE, 0}, /* soft hyphen */
    {0x00b2, 0x00b3, '2', 1},  /* superscripts */
    {0x00b7, 0x00b7, '.', 0},  /* middle dot */
    {0x00b9, 0x00b9, '1', 0},
    {0x02d7, 0x02d7, '-', 0},
    {0x0300, 0x036f, GONE, 0}, /* combining marks */
    {0x061c, 0x061c, GONE, 0},
    {0x0660, 0x0669, '0', 1}, /* Arabic-Indic, and the digits of other scripts */
    {0x06f0, 0x06f9, '0', 1},
    {0x0966, 0x096f, '0', 1},
    {0x0e50, 0x0e59, '0', 1},
    {0x1100, 0x115e, GLYPH_HANGUL, 0},
    {0x115f, 0x1160, GONE, 0}, /* Hangul fillers */
    {0x1161, 0x11ff, GLYPH_HANGUL, 0},
    {0x180b, 0x180f, GONE, 0},
    {0x2000, 0x200a, ' ', 0},
    {0x200b, 0x200f, GONE, 0}, /* zero-width space, joiners, direction marks */
    {0x2010, 0x2015, '-', 0},  /* hyphen to horizontal bar */
    {0x2024, 0x2024, '.', 0},
    {0x2027, 0x2027, '.', 0},
    {0x202a, 0x202e, GONE, 0}, /* direction overrides */
    {0x202f, 0x202f, ' ', 0},
    {0x2043, 0x2043, '-', 0},
    {0x205f, 0x205f, ' ', 0},
    {0x2060, 0x206f, GONE, 0},
    {0x2070, 0x2070, '0', 0},
    {0x2074, 0x2079, '4', 1},
    {0x2080, 0x2089, '0', 1},  /* subscripts */
    {0x20e3, 0x20e3, GONE, 0}, /* keycap */
    {0x2212, 0x2212, '-', 0},  /* minus */
    {0x2219, 0x2219, '.', 0},
    {0x22c5, 0x22c5, '.', 0},
    {0x2460, 0x2468, '1', 1}, /* circled */
    {0x2474, 0x247c, '1', 1}, /* in parentheses */
    {0x2488, 0x2490, '1', 1}, /* with a full stop */
    {0x24ea, 0x24ea, '0', 0},
    {0x24f5, 0x24fd, '1', 1}, /* circled twice */
    {0x24ff, 0x24ff, '0', 0},
    {0x2500, 0x2501, '-', 0},
    {0x2776, 0x277e, '1', 1},
    {0x2780, 0x2788, '1', 1},
    {0x278a, 0x2792, '1', 1},
    {0x3000, 0x3000, ' ', 0},
    {0x3002, 0x3002, '.', 0},
    {0x30fb, 0x30fb, '.', 0},
    {0x30fc, 0x30fc, '-', 0},
    {0x3131, 0x3160, GLYPH_HANGUL, 0},
    {0x3161, 0x3161, '-', 0}, /* the vowel eu alone: Koreans type it as a dash */
    {0x3162, 0x3163, GLYPH_HANGUL, 0},
    {0x3164, 0x3164, GONE, 0},
    {0x318d, 0x318d, '.', 0}, /* the vowel araea alone: typed as a dot */
    {0xac00, 0xd7a3, GLYPH_HANGUL, 0},
    {0xfe00, 0xfe0f, GONE, 0}, /* variation selectors */
    {0xfe58, 0xfe58, '-', 0},
    {0xfe63, 0xfe63, '-', 0},
    {0xfe6b, 0xfe6b, '@', 0},
    {0xfeff, 0xfeff, GONE, 0},
    {0xff01, 0xff20, '!', 1}, /* full-width ASCII up to @ */
    {0xff21, 0xff3a, 'a', 1},
    {0xff3b, 0xff40, '[', 1},
    {0xff41, 0xff5a, 'a', 1},
    {0xff5b, 0xff5e, '{', 1},
    {0xff61, 0xff61, '.', 0},
    {0xff65, 0xff65, '.', 0},
    {0xff70, 0xff70, '-', 0},
    {0xffa0, 0xffa0, GONE, 0},
    {0xfff0, 0xfff8, GONE, 0},
    {0x1d7ce, 0x1d7d7, '0', 1}, /* mathematical digits: bold, double-struck, sans-serif, bold, monospace */
    {0x1d7d8, 0x1d7e1, '0', 1},
    {0x1d7e2, 0x1d7eb, '0', 1},
    {0x1d7ec, 0x1d7f5, '0', 1},
    {0x1d7f6, 0x1d7ff, '0', 1},
    {0xe0000, 0xe0fff, GONE, 0},
};

/* Digits of a script stand in a row of ten, and such rows may stand side by side. */
static char digit_sign(int32_t c)
{
    int32_t first = c;

    while (utf8proc_category(first - 1) == UTF8PROC_CATEGORY_ND)
        first--;
    return (char)('0' + (c - first) % 10);
}

/* What is in no run reads as Unicode has it. */
static char sign_by_category(int32_t c)
{
    switch (utf8proc_category(c)) {
    case UTF8PROC_CATEGORY_ND:
        return digit_sign(c);
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
    case UTF8PROC_CATEGORY_CC:
        return ' ';
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_CF:
        return GONE;
    default:
        return GLYPH_OTHER;
    }
}

static char sign_of(uint32_t c)
{
    size_t low = 0;
    size_t high = sizeof(runs) / sizeof(runs[0]);

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (c > runs[middle].last)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == sizeof(runs) / sizeof(runs[0]) || c < runs[low].first)
        return sign_by_category((int32_t)c);
    return (char)(runs[low].sign + (runs[low].step ? (int)(c - runs[low].first) : 0));
}

static char ascii_sign(unsigned char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c < 0x20 || c == 0x7f ? ' ' : c);
}

/* The character at p, which is the first byte of a valid sequence of n bytes. */
static uint32_t decode(const unsigned char *p, size_t n)
{
    uint32_t c = p[0] & (0xffu >> (n + 1));

    for (size_t i = 1; i < n; i++)
        c = c << 6 | (p[i] & 0x3f);
    return c;
}

size_t glyphs_read(struct nr_view text, struct glyph out[GLYPHS_MAX])
{
    const unsigned char *p = (const unsigned char *)text.ptr;
    size_t n = 0;

    for (size_t at = 0; at < text.len;) {
        size_t len = p[at] < 0x80 ? 1 : p[at] < 0xe0 ? 2 : p[at] < 0xf0 ? 3 : 4;
        char sign = len == 1 ? ascii_sign(p[at]) : sign_of(decode(p + at, len));

        if (sign != GONE)
            out[n++] = (struct glyph){(uint16_t)at, (uint16_t)(at + len), sign};
        at += len;
    }
    return n;
}

#include "utf8.h"

/* RFC 3629's table: the first byte decides the length and which second bytes are allowed. */
static const struct {
    unsigned char first_min, first_max;
    unsigned char length;
    unsigned char second_min, second_max;
} rows[] = {
    {0x00, 0x7f, 1, 0x00, 0x00}, {0xc2, 0xdf, 2, 0x80, 0xbf}, {0xe0, 0xe0, 3, 0xa0, 0xbf},
    {0xe1, 0xec, 3, 0x80, 0xbf}, {0xed, 0xed, 3, 0x80, 0x9f}, {0xee, 0xef, 3, 0x80, 0xbf},
    {0xf0, 0xf0, 4, 0x90, 0xbf}, {0xf1, 0xf3, 4, 0x80, 0xbf}, {0xf4, 0xf4, 4, 0x80, 0x8f},
};

static bool is_continuation(unsigned char c)
{
    return (c & 0xc0) == 0x80;
}

size_t utf8_length(struct nr_view text)
{
    const unsigned char *p = (const unsigned char *)text.ptr;

    for (size_t i = 0; text.len && i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (p[0] < rows[i].first_min || p[0] > rows[i].first_max)
            continue;
        if (text.len < rows[i].length)
            return 0;
        if (rows[i].length > 1 && (p[1] < rows[i].second_min || p[1] > rows[i].second_max))
            return 0;
        for (size_t k = 2; k < rows[i].length; k++)
            if (!is_continuation(p[k]))
                return 0;
        return rows[i].length;
    }
    return 0;
}
